"""Chargebacks from a file: all of it or nothing, and a second time nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import pytest

from fraud_scorer.adapters.postgres import create_store_engine
from fraud_scorer.adapters.postgres.labels import PostgresLabels
from fraud_scorer.errors import DataFileError, SettingsError
from fraud_scorer.operations.labels_import import import_labels

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST, SECOND = "0123456789abcdef0123456789abcdef", "12345678901234567890123456789012"  # the second looks like a number


class Office:
    """Two stored payments, and a file on the desk."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.path = url, folder / "chargebacks.csv"
        self.labels = PostgresLabels(create_store_engine(url))
        for name in (FIRST, SECOND):
            self.rows(
                "insert into payments_scored (trans_num, event_time, first_batch_id, first_landing_seq, batch_id,"
                " landing_seq, body_hash, amount_cents, currency, card_token, card_key_id, card_last4, merchant)"
                f" values ('{name}', '2026-11-01', 'b', 1, 'b', 1, '', 100, 'USD', 't', 'k', '1234', 'Shop')"
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
    with pytest.raises(DataFileError, match=r"row 1: known_at is no time.*--time-zone"):
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
        (HEAD + GOOD + f"{'f' * 32},1,2026-11-10T00:00:00Z\n", "row 2: the payment f+ is not stored"),
        (HEAD + GOOD + f"{SECOND},perhaps,2026-11-10T00:00:00Z\n", "row 2: is_fraud is neither 1 nor 0"),
        (HEAD + GOOD + f"{SECOND},,2026-11-10T00:00:00Z\n", "row 2: is_fraud is neither 1 nor 0"),
        (HEAD + GOOD + ",1,2026-11-10T00:00:00Z\n", "row 2: trans_num is missing"),
        (HEAD + GOOD + f"{SECOND},1,\n", "row 2: known_at is no time"),
        (HEAD + GOOD + f"{SECOND},1,soon\n", "row 2: known_at is no time"),
        (HEAD + GOOD + f"{SECOND},1,{LATER}\n", "row 2: known_at lies in the future"),
        (f"trans_num,verdict,known_at\n{FIRST},unsure,2026-11-10T00:00:00Z\n", "row 1: verdict is none of fraud"),
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
