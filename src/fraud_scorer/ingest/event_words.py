"""From a record's type and status to its kind: built-in words of many APIs, and words that a team declares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

import numpy as np
import pandas as pd

from fraud_scorer.domain.frames import (
    AUTHORISATION,
    CAPTURE,
    DECLINE,
    DISPUTE,
    PURCHASE,
    REFUND,
    REVERSAL,
    VERIFICATION,
)
from fraud_scorer.ingest.event_kinds import kinds_by_sign

UNKNOWN = "unknown"  # of a word that we do not know: the record counts as a purchase, and `check` reports it
# The first kind of which a text holds a word is meant: "refund_failed" is a decline, "charge.refunded" a refund.
BUILT_IN: dict[str, str] = {
    DECLINE: "decline declined declines fail failed failure refused refusal rejected denied error blocked expired "
    "unauthorized unauthorised unpaid unsuccessful abandoned incomplete invalid insufficient timeout",
    DISPUTE: "dispute disputed disputes chargeback chargebacks chargedback retrieval inquiry "
    "prearbitration representment",
    REVERSAL: "reversal reversed reverse void voided voids cancel canceled cancelled cancellation cancelation",
    REFUND: "refund refunded refunds credited crdt return returned rebate repayment cashback moneyback",
    VERIFICATION: "verification verify validation validate accountverification cardcheck zeroauth accountcheck "
    "statusinquiry tokenization tokenisation",
    AUTHORISATION: "authorisation authorization authorised authorized authorise authorize auth preauth hold "
    "preauthorisation preauthorization uncaptured",
    CAPTURE: "capture captured captures",
    PURCHASE: "purchase purchased sale sales payment payments charge charges charged debit dbit paid pay pos ecommerce "
    "succeeded success successful succeed ok complete completed approved accepted settled settlement cleared posted "
    "booked pending processing processed created submitted received transaction card order regular standard normal "
    "final new",
}
# words that together mean another thing than each of them
_TOGETHER = {
    "requires capture": AUTHORISATION, "not captured": AUTHORISATION, "zero auth": VERIFICATION,
    "zero authorization": VERIFICATION, "zero authorisation": VERIFICATION, "account verification": VERIFICATION,
    "card verification": VERIFICATION, "charge back": DISPUTE, "charged back": DISPUTE,
    "timed out": DECLINE, "pay back": REFUND, "money back": REFUND,
    "cash back": REFUND, "credit card": PURCHASE, "credit card payment": PURCHASE, "not refunded": PURCHASE,
    "non refunded": PURCHASE, "not disputed": PURCHASE, "not paid": DECLINE, "not authorized": DECLINE,
    "not authorised": DECLINE, "not approved": DECLINE, "do not honor": DECLINE, "do not honour": DECLINE,
    "no refund": PURCHASE, "none": PURCHASE, "card not present": PURCHASE,
}  # fmt: skip
# Words that deny a kind word near them, or make it only possible: no_error, refund_eligible.
_NO, _NOT, _MAY, _SOMEONE, _SMALL = "no", "not", "may", "someone", "small"
_ROLES = {
    _NO: "no without nothing",  # denies all that follows
    _NOT: "not non un never cannot",  # denies the kind words that follow next
    _MAY: "eligible ineligible protected protection free able possible potential allowed available guaranteed "
    "guarantee eligibility permitted enabled insured covered exempt immune safe proof waived prevented avoided",
    _SOMEONE: "customer customers buyer buyers shopper shoppers client clients visitor visitors guest",  # who returns
    _SMALL: "yet been be a an any the of for from to against by is was has full fully partial partially",
}
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words.split()}
_ORDER = (DECLINE, VERIFICATION, DISPUTE, REVERSAL, REFUND, CAPTURE, AUTHORISATION, PURCHASE, UNKNOWN)
_GIVES_BACK = (REFUND, REVERSAL)
SCORED = (PURCHASE, AUTHORISATION, CAPTURE)  # they take or reserve money; all other kinds are stored, never scored
_TAKES = (*SCORED, UNKNOWN)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[\W_]+")
_KIND_OF = {word: kind for kind in reversed(_ORDER[:-1]) for word in BUILT_IN[kind].split()}


def split_words(text: str) -> tuple[str, ...]:
    """The words of a type or status in small letters, however they are joined.

    >>> split_words("PAYMENT.CAPTURE.REFUNDED"), split_words("partiallyRefunded"), split_words("do-not_honor")
    (('payment', 'capture', 'refunded'), ('partially', 'refunded'), ('do', 'not', 'honor'))
    """
    return tuple(filter(None, _BETWEEN.split(_CAMEL.sub(" ", text).casefold())))


@dataclass(frozen=True)
class KindVocabulary:
    """A team's own words beside the built-in ones: word or text (as ``split_words`` reads it) to kind."""

    own: Mapping[str, str] = field(default_factory=dict)

    def of(self, texts: Sequence[str | None]) -> np.ndarray:
        """The kind of each text (object array): one of ``frames.KINDS``, ``UNKNOWN``, None where there is no text."""
        codes, distinct = pd.factorize(np.array([*texts, None], dtype=object)[:-1])
        found = np.array([self._kind(str(text)) for text in distinct] + [None], dtype=object)
        return found[codes]

    def _kind(self, text: str) -> str:
        kind = self._kind_of(split_words(text))
        # small and capital letters may stand anyhow: dEcLiNeD is one word
        return self._kind_of(split_words(text.casefold())) if kind == UNKNOWN else kind

    def _kind_of(self, words: tuple[str, ...]) -> str:
        whole = " ".join(words)
        if (declared := self._own.get(whole)) or (declared := _TOGETHER.get(whole)):
            return declared
        said, left = set(), " ".join(words)
        for together, kind in _TOGETHER.items():
            if " " in together and f" {together} " in f" {left} ":
                said.add(kind)
                left = f" {left} ".replace(f" {together} ", "  ")
        kept = [word for word in left.split() if word in self._own or _ROLE_OF.get(word) != _SMALL]
        each = [self._own.get(word) or _KIND_OF.get(word, UNKNOWN) for word in kept]
        denied = {place for place in _denied(kept, each) if each[place] != UNKNOWN}
        said |= {UNKNOWN if place in denied else kind for place, kind in enumerate(each)}
        strongest = min(said, key=_ORDER.index, default=UNKNOWN)
        return UNKNOWN if denied and strongest in SCORED else strongest

    @cached_property
    def _own(self) -> dict[str, str]:
        return {" ".join(split_words(word)): kind for word, kind in self.own.items()}


