"""What type and status say: refunds, declines and verifications are never purchases."""

import numpy as np
import pytest

from fraud_scorer.domain.frames import (
    AUTHORISATION,
    CAPTURE,
    DECLINE,
    DISPUTE,
    KINDS,
    PURCHASE,
    REFUND,
    REVERSAL,
    VERIFICATION,
)
from fraud_scorer.ingest.event_words import BUILT_IN, UNKNOWN, KindVocabulary, resolve_kinds, unknown_words

SAID = {
    PURCHASE: ["payment", "DBIT",
        "PURCHASE", "Sale", "succeeded", "COMPLETED", "paid", "not_refunded", "credit card", "pending"],
    AUTHORISATION: ["authorized", "AUTHORISED", "pre-auth", "requires_capture", "payment.authorized", "not captured"],
    CAPTURE: ["captured", "CAPTURE", "payment.captured"],
    REFUND: ["refund", "CRDT",
        "REFUNDED", "partially_refunded", "charge.refunded", "PAYMENT.CAPTURE.REFUNDED", "PaymentRefunded"],
    REVERSAL: ["reversal", "reversed", "voided", "canceled", "Cancelled", "CANCELLATION"],
    DISPUTE: ["chargedback", "charged_back",
        "dispute", "disputed", "chargeback", "charge_back", "charge.dispute.created", "CHARGEBACK_REVERSED"],
    DECLINE: ["declined",
        "dEcLiNeD", "TIMEOUT", "timed_out",
        "FAILED", "payment_failed", "refused", "refund_failed", "authorization failed", "do_not_honor"],
    VERIFICATION: ["verification", "card_verification", "zero_auth", "account-verification", "ACCOUNT VERIFICATION"],
    UNKNOWN: ["frobnicated", "42", "?"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SAID.items() for text in texts])
def test_a_word_says_its_kind_however_it_is_written(kind, text):
    """Case, joints and the words around it do not matter; the strongest word counts."""
    assert KindVocabulary().of([text]).tolist() == [kind]


@pytest.mark.parametrize(
    "text",
    ["no_error", "not_failed", "error_free", "no failure", "refund_eligible", "return_customer", "chargeback_protected",
     "eligible_for_refund", "payment_not_failed", "not_yet_refunded", "refund_not_possible", "refund: none",
     "error: none", "no issuer error", "not_eligible_for_refund", "returned customer", "free_of_error",
     "refundAvailable", "never refunded", "without dispute", "possible_chargeback", "NON-FAILED", "fail_safe",
     "chargeback_insured", "refund_waived", "dispute avoided"],
)  # fmt: skip
def test_what_did_not_happen_or_only_may_is_unknown(text):
    """A kind word that is denied leaves the word to the amount's sign, and ``check`` names it; declared, it counts."""
    assert unknown_words([text], KindVocabulary()) == [text]
    assert KindVocabulary({text: VERIFICATION}).of([text]).tolist() == [VERIFICATION]


@pytest.mark.parametrize(
    ("kind", "text"),
    [(DECLINE, "declined: not sufficient funds"), (DECLINE, "declined_not_eligible"), (DECLINE, "refund_unsuccessful"),
     (DECLINE, "do_not_honor"), (REFUND, "customer_return"), (REFUND, "card_not_present_refund"),
     (REFUND, "free_trial_refund"), (REFUND, "refund_customer"), (PURCHASE, "no_refund"), (PURCHASE, "none")],
)  # fmt: skip
def test_a_word_that_is_not_denied_counts(kind, text):
    """A denial reaches what it denies, not the rest of the text."""
    assert KindVocabulary().of([text]).tolist() == [kind]


def test_every_built_in_word_has_one_kind():
    """No word stands twice, and every kind has words."""
    words = [word for kind in KINDS for word in BUILT_IN[kind].split()]

    assert len(words) == len(set(words))


def test_a_teams_words_win():
    """Also over ours, and whole texts over their words."""
    words = KindVocabulary(
        {"Gutschrift": REFUND, "captured": PURCHASE, "sale reversed pending": PURCHASE, "05": DECLINE}
    )

    assert words.of(["gutschrift", "CAPTURED", "Sale_Reversed-pending", "05", None]).tolist() == [
        REFUND, PURCHASE, PURCHASE, DECLINE, None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "status", "cents", "kind", "signed"),
    [
        ("payment", "succeeded", 500, PURCHASE, 500),
        ("refund", "succeeded", 500, REFUND, -500),
        ("refund", "succeeded", -500, REFUND, -500),
        ("refund", "failed", 500, DECLINE, 500),
        ("payment", "declined", 500, DECLINE, 500),
        ("verification", "approved", 0, VERIFICATION, 0),
        ("payment", "authorized", 500, AUTHORISATION, 500),
        ("payment", "captured", 500, CAPTURE, 500),
        (None, "chargeback", 500, DISPUTE, 500),
        (None, "cancelled", 500, REVERSAL, -500),
        ("payment", None, -500, REFUND, -500),
        ("frobnicated", None, 500, PURCHASE, 500),
        ("frobnicated", "refunded", 500, REFUND, -500),
        (None, None, -500, REFUND, -500),
        (None, None, 500, PURCHASE, 500),
    ],
)
def test_the_stronger_of_type_and_status_counts(said, status, cents, kind, signed):
    """Money given back is below zero; what says nothing goes by its sign."""
    kinds, amounts = resolve_kinds([said], [status], np.array([cents]), KindVocabulary())

    assert (kinds.tolist(), amounts.tolist()) == ([kind], [signed])


def test_unknown_words_are_told_the_most_frequent_first():
    """So that a team can declare them."""
    assert unknown_words(["a1", None, "zzz", "paid", "zzz"], KindVocabulary()) == ["zzz", "a1"]
