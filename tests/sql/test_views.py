"""The report views: days of the report's calendar, labels in force, yesterday by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg2
import psycopg2.extensions
import pytest

Cursor = psycopg2.extensions.cursor
Insert = Callable[..., str]

PAYMENT = {
    "first_batch_id": "2026-11-19T10:31Z",
    "first_landing_seq": 1,
    "batch_id": "2026-11-19T10:31Z",
    "landing_seq": 1,
    "body_hash": b"\x00",
    "amount_cents": 1250,
    "currency": "USD",
    "card_token": "a" * 64,
    "card_key_id": "k1",
    "card_last4": "4512",
    "merchant": "Kuhn LLC",
    "category": "grocery_pos",
    "fraud_probability": 0.2,
    "threshold": 0.9,
    "flagged": False,
    "scored_by": "local",
}


@pytest.fixture
def cursor(postgres_url: str) -> Iterator[Cursor]:
    """A fresh database, each statement a transaction."""
    connection = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as opened:
        yield opened
    connection.close()


@pytest.fixture
def payment(cursor: Cursor) -> Insert:
    """Insert one payment; returns its trans_num."""

    def insert(trans_num: str, event_time: datetime, **columns: object) -> str:
        row = {**PAYMENT, "trans_num": trans_num, "event_time": event_time, **columns}
        names = ", ".join(row)
        marks = ", ".join(["%s"] * len(row))
        cursor.execute(f"insert into payments_scored ({names}) values ({marks})", list(row.values()))
        return trans_num

    return insert


def label(cursor: Cursor, trans_num: str, source: str, verdict: str, known_at: datetime) -> None:
    """Say something of a payment."""
    cursor.execute(
        "insert into labels (trans_num, source, verdict, known_at, author) values (%s, %s, %s, %s, 'ana')",
        (trans_num, source, verdict, known_at),
    )


def at(cursor: Cursor, now: datetime, time_zone: str = "UTC") -> None:
    """See the reports as of ``now`` in ``time_zone``."""
    cursor.execute("select set_config('fraud_report.now', %s, false)", (now.isoformat(),))
    cursor.execute("update report_settings set time_zone = %s", (time_zone,))


def column(cursor: Cursor, query: str, *parameters: object) -> list[object]:
    """The first column of the query's rows."""
    cursor.execute(query, parameters)
    return [row[0] for row in cursor.fetchall()]


def label_of(cursor: Cursor, trans_num: str) -> tuple[str | None, str | None]:
    """The payment's label in force and its source."""
    cursor.execute("select label, label_source from v_fraud_report where trans_num = %s", (trans_num,))
    row = cursor.fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)],
)
def test_days_have_the_hours_their_clocks_gave_them(cursor: Cursor, day: date, hours: int) -> None:
    """In Europe/Berlin the last Sundays of March and October have 23 and 25 hours."""
    at(cursor, datetime(2026, 11, 20, tzinfo=UTC), "Europe/Berlin")
    (length,) = column(cursor, "select ends_at - starts_at from report_day_bounds(%s)", day)
    assert length == timedelta(hours=hours)


@pytest.mark.parametrize("time_zone", ["Europe/Berlin", "America/Havana", "Asia/Kolkata", "Pacific/Apia", "UTC"])
def test_every_instant_lies_in_the_bounds_of_its_day(cursor: Cursor, time_zone: str) -> None:
    """Also where clocks go back over midnight (Havana) no instant falls between two days or into both."""
    at(cursor, datetime(2026, 11, 20, tzinfo=UTC), time_zone)
    outside = column(
        cursor,
        """
        select count(*)
        from generate_series('2026-01-01T00:00Z'::timestamptz, '2027-01-01T00:00Z', interval '30 minutes') as instant
        cross join lateral report_day_bounds((instant at time zone %s)::date) as bounds
        where instant < bounds.starts_at or instant >= bounds.ends_at
        """,
        time_zone,
    )
    assert outside == [0]


@pytest.mark.parametrize(("first", "last"), [("2026-03-28T23:00Z", "2026-03-29T21:59:59Z")])
def test_yesterday_is_the_day_before_in_the_reports_zone(
    cursor: Cursor, payment: Insert, first: str, last: str
) -> None:
    """On the Monday after the clocks change, yesterday is all 23 hours of the Sunday and nothing else."""
    at(cursor, datetime(2026, 3, 30, 6, tzinfo=UTC), "Europe/Berlin")
    start, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    payment("too early", start - timedelta(seconds=1))
    payment("first", start)
    payment("last", end)
    payment("too late", end + timedelta(seconds=1))
    assert column(cursor, "select trans_num from v_daily_fraud_report order by event_time") == ["first", "last"]
    assert column(cursor, "select distinct report_day from v_daily_fraud_report") == [date(2026, 3, 29)]


