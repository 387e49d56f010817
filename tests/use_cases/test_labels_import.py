"""Chargebacks from a file: every row is right, or none is taken; a second time nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import pytest

from fraud_common.errors import DataFileError, SettingsError, StoreUnavailable
from fraud_scorer.store import create_store_engine
from fraud_scorer.store.labels import APPENDED_AT_ONCE, PostgresLabels
from fraud_scorer.use_cases.disputes.label_map import LabelMap
from fraud_scorer.use_cases.labels_import import import_labels

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST, SECOND = "0123456789abcdef0123456789abcdef", "12345678901234567890123456789012"  # the second looks like a number


class Office:
    """Two stored payments, and a file on the desk."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.path = url, folder / "chargebacks.csv"
        self.labels = PostgresLabels(create_store_engine(url))
        for name in (FIRST, SECOND):
            self.pay(name, "2026-11-01")

    def pay(self, name: str, at: str, cents: int = 100, currency: str = "USD", last4: str = "1234") -> None:
        self.rows(
            "insert into payments_scored (trans_num, event_time, first_batch_id, first_landing_seq, batch_id,"
            " landing_seq, body_hash, amount_cents, currency, card_token, card_key_id, card_last4, merchant)"
            f" values ('{name}', '{at}', 'b', 1, 'b', 1, '', {cents}, '{currency}', 't', 'k', '{last4}', 'Shop')"
        )

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.url.replace("+psycopg2", ""))
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall() if cursor.description else []
        connection.close()
        return found

    def import_file(self, text: str = "", **options: Any) -> Any:
        if text:
            self.path.write_text(text)
        return import_labels(self.labels, self.path, now=NOW, **options)

    def stored(self) -> list[tuple[Any, ...]]:
        return self.rows("select trans_num, source, verdict, known_at, author, note from labels order by label_id")


@pytest.fixture
def office(postgres_url: str, tmp_path: Path) -> Office:
    """On a fresh database."""
    return Office(postgres_url, tmp_path)


def test_chargebacks_are_appended_once(office: Office) -> None:
    """Ids stay text, times their zone; the same file, or a row that comes twice, says nothing new."""
    text = (
        f"trans_num,is_fraud,known_at,note\n{FIRST},1,2026-11-10T08:00:00+02:00,stolen\n"
        f"{SECOND},0,2026-11-11T00:00:00Z,\n{FIRST},1,2026-11-10T06:00:00Z,stolen\n"
    )
    done = office.import_file(text)
    assert (done.rows, done.imported, done.known_before) == (3, 2, 1)
    assert office.stored() == [
        (FIRST, "chargeback", "fraud", datetime(2026, 11, 10, 6, tzinfo=UTC), "labels import", "stolen"),
        (SECOND, "chargeback", "not_fraud", datetime(2026, 11, 11, tzinfo=UTC), "labels import", None),
    ]
    again = office.import_file()
    assert (again.imported, again.known_before) == (0, 3)
    assert len(office.stored()) == 2


def test_a_chargeback_outweighs_what_the_analyst_said(office: Office) -> None:
    """Chargeback > verdict: the newest of the strongest source is the label in force."""
    office.import_file(
        f"trans_num,verdict,known_at\n{FIRST},not_fraud,2026-11-12T00:00:00Z\n", source="verdict", author="ann"
    )
    office.import_file(f"trans_num,verdict,known_at\n{FIRST},fraud,2026-11-10T00:00:00Z\n")
    assert office.rows(f"select label, label_source from v_fraud_report where trans_num = '{FIRST}'") == [
        ("fraud", "chargeback")
    ]


def test_parquet_with_typed_columns(office: Office) -> None:
    """Booleans and timestamps as Parquet has them."""
    office.path = office.path.with_suffix(".parquet")
    pd.DataFrame({
        "trans_num": [FIRST, SECOND], "is_fraud": [True, False],
        "known_at": pd.to_datetime(["2026-11-10T06:00:00.123456Z", "2026-11-11T00:00:00.0Z"]),
    }).to_parquet(office.path)  # fmt: skip
    assert office.import_file().imported == 2
    assert office.stored()[0][3] == datetime(2026, 11, 10, 6, 0, 0, 123456, tzinfo=UTC)