def _denied(words: Sequence[str], each: Sequence[str]) -> set[int]:
    """The places of the words that are said not to hold, or only to be possible; ``each``: the kind of each word."""
    denied: set[int] = set()
    for place, word in enumerate(words):
        if each[place] != UNKNOWN:
            continue  # a kind word, or one that the team declared
        role = _ROLE_OF.get(word)
        if word == "none":
            return set(range(len(words)))
        if role == _NO:
            denied |= set(range(place + 1, len(words)))
        elif role == _NOT:
            following = range(place + 1, len(words))
            denied |= set(takewhile(lambda one: each[one] != UNKNOWN, following))
        elif role == _MAY:
            denied |= _neighbours(words, each, place)
        elif role == _SOMEONE and place and words[place - 1] in ("return", "returned"):
            denied.add(place - 1)
    return denied


def _neighbours(words: Sequence[str], each: Sequence[str], place: int) -> set[int]:
    """The words next to ``place``, also beyond a "not": refund_not_possible; but declined_not_eligible is a decline."""
    before, after = place - 1, place + 1
    if before >= 1 and _ROLE_OF.get(words[before]) == _NOT and each[before - 1] != DECLINE:
        before -= 1
    return {one for one in (before, after) if 0 <= one < len(words)}


def resolve_kinds(
    types: Sequence[str | None],
    statuses: Sequence[str | None],
    amount_cents: np.ndarray,
    words: KindVocabulary,
    *,
    one_record: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """The kind of each record (object array, ``frames.KINDS``), and its amount (int64) with the sign of that kind.

    The stronger of type and status counts: a declined record took no money, whatever its type. Money that is given back
    is below zero, as a refund that has no type is. Where neither says anything, the sign of the amount does.

    ``one_record``: each payment has one record, which shows today's status. A record that takes money by its type and
    amount is the payment then, though it was refunded or disputed later.
    """
    by_sign = kinds_by_sign(amount_cents)
    if not any(types) and not any(statuses):
        return by_sign, amount_cents
    rank = {kind: place for place, kind in enumerate(_ORDER)} | {None: len(_ORDER)}
    of_type, of_status = (np.array([rank[kind] for kind in words.of(texts)], np.int64) for texts in (types, statuses))
    if one_record:
        became = np.isin(of_status, [rank[REFUND], rank[DISPUTE]]) & (of_type >= rank[CAPTURE]) & (amount_cents > 0)
        of_status = np.where(became, rank[PURCHASE], of_status)
    strongest = np.minimum(of_type, of_status)
    said = np.array([*_ORDER, None], dtype=object)[strongest]
    silent = (strongest >= rank[UNKNOWN]) | (np.isin(strongest, [rank[kind] for kind in _TAKES]) & (amount_cents < 0))
    gives_back = ~silent & np.isin(strongest, [rank[kind] for kind in _GIVES_BACK])
    return np.where(silent, by_sign, said), np.where(gives_back, -np.abs(amount_cents), amount_cents)


def unknown_words(texts: Sequence[str | None], words: KindVocabulary) -> list[str]:
    """The distinct texts whose kind we do not know, the most frequent first."""
    given = pd.Series([text for text in texts if text], dtype=object)
    return [str(text) for text in given[words.of(given.tolist()) == UNKNOWN].value_counts().index]