def test_the_daily_report_has_the_columns_of_the_report(cursor: Cursor) -> None:
    """Whoever reads one view can read the other."""
    query = "select column_name from information_schema.columns where table_name = %s order by ordinal_position"
    assert column(cursor, query, "v_daily_fraud_report") == column(cursor, query, "v_fraud_report")


def test_no_view_gives_a_card_token_away(cursor: Cursor) -> None:
    """Reports name a card by its last four digits."""
    query = "select table_name from information_schema.columns where column_name = 'card_token' and table_name like %s"
    assert column(cursor, query, "v\\_%") == []


def test_yesterday_is_read_by_the_index_on_event_time(cursor: Cursor, payment: Insert) -> None:
    """The range on event_time reaches the index through both views."""
    cursor.execute("set enable_seqscan = off")
    plan = "\n".join(map(str, column(cursor, "explain select trans_num, amount, flagged from v_daily_fraud_report")))
    assert "payments_scored_event_time" in plan
    assert "Index Cond: ((event_time >= " in plan


def test_sums_of_a_day_need_the_index_alone(cursor: Cursor) -> None:
    """What other days are compared with is read without touching the table."""
    cursor.execute("set enable_seqscan = off; set enable_bitmapscan = off")
    query = """
        explain select currency, count(*), sum(amount_cents), count(*) filter (where flagged) from v_payment_amounts
        where event_time >= (select report_day_start('2026-11-19'))
            and event_time < (select report_day_start('2026-11-20')) group by currency
    """
    assert "Index Only Scan using payments_scored_event_time" in "\n".join(map(str, column(cursor, query)))


def test_a_payloads_label_is_known_after_the_delay(cursor: Cursor, payment: Insert) -> None:
    """Seven days later, not earlier."""
    event_time = datetime(2026, 11, 1, 12, tzinfo=UTC)
    payment("p", event_time, payload_is_fraud=True)
    at(cursor, event_time + timedelta(days=7, seconds=-1))
    assert label_of(cursor, "p") == (None, None)
    at(cursor, event_time + timedelta(days=7))
    assert label_of(cursor, "p") == ("fraud", "payload")


def test_chargeback_goes_before_verdict_before_payload(cursor: Cursor, payment: Insert) -> None:
    """Whatever came last, the stronger source holds."""
    event_time = datetime(2026, 11, 1, 12, tzinfo=UTC)
    payment("p", event_time, payload_is_fraud=True)
    at(cursor, event_time + timedelta(days=30))
    label(cursor, "p", "verdict", "not_fraud", event_time + timedelta(days=1))
    assert label_of(cursor, "p") == ("not_fraud", "verdict")
    label(cursor, "p", "payload", "fraud", event_time + timedelta(days=9))
    assert label_of(cursor, "p") == ("not_fraud", "verdict")
    label(cursor, "p", "chargeback", "fraud", event_time + timedelta(hours=1))
    assert label_of(cursor, "p") == ("fraud", "chargeback")


def test_the_latest_statement_of_a_source_holds(cursor: Cursor, payment: Insert) -> None:
    """An unsure or withdrawn verdict silences the earlier one; a statement of the future says nothing yet."""
    event_time = datetime(2026, 11, 1, 12, tzinfo=UTC)
    payment("p", event_time)
    at(cursor, event_time + timedelta(days=10))
    label(cursor, "p", "verdict", "fraud", event_time + timedelta(days=1))
    label(cursor, "p", "verdict", "not_fraud", event_time + timedelta(days=2))
    assert label_of(cursor, "p") == ("not_fraud", "verdict")
    label(cursor, "p", "verdict", "unsure", event_time + timedelta(days=3))
    assert label_of(cursor, "p") == (None, None)
    assert column(cursor, "select verdict from v_fraud_report") == ["unsure"]
    label(cursor, "p", "verdict", "fraud", event_time + timedelta(days=11))
    assert label_of(cursor, "p") == (None, None)


