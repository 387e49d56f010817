"""What is usual, counted from frames."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from fraud_dashboard.data import day_totals

DAY = date(2026, 11, 19)
MORNING = datetime.fromisoformat("2026-11-20T08:00")  # local, as the report counts
HALF_PAST_NINE = datetime.fromisoformat("2026-11-19T09:30")


def hours(*rows: tuple[int, int, int], currency: str = "USD") -> pd.DataFrame:
    """Rows of (days ago, local hour, payments)."""
    frame = pd.DataFrame(rows, columns=["days_ago", "local_hour", "payments"]).assign(currency=currency)
    return frame.assign(amount=1.0, flagged=0, flagged_amount=0.0, category="home", refunds=0, refund_amount=0.0)


def test_hours_without_payments_count_as_nothing() -> None:
    """Two days, one of them with an hour the other lacks: the mean halves it."""
    known = day_totals.usual(hours((7, 9, 10), (14, 9, 20), (14, 10, 6)), DAY, MORNING)
    assert known is not None
    assert known.payments == 18
    assert known.hours.set_index("local_hour")["payments"].to_dict() == {9: 15, 10: 3}


def test_a_currency_counts_as_nothing_on_days_that_lack_it() -> None:
    """Amounts stand by currency, each a mean of all the days; payments are counted over all currencies."""
    two = pd.concat([hours((1, 9, 4), (2, 9, 4)), hours((2, 9, 2), currency="EUR")])
    known = day_totals.usual(two, DAY, MORNING)
    assert known is not None
    assert known.payments == 5
    assert (known.amount("amount", "USD"), known.amount("amount", "EUR"), known.amount("amount", "JPY")) == (1, 0.5, 0)


def test_totals_keep_currencies_apart() -> None:
    """The report's own comes first, whatever it brought; counts are of all."""
    sums = day_totals.totals(pd.concat([hours((0, 9, 1)), hours((0, 9, 7), (0, 10, 7), currency="EUR")]), "USD")
    assert sums.payments == 15
    assert [(currency, of["amount"]) for currency, of in sums.money.items()] == [("USD", 1.0), ("EUR", 2.0)]


def test_a_running_day_is_compared_with_the_hours_that_passed() -> None:
    """At half past nine, half of the hour from nine on counts and nothing later."""
    known = day_totals.usual(hours((7, 8, 4), (7, 9, 10), (7, 10, 100)), DAY, HALF_PAST_NINE)
    assert known is not None
    assert known.payments == 9


def test_no_earlier_day_is_no_usual() -> None:
    """None, not zero."""
    assert day_totals.usual(hours(), DAY, MORNING) is None


def test_the_hour_table_has_24_hours() -> None:
    """Hours without payments are zero, hours without a usual are null."""
    table = day_totals.hour_table(hours((0, 9, 3)), None)
    assert table["local_hour"].tolist() == list(range(24))
    assert table["payments"].sum() == 3
    assert table["usual_payments"].isna().all()