def test_naive_times_need_a_zone(office: Office) -> None:
    """Refused, unless the caller says which."""
    text = f"trans_num,is_fraud,known_at\n{FIRST},1,2026-11-10 08:00\n"
    with pytest.raises(DataFileError, match=r"row 1 .line 2.: known_at is no time.*--time-zone"):
        office.import_file(text)
    assert office.import_file(text, time_zone="Europe/Berlin").imported == 1
    assert office.stored()[0][3] == datetime(2026, 11, 10, 7, tzinfo=UTC)
    with pytest.raises(SettingsError, match="Europe/Berlin or UTC"):
        office.import_file(text, time_zone="Mars")


HEAD = "trans_num,is_fraud,known_at\n"
GOOD = f"{FIRST},1,2026-11-10T00:00:00Z\n"
LATER = (NOW + timedelta(hours=1)).isoformat()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + GOOD + f"{'f' * 32},1,2026-11-10T00:00:00Z\n", "row 2 .line 3.: the payment f+ is not stored"),
        (HEAD + GOOD + f"{SECOND},perhaps,2026-11-10T00:00:00Z\n", "row 2 .line 3.: is_fraud is neither 1 nor 0"),
        (HEAD + GOOD + f"{SECOND},,2026-11-10T00:00:00Z\n", "row 2 .line 3.: is_fraud is empty"),
        (HEAD + GOOD + ",1,2026-11-10T00:00:00Z\n", "row 2 .line 3.: trans_num is missing"),
        (HEAD + GOOD + f"{SECOND},1,\n", "row 2 .line 3.: known_at is missing"),
        (HEAD + GOOD + f"{SECOND},1,soon\n", "row 2 .line 3.: known_at is no time"),
        (HEAD + GOOD + f"{SECOND},1,{LATER}\n", "row 2 .line 3.: known_at lies in the future"),
        (
            f"trans_num,verdict,known_at\n{FIRST},unsure,2026-11-10T00:00:00Z\n",
            "row 1 .line 2.: verdict is none of fraud",
        ),
        ("trans_num,known_at\nx,y\n", "no column is_fraud or verdict"),
        ("is_fraud\n1\n", "no column trans_num, known_at"),
        (HEAD, "holds no label"),
        ("\n", "is empty"),
    ],
)
def test_a_bad_file_is_refused_as_a_whole(office: Office, text: str, said: str) -> None:
    """One sentence with file, row and cure; nothing of it is written."""
    with pytest.raises(DataFileError, match=said) as refused:
        office.import_file(text)
    assert "chargebacks.csv" in str(refused.value)
    assert refused.value.cure
    assert office.stored() == []


def test_unknown_payments_can_be_left_out(office: Office) -> None:
    """Counted, not hidden."""
    done = office.import_file(HEAD + f"{'f' * 32},1,2026-11-10T00:00:00Z\n" + GOOD, skip_unknown=True)
    assert (done.rows, done.imported, done.unknown_payments) == (2, 1, 1)


def test_a_missing_file_is_named(office: Office) -> None:
    """Like any other fault of the file."""
    with pytest.raises(DataFileError, match="does not exist"):
        office.import_file()


def test_a_label_known_before_its_payment_is_refused(office: Office) -> None:
    """With the row and the payment's time; a bare date is its whole day, so that of the same day is right."""
    office.pay("late", "2026-11-10T22:42:00Z")
    with pytest.raises(DataFileError, match=r"row 2 \(line 3\): known_at lies before the payment.*2026-11-10T22:42"):
        office.import_file(HEAD + GOOD + "late,1,2026-11-10T22:00:00Z\n")
    with pytest.raises(DataFileError, match=r"row 1 \(line 2\): known_at lies before"):
        office.import_file(HEAD + "late,1,2026-11-09\n", time_zone="UTC")
    assert office.stored() == []
    assert office.import_file(HEAD + "late,1,2026-11-10\n", time_zone="UTC").imported == 1