def test_payload_statements_go_by_their_landing(cursor: Cursor, payment: Insert) -> None:
    """An older delivery that is loaded later does not outdo a newer one."""
    event_time = datetime(2026, 11, 1, 12, tzinfo=UTC)
    payment("p", event_time)
    at(cursor, event_time + timedelta(days=10))
    for verdict, landing_seq in (("fraud", 20), ("not_fraud", 10)):
        cursor.execute(
            "insert into labels (trans_num, source, verdict, known_at, author, landing_seq)"
            " values ('p', 'payload', %s, %s, 'api', %s)",
            (verdict, event_time + timedelta(days=7), landing_seq),
        )
    assert label_of(cursor, "p") == ("fraud", "payload")


def test_a_label_never_doubles_a_payment(cursor: Cursor, payment: Insert) -> None:
    """One row a payment, however many said something, also at the same instant."""
    event_time = datetime(2026, 11, 1, 12, tzinfo=UTC)
    payment("p", event_time)
    at(cursor, event_time + timedelta(days=10))
    for verdict in ("fraud", "not_fraud", "fraud"):
        label(cursor, "p", "verdict", verdict, event_time)
    label(cursor, "p", "chargeback", "fraud", event_time)
    label(cursor, "p", "payload", "fraud", event_time)
    assert column(cursor, "select count(*) from v_fraud_report") == [1]


def test_refunds_are_told_from_payments(cursor: Cursor, payment: Insert) -> None:
    """A refund is stored with its negative amount and no decision."""
    payment("r", datetime(2026, 11, 1, tzinfo=UTC), amount_cents=-250, fraud_probability=None, scored_by=None)
    cursor.execute("select is_refund, amount, label from v_fraud_report")
    is_refund, amount, known = cursor.fetchone() or (None, 0, None)
    assert (is_refund, float(amount), known) == (True, -2.5, None)


def test_amounts_have_their_currencys_decimals(cursor: Cursor, payment: Insert) -> None:
    """1,500 minor units are 1,500 yen, 15 dollars, 1.5 Kuwaiti dinars."""
    for currency in ("JPY", "USD", "KWD"):
        payment(currency, datetime(2026, 11, 1, tzinfo=UTC), amount_cents=1500, currency=currency)
    found = column(cursor, "select amount from v_fraud_report order by amount desc")
    assert [float(str(amount)) for amount in found] == [1500.0, 15.0, 1.5]


def test_a_day_is_compared_with_whole_days_only(cursor: Cursor, payment: Insert) -> None:
    """The same weekday of four weeks, else the days before; neither a day without payments nor the very first."""
    query, day = "select days_ago from report_usual_days(%s)", datetime(2026, 11, 19, 12, tzinfo=UTC)
    payment("7", day - timedelta(days=7))
    assert column(cursor, query, day.date()) == []
    for ago in (1, 3, 6):
        payment(str(ago), day - timedelta(days=ago))
    assert column(cursor, query, day.date()) == [1, 3, 6]
    for ago in (21, 28):
        payment(str(ago), day - timedelta(days=ago))
    assert column(cursor, query, day.date()) == [7, 21]


def test_the_days_compared_with_are_found_by_the_index(cursor: Cursor) -> None:
    """Whether a day has payments is asked of the index, a row a day."""
    cursor.execute("set enable_seqscan = off; set enable_bitmapscan = off")
    plan = "\n".join(map(str, column(cursor, "explain select * from report_usual_days('2026-11-19')")))
    assert plan.count("Index Only Scan using payments_scored_event_time") == 2


def test_the_report_joined_with_a_list_is_looked_up_payment_by_payment(cursor: Cursor) -> None:
    """With one relation more in the view than join_collapse_limit lets, the report of all payments would come first."""
    cursor.execute("set enable_seqscan = off")
    cursor.execute("set enable_hashjoin = off")
    cursor.execute("set enable_mergejoin = off")
    plan = column(
        cursor,
        """
        explain
        with asked as materialized (select unnest(array['a', 'b']) as trans_num)
        select report.* from asked inner join v_fraud_report as report on asked.trans_num = report.trans_num
        """,
    )
    assert any("Index Cond: (trans_num = asked.trans_num)" in str(line) for line in plan)


def test_a_list_is_looked_up_by_the_primary_key_however_long_it_is_taken_to_be(cursor: Cursor) -> None:
    """`report_of` is written into the query that asks, and leaves PostgreSQL no other way."""
    plan = column(
        cursor,
        """
        explain
        with asked as materialized (select number::text as trans_num from generate_series(1, 1000000) as number)
        select report.label from asked cross join lateral report_of(asked.trans_num) as report
        """,
    )
    assert any("Index Cond: (trans_num = asked.trans_num)" in str(line) for line in plan)
    assert not any("Function Scan on report_of" in str(line) for line in plan)
