"""The facts of one day: the values between the database and the morning mail.

A day is one of the report's calendar: 23 to 25 hours of ``time_zone``. Amounts are exact integers in the currency's
minor unit. "Flagged" is our decision; a label ("fraud") comes from a chargeback, a verdict or the payments API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class HourSums:
    """One local hour of one day in one currency. ``payments`` and ``amount_cents`` leave refunds out."""

    days_ago: int  # 0: the day itself
    currency: str
    local_hour: int
    payments: int
    amount_cents: int
    refunds: int  # how many; refund_cents is positive
    refund_cents: int
    flagged: int
    flagged_cents: int


@dataclass(frozen=True)
class FraudSums:
    """The labels known by now of the day's payments in one currency."""

    currency: str
    judged: int  # by a verdict or a chargeback
    frauds: int
    fraud_cents: int
    frauds_flagged: int


@dataclass(frozen=True)
class ListedPayment:
    """A payment that the mail names. ``reason`` is the strongest reason's sentence, empty if there is none."""

    trans_num: str
    event_time: datetime
    amount_cents: int
    currency: str
    card_last4: str
    merchant: str
    fraud_probability: float | None  # None: not scored
    flagged: bool
    reason: str
    label: str | None  # fraud, not_fraud; None: not known
    label_source: str | None  # chargeback, verdict, payload
    events: Sequence[Mapping[str, Any]] = ()  # sums: kind, currency, amount_cents; the earliest first


@dataclass(frozen=True)
class Gaps:
    """The day's missing minutes, records and mails: counts."""

    done: int = 0  # minutes that were loaded
    missed: int = 0
    failed: int = 0
    waiting: int = 0
    never_ran: int = 0
    fallback: int = 0
    quarantine: tuple[tuple[str, int], ...] = ()  # reason and records, the most frequent first
    not_mailed: tuple[tuple[str, int], ...] = ()  # why (too_old, snoozed, flood) and payments
    mails_refused: int = 0
    mails_waiting: int = 0


@dataclass(frozen=True)
class DayFacts:
    """Everything that the morning mail says of a day."""

    day: date
    time_zone: str
    currency: str  # the report's own
    starts_at: datetime
    ends_at: datetime
    is_over: bool
    first_day: date | None  # with a payment; None: there is none yet
    hours: tuple[HourSums, ...] = ()  # of the day, and of the days that it is compared with
    frauds: tuple[FraudSums, ...] = ()
    listed: tuple[ListedPayment, ...] = ()  # flagged, or known as fraud
    too_old: tuple[ListedPayment, ...] = ()  # flagged, and too old to mail when they were loaded on this day
    gaps: Gaps = field(default_factory=Gaps)
    drifted: tuple[tuple[str, float], ...] = ()  # features and how far (PSI) from the model's training, farthest first

    @property
    def hours_in_day(self) -> int:
        """24, or 23 or 25 where clocks change (to whole hours)."""
        return round((self.ends_at - self.starts_at).total_seconds() / 3600)

    @property
    def is_before_first_payment(self) -> bool:
        """Whether no payment was stored yet, on that day or before."""
        return self.first_day is None or self.day < self.first_day