@pytest.mark.parametrize(
    ("written", "zone", "means"),
    [
        ("2026-11-10", "Europe/Berlin", "2026-11-10T22:59:59.999999Z"),
        ("2026-11-10", "America/New_York", "2026-11-11T04:59:59.999999Z"),
        ("2026-11-20", "UTC", "2026-11-20T23:59:59.999999Z"),  # today, which is not over
        ("13.11.2026", "UTC", "2026-11-13T23:59:59.999999Z"),
        ("13.11.2026 23:00", "Europe/Berlin", "2026-11-13T22:00:00Z"),
        ("11/13/2026 11:05 PM", "UTC", "2026-11-13T23:05:00Z"),
        ("2026/11/13 7:05", "UTC", "2026-11-13T07:05:00Z"),
        ("2026-11-10 23:00:00 UTC", None, "2026-11-10T23:00:00Z"),
        ("2026-11-10T23:00:00.123456789+01:00", None, "2026-11-10T22:00:00.123456Z"),
    ],
)
def test_times_are_read_as_exports_write_them(office: Office, written: str, zone: str | None, means: str) -> None:
    """A bare date is known at the end of its day in the zone given, never earlier."""
    office.import_file(f"{HEAD}{FIRST},1,{written}\n", time_zone=zone)
    assert office.stored()[0][3] == datetime.fromisoformat(means)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["01.02.2026"], r"row 1 .*known_at is no time. Is its first number the day or the month\? Say --date-order"),
        (["13.11.2026", "11.13.2026"], "the column known_at holds dates with the day first and dates with the month"),
        (["1795100000"], "known_at is no time. It is a bare number, whose unit nobody knows"),
        (["2026-11-21"], "known_at lies in the future"),
    ],
)
def test_a_time_that_may_mean_two_moments_is_refused(office: Office, times: list[str], said: str) -> None:
    """The cure says how to declare it."""
    with pytest.raises(DataFileError, match=said):
        office.import_file(HEAD + "".join(f"{FIRST},1,{one}\n" for one in times), time_zone="UTC")
    assert office.stored() == []


def test_a_declared_order_of_dates_counts(office: Office) -> None:
    """In the map or on the command line."""
    label_map = LabelMap(date_order="dmy", time_zone="UTC")
    office.import_file(f"{HEAD}{FIRST},1,05.11.2026\n", label_map=label_map)
    assert office.stored()[0][3] == datetime(2026, 11, 5, 23, 59, 59, 999999, tzinfo=UTC)


def test_an_id_that_differs_in_its_letters_names_the_stored_one(office: Office) -> None:
    """It is not taken for it: where ids are told apart by case, that would be another payment."""
    office.pay("ch_t007", "2026-11-01")
    with pytest.raises(DataFileError, match=r"the payment CH_T007 is not stored; ch_t007 is. Write ids in the letters"):
        office.import_file(HEAD + "CH_T007,1,2026-11-10T00:00:00Z\n")


def test_a_card_number_in_place_of_an_id_is_never_repeated(office: Office) -> None:
    """Neither in the error nor among what was left out, nor kept in a note."""
    card = "4242424242424242"
    text = (
        HEAD.replace("\n", ",note\n")
        + f"{card},1,2026-11-10T00:00:00Z,\n{FIRST},1,2026-11-10T00:00:00Z,4242 4242 4242 4242\n"
    )
    with pytest.raises(DataFileError, match=r"the payment \*{12}4242 is not stored") as refused:
        office.import_file(text)
    assert card not in str(refused.value)
    done = office.import_file(skip_unknown=True)
    assert done.told == ["left out: row 1 (line 2): the payment ************4242 is not stored"]
    assert office.stored()[0][5] == "************4242"


