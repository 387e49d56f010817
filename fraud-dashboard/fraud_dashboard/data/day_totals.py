"""A day's numbers as the page needs them: totals, and the usual day. Pure: frames in, values out.

Counts are of all currencies; amounts are never added over currencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

COUNTS = ["payments", "flagged"]
MONEY = ["amount", "flagged_amount"]


@dataclass(frozen=True)
class Sums:
    """A day's totals. ``money``: by currency, the report's own first; each with MONEY and refund_amount."""

    payments: float
    flagged: float
    refunds: float
    money: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Usual:
    """The usual day that a day is compared with: means; for a running day, only up to now."""

    payments: float
    flagged: float
    money: dict[str, dict[str, float]]  # by currency, MONEY
    hours: pd.DataFrame  # local_hour, COUNTS; of whole hours
    said: str  # "the mean of the 4 Thursdays before"

    def amount(self, measure: str, currency: str) -> float:
        """The usual of one of MONEY; zero for a currency that the days before did not have."""
        return self.money.get(currency, {}).get(measure, 0.0)


def currencies(hours: pd.DataFrame, preferred: str) -> list[str]:
    """The day's currencies, the report's own first, then by payments."""
    by_payments = hours.groupby("currency")["payments"].sum().sort_values(ascending=False)
    return sorted(by_payments.index, key=lambda currency: currency != preferred)


def totals(hours: pd.DataFrame, preferred: str) -> Sums:
    """A day (rows of ``day_hours.sql``), summed."""
    by_currency = hours.groupby("currency")[[*MONEY, "refund_amount"]].sum()
    money = {currency: _values(by_currency, currency) for currency in currencies(hours, preferred)}
    payments, flagged, refunds = (float(hours[name].sum()) for name in [*COUNTS, "refunds"])
    return Sums(payments, flagged, refunds, money)


def categories(hours: pd.DataFrame) -> pd.DataFrame:
    """A day's payments and flags by category (null: none named), most flagged first."""
    by_category = hours.groupby("category", dropna=False, as_index=False)[COUNTS].sum()
    return by_category.sort_values(["flagged", "payments"], ascending=False)


def usual(earlier: pd.DataFrame, day: date, now: datetime) -> Usual | None:
    """The mean of the days in ``earlier`` (rows of ``day_usual.sql``); None if there are none.

    Hours without a payment count as nothing, and so does a currency on a day that did not have it.
    """
    ago = sorted(int(days_ago) for days_ago in earlier["days_ago"].unique())
    if not ago:
        return None
    so_far = earlier[MONEY + COUNTS].mul(_passed(earlier["local_hour"], day, now), axis=0) / len(ago)
    by_currency = so_far.groupby(earlier["currency"])[MONEY].sum()
    by_hour = earlier.groupby("local_hour")[COUNTS].sum() / len(ago)
    return Usual(
        payments=float(so_far["payments"].sum()),
        flagged=float(so_far["flagged"].sum()),
        money={str(currency): _values(by_currency, currency) for currency in by_currency.index},
        hours=by_hour.reset_index(),
        said=said(day, ago),
    )


def said(day: date, ago: Sequence[int]) -> str:
    """The days that "usual" is the mean of, in the words of the morning mail. ``ago``: days before, ascending.

    >>> thursday = date(2026, 11, 19)
    >>> said(thursday, [7, 14, 21, 28]), said(thursday, [7]), said(thursday, [7, 21])
    ('the mean of the 4 Thursdays before', 'the Thursday before', 'the mean of 2 earlier Thursdays')
    >>> said(thursday, [1, 2, 3, 4, 5, 6]), said(thursday, [1]), said(thursday, [2])
    ('the mean of the 6 days before', 'the day before', 'one earlier day')
    """
    step, noun = (1, "day") if min(ago) < 7 else (7, f"{day:%A}")
    without_gaps = max(ago) == step * len(ago)
    if len(ago) == 1:
        return f"the {noun} before" if without_gaps else f"one earlier {noun}"
    return f"the mean of the {len(ago)} {noun}s before" if without_gaps else f"the mean of {len(ago)} earlier {noun}s"


def _values(frame: pd.DataFrame, row: str) -> dict[str, float]:
    return {name: float(frame[name][row]) for name in frame.columns}


def _passed(local_hours: pd.Series[int], day: date, now: datetime) -> pd.Series[float]:
    """The part of each hour that has passed: 1, or less on the running day."""
    if day < now.date():
        return pd.Series(1.0, index=local_hours.index)
    return (now.hour + now.minute / 60 - local_hours).clip(0.0, 1.0)


def hour_table(hours: pd.DataFrame, known: Usual | None) -> pd.DataFrame:
    """All 24 local hours: COUNTS of the day, and usual_<count> (null where nothing is usual)."""
    table = pd.DataFrame({"local_hour": range(24)})
    by_hour = hours.groupby("local_hour", as_index=False)[COUNTS].sum()
    table = table.merge(by_hour, how="left", on="local_hour")
    table[COUNTS] = table[COUNTS].fillna(0)
    for count in COUNTS:
        at = known.hours.set_index("local_hour")[count] if known else pd.Series(dtype="float64")
        table[f"usual_{count}"] = table["local_hour"].map(at)
    return table


def hours_in(day: date, time_zone: str) -> int:
    """The number of hours of the day: 24, or 23 or 25 where clocks change (whole hours).

    >>> hours_in(date(2026, 3, 29), "Europe/Berlin"), hours_in(date(2026, 10, 25), "Europe/Berlin")
    (23, 25)
    """
    start = pd.Timestamp(day).tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
    end = pd.Timestamp(day + pd.Timedelta(days=1)).tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
    return round((end - start).total_seconds() / 3600)
