"""A day's numbers as the page needs them: totals, and what is usual. Pure: frames in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

MEASURES = ["payments", "amount", "flagged", "flagged_amount"]
REFUNDS = ["refunds", "refund_amount"]


@dataclass(frozen=True)
class Usual:
    """What the day is compared with. ``whole`` holds MEASURES summed; for a running day, only up to now."""

    whole: dict[str, float]
    hours: pd.DataFrame  # local_hour, MEASURES
    said: str  # "the mean of the last 4 Thursdays"


def currencies(hours: pd.DataFrame, preferred: str) -> list[str]:
    """The day's currencies, the report's own first, then by payments."""
    by_payments = hours.groupby("currency")["payments"].sum().sort_values(ascending=False)
    return sorted(by_payments.index, key=lambda currency: currency != preferred)


def totals(hours: pd.DataFrame) -> dict[str, float]:
    """MEASURES and REFUNDS of a day (rows of ``day_hours.sql``, one currency), summed."""
    return {name: float(hours[name].sum()) for name in [*MEASURES, *REFUNDS]}


def categories(hours: pd.DataFrame) -> pd.DataFrame:
    """A day's payments and flags by category (null: none named), most flagged first."""
    by_category = hours.groupby("category", dropna=False, as_index=False)[MEASURES].sum()
    return by_category.sort_values(["flagged", "payments"], ascending=False)


def usual(earlier: pd.DataFrame, day: date, what: str, now: datetime) -> Usual | None:
    """The mean of the days in ``earlier`` (rows of ``day_usual.sql`` in one currency); None if there are none.

    ``what`` names such a day ("Thursday"). Hours without a payment count as nothing; days without
    any payment do not count at all.
    """
    days = earlier["days_ago"].nunique()
    if not days:
        return None
    by_hour = earlier.groupby("local_hour", as_index=False)[MEASURES].sum()
    by_hour[MEASURES] = by_hour[MEASURES] / days
    passed = _passed(by_hour["local_hour"], day, now)
    whole = by_hour[MEASURES].mul(passed, axis=0).sum()
    return Usual({str(name): float(value) for name, value in whole.items()}, by_hour, said(what, days))


def said(what: str, days: int) -> str:
    """What "usual" is made of, in words.

    >>> said("Thursday", 1), said("Thursday", 4), said("day before", 3)
    ('last Thursday', 'the mean of the last 4 Thursdays', 'the mean of the 3 days before')
    """
    if what == "day before":
        return f"the mean of the {days} days before" if days > 1 else "the day before"
    return f"the mean of the last {days} {what}s" if days > 1 else f"last {what}"


def _passed(local_hours: pd.Series[int], day: date, now: datetime) -> pd.Series[float]:
    """How much of each hour lies behind us: 1, or less on the running day."""
    if day < now.date():
        return pd.Series(1.0, index=local_hours.index)
    return (now.hour + now.minute / 60 - local_hours).clip(0.0, 1.0)


def hour_table(hours: pd.DataFrame, known: Usual | None) -> pd.DataFrame:
    """All 24 local hours: MEASURES of the day, and usual_<measure> (null where nothing is usual)."""
    table = pd.DataFrame({"local_hour": range(24)})
    by_hour = hours.groupby("local_hour", as_index=False)[MEASURES].sum()
    table = table.merge(by_hour, how="left", on="local_hour")
    table[MEASURES] = table[MEASURES].fillna(0)
    for measure in MEASURES:
        at = known.hours.set_index("local_hour")[measure] if known else pd.Series(dtype="float64")
        table[f"usual_{measure}"] = table["local_hour"].map(at)
    return table


def hours_in(day: date, time_zone: str) -> int:
    """How many hours the day has: 24, or 23 or 25 where clocks change (whole hours).

    >>> hours_in(date(2026, 3, 29), "Europe/Berlin"), hours_in(date(2026, 10, 25), "Europe/Berlin")
    (23, 25)
    """
    start = pd.Timestamp(day).tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
    end = pd.Timestamp(day + pd.Timedelta(days=1)).tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
    return round((end - start).total_seconds() / 3600)