def test_neither_a_code_nor_an_authors_card_number_is_kept(office: Office) -> None:
    """Labels and the audit are kept for years."""
    office.import_file(
        HEAD.replace("\n", ",note\n") + f"{FIRST},1,2026-11-10T00:00:00Z,by card with cvv 9731\n",
        author="4242424242424242",
    )
    assert office.stored()[0][4:] == ("************4242", "by card with cvv [removed]")
    (detail,) = office.rows("select detail ->> 'author' from audit_events")
    assert detail == ("************4242",)


def test_every_bad_row_is_told_up_to_five(office: Office) -> None:
    """With the number of the others."""
    with pytest.raises(DataFileError) as refused:
        office.import_file(HEAD + GOOD + f"{SECOND},1,soon\n" * 7)
    told = str(refused.value)
    assert "row 2 (line 3): known_at is no time; row 3 (line 4)" in told
    assert "row 6 (line 7): known_at is no time; and 2 more rows" in told


def test_rows_that_contradict_each_other_are_refused(office: Office) -> None:
    """Of one moment: which of them is right is not ours to guess; at another moment the later word counts."""
    with pytest.raises(DataFileError, match=r"row 2 \(line 3\): says not_fraud of a payment of which an earlier row"):
        office.import_file(HEAD + GOOD + GOOD.replace(",1,", ",0,"))
    assert office.import_file(HEAD + GOOD + f"{FIRST},0,2026-11-11T00:00:00Z\n").imported == 2


def test_an_import_that_is_cut_off_says_how_far_it_came_and_goes_on(office: Office) -> None:
    """What is written stays and is passed over; the rest follows."""
    count = APPENDED_AT_ONCE + 10
    office.rows(
        "insert into payments_scored (trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq,"
        " body_hash, amount_cents, currency, card_token, card_key_id, card_last4, merchant) select 'p' || n,"
        f" '2026-11-01', 'b', 1, 'b', 1, '', 100, 'USD', 't', 'k', '1234', 'Shop' from generate_series(1, {count}) as n"
    )
    text = HEAD + "".join(f"p{n},1,2026-11-10T00:00:00Z\n" for n in range(1, count + 1))
    office.labels = Cut(create_store_engine(office.url))
    with pytest.raises(StoreUnavailable, match=rf"gone; 2,000 of {count:,} labels are written. Import the file again"):
        office.import_file(text)
    assert len(office.stored()) == APPENDED_AT_ONCE
    office.labels = PostgresLabels(create_store_engine(office.url))
    seen: list[tuple[int, int]] = []
    done = office.import_file(progress=lambda *at: seen.append(at))
    assert (done.imported, done.known_before) == (10, APPENDED_AT_ONCE)
    assert seen == [(APPENDED_AT_ONCE, count), (count, count)]


class Cut(PostgresLabels):
    """Gone after the first append."""

    appended = 0

    def append(self, said: Any, **about: Any) -> int:
        if self.appended:
            raise StoreUnavailable("gone")
        self.appended = super().append(said, **about)
        return self.appended


def test_what_is_imported_is_counted(office: Office) -> None:
    """In the merchants' sums, so that no minute has to do it for a whole file."""
    office.import_file(HEAD + GOOD)
    assert office.rows("select count(*) from labels_to_count") == [(0,)]
    assert office.rows("select sum(labelled), sum(frauds) from merchant_days") == [(1, 1)]


def test_no_append_holds_the_lock_for_more_than_its_rows(office: Office) -> None:
    """A load of payments beside an import waits for one short transaction at most: each takes at most 2,000 rows."""
    sizes: list[int] = []

    class Counting(PostgresLabels):
        def append(self, said: Any, **about: Any) -> int:
            sizes.append(len(said))
            return super().append(said, **about)

    office.labels = Counting(create_store_engine(office.url))
    times = [f"2026-11-10T00:00:00.{n:06}Z" for n in range(5_000)]
    office.import_file(HEAD + "".join(f"{FIRST},1,{one}\n" for one in times))
    assert sizes == [2_000, 2_000, 1_000]
