"""What a record's type and status say of its kind: built-in words of many APIs, and those that a team declares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from fraud_scorer.frames import (
    AUTHORISATION,
    CAPTURE,
    DECLINE,
    DISPUTE,
    PURCHASE,
    REFUND,
    REVERSAL,
    VERIFICATION,
)
from fraud_scorer.payments.kinds import kinds

UNKNOWN = "unknown"  # of a word that says nothing to us: the record counts as a purchase, and `check` tells
# The first kind of which a text holds a word is meant: "refund_failed" is a decline, "charge.refunded" a refund.
BUILT_IN: dict[str, str] = {
    DECLINE: "decline declined declines fail failed failure refused refusal rejected denied error blocked expired "
    "unauthorized unauthorised unpaid abandoned incomplete invalid insufficient timeout",
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
    "no refund": PURCHASE, "none": PURCHASE,
}  # fmt: skip
_ORDER = (DECLINE, VERIFICATION, DISPUTE, REVERSAL, REFUND, CAPTURE, AUTHORISATION, PURCHASE, UNKNOWN)
_GIVES_BACK = (REFUND, REVERSAL)
SCORED = (PURCHASE, AUTHORISATION, CAPTURE)  # what takes or reserves money; all else is stored, never scored
_TAKES = (*SCORED, UNKNOWN)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[\W_]+")
_KIND_OF = {word: kind for kind in reversed(_ORDER[:-1]) for word in BUILT_IN[kind].split()}


def words_of(text: str) -> tuple[str, ...]:
    """The words of a type or status in small letters, however they are joined.

    >>> words_of("PAYMENT.CAPTURE.REFUNDED"), words_of("partiallyRefunded"), words_of("do-not_honor")
    (('payment', 'capture', 'refunded'), ('partially', 'refunded'), ('do', 'not', 'honor'))
    """
    return tuple(filter(None, _BETWEEN.split(_CAMEL.sub(" ", text).casefold())))


@dataclass(frozen=True)
class KindWords:
    """A team's own words beside the built-in ones: word or text (as ``words_of`` reads it) to kind."""

    own: Mapping[str, str] = field(default_factory=dict)

    def of(self, texts: Sequence[str | None]) -> np.ndarray:
        """The kind of each text (object array): one of ``frames.KINDS``, ``UNKNOWN``, None where there is no text."""
        codes, distinct = pd.factorize(np.array([*texts, None], dtype=object)[:-1])
        found = np.array([self._kind(str(text)) for text in distinct] + [None], dtype=object)
        return found[codes]

    def _kind(self, text: str) -> str:
        kind = self._kind_of(words_of(text))
        # small and capital letters may stand anyhow: dEcLiNeD is one word
        return self._kind_of(words_of(text.casefold())) if kind == UNKNOWN else kind

    def _kind_of(self, words: tuple[str, ...]) -> str:
        whole = " ".join(words)
        if (declared := self._own.get(whole)) or (declared := _TOGETHER.get(whole)):
            return declared
        said, left = set(), " ".join(words)
        for together, kind in _TOGETHER.items():
            if f" {together} " in f" {left} ":
                said.add(kind)
                left = f" {left} ".replace(f" {together} ", "  ")
        said |= {self._own.get(word) or _KIND_OF.get(word, UNKNOWN) for word in left.split()}
        return min(said, key=_ORDER.index, default=UNKNOWN)

    @cached_property
    def _own(self) -> dict[str, str]:
        return {" ".join(words_of(word)): kind for word, kind in self.own.items()}


def judged_kinds(
    types: Sequence[str | None], statuses: Sequence[str | None], amount_cents: np.ndarray, words: KindWords
) -> tuple[np.ndarray, np.ndarray]:
    """The kind of each record (object array, ``frames.KINDS``), and its amount (int64) with the sign of that kind.

    The stronger of type and status counts: what is declined took no money, whatever its type. Money that is given back
    is below zero, as a refund that has no type is. Where neither says anything, the sign of the amount does.
    """
    by_sign = kinds(amount_cents)
    if not any(types) and not any(statuses):
        return by_sign, amount_cents
    rank = {kind: place for place, kind in enumerate(_ORDER)} | {None: len(_ORDER)}
    both = [[rank[kind] for kind in words.of(texts)] for texts in (types, statuses)]
    strongest = np.minimum(*map(np.array, both))
    said = np.array([*_ORDER, None], dtype=object)[strongest]
    silent = (strongest >= rank[UNKNOWN]) | (np.isin(strongest, [rank[kind] for kind in _TAKES]) & (amount_cents < 0))
    gives_back = ~silent & np.isin(strongest, [rank[kind] for kind in _GIVES_BACK])
    return np.where(silent, by_sign, said), np.where(gives_back, -np.abs(amount_cents), amount_cents)


def unknown_words(texts: Sequence[str | None], words: KindWords) -> list[str]:
    """The distinct texts that say nothing to us, the most frequent first."""
    given = pd.Series([text for text in texts if text], dtype=object)
    return [str(text) for text in given[words.of(given.tolist()) == UNKNOWN].value_counts().index]
