"""Dispute files as processors export them: read by a map, matched to stored payments, told row by row where not."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from fraud_common.errors import DataFileError, SettingsError
from fraud_scorer.store import create_store_engine
from fraud_scorer.store.labels import PostgresLabels
from fraud_scorer.use_cases.disputes.label_map import LabelMap, chosen_map, formats, parse_label_map
from fraud_scorer.use_cases.labels_import import LabelImportResult, import_labels

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
ROW = (
    "insert into payments_scored (trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq,"
    " body_hash, amount_cents, currency, card_token, card_key_id, card_last4, merchant)"
    " values (%s, %s, 'b', 1, 'b', 1, '', %s, %s, 't', 'k', %s, 'Shop')"
)
STRIPE = """id,Charge ID,Disputed Amount,Disputed Currency,Dispute Reason,Status,Created date (UTC),Due by (UTC)
dp_1,ch_0,10.00,usd,fraudulent,lost,2026-11-30 22:55:00,2026-12-08 23:59
dp_2,ch_1,10.01,usd,product_not_received,needs_response,2026-11-30 22:56:00,2026-12-08 23:59
dp_3,ch_2,10.02,usd,fraudulent,won,2026-11-30 22:57:00,2026-12-08 23:59
dp_4,ch_3,10.03,usd,fraudulent,under_review,2026-11-30 22:57:00,2026-12-08 23:59
"""
ADYEN = """Company Account,Psp Reference,Merchant Reference,Record Date,Record Type,CB Reason Code,Dispute Reason
Shop,ch_0,o1,2026-11-30 23:55:00,NotificationOfFraud,,Fraud
Shop,ch_1,o2,2026-11-30 23:56:00,Chargeback,10.4,Other Fraud: Card-absent Environment
Shop,ch_2,o3,2026-11-30 23:57:00,ChargebackReversed,10.4,Other Fraud: Card-absent Environment
Shop,ch_3,o4,2026-11-30 23:58:00,Chargeback,13.1,Merchandise Not Received
Shop,ch_3,o4,2026-11-30 23:59:00,RequestForInformation,10.4,
"""
CARD_MAP = """
columns: {last4: last4, amount: amount, currency: currency, purchase_date: payment_date, reason_code: verdict,
          known_at: known_at}
words: {"10.4": fraud, "13.1": skip}
"""


class Desk:
    """Eight payments of one evening, and a file."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.path = url, folder / "disputes.csv"
        for n in range(8):
            self.pay(f"ch_{n}", f"2026-11-30T22:42:0{n}Z", 1_000 + n)

    def pay(self, name: str, at: str, cents: int, currency: str = "USD", last4: str = "4242") -> None:
        self.rows(ROW, (name, at, cents, currency, last4))

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.url.replace("+psycopg2", ""))
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            found = cursor.fetchall() if cursor.description else []
        connection.close()
        return found

    def take(self, text: str, label_map: LabelMap, **options: Any) -> LabelImportResult:
        self.path.write_text(text)
        labels = PostgresLabels(create_store_engine(self.url))
        return import_labels(labels, self.path, label_map=label_map, now=NOW, **options)

    def said(self) -> list[tuple[Any, ...]]:
        return self.rows("select trans_num, verdict, to_char(known_at, 'HH24:MI') from labels order by label_id")


@pytest.fixture
def desk(postgres_url: str, tmp_path: Path) -> Desk:
    """On a fresh database."""
    return Desk(postgres_url, tmp_path)


def test_stripes_export_is_read_by_its_ready_made_map(desk: Desk) -> None:
    """Lost and won disputes for fraud become labels; other reasons and undecided ones are left out, and told."""
    done = desk.take(STRIPE, chosen_map(None, "stripe-disputes"))
    assert desk.said() == [("ch_0", "fraud", "22:55"), ("ch_2", "not_fraud", "22:57")]
    assert (done.rows, done.imported, done.skipped) == (4, 2, 2)
    assert sorted(done.told) == [
        "1 skipped: Dispute Reason is product_not_received",
        "1 skipped: Status is under_review",
    ]
    again = desk.take(STRIPE, chosen_map(None, "stripe-disputes"))
    assert (again.imported, again.known_before) == (0, 2)


def test_an_export_without_its_map_is_recognised(desk: Desk) -> None:
    """The error names the ready-made map."""
    with pytest.raises(DataFileError, match="It looks like a file for --format stripe-disputes"):
        desk.take(STRIPE, LabelMap())


def test_adyens_report_is_read_by_its_ready_made_map(desk: Desk) -> None:
    """Its times are in the account's zone, which has to be said; chargebacks for other reasons are left out."""
    with pytest.raises(DataFileError, match="--time-zone"):
        desk.take(ADYEN, chosen_map(None, "adyen-disputes"))
    done = desk.take(ADYEN, chosen_map(None, "adyen-disputes"), time_zone="Europe/Amsterdam")
    assert desk.said() == [("ch_0", "fraud", "22:55"), ("ch_1", "fraud", "22:56"), ("ch_2", "not_fraud", "22:57")]
    assert (done.rows, done.skipped) == (5, 2)


def test_every_ready_made_map_is_one() -> None:
    """Each names an id, a verdict and a time."""
    assert formats() == ["adyen-disputes", "stripe-disputes"]
    for name in formats():
        assert {"trans_num", "verdict", "known_at"} <= set(chosen_map(None, name).columns.values())
    with pytest.raises(SettingsError, match="There are adyen-disputes, stripe-disputes"):
        chosen_map(None, "paypal")


def test_a_payment_is_found_by_last_four_amount_and_day(desk: Desk) -> None:
    """Where exactly one has them; zeros that a spreadsheet took are put back, a dispute's minus sign does not count."""
    desk.pay("zero", "2026-11-30T01:00:00Z", 1_003, last4="0042")
    text = (
        "ARN,last4,amount,currency,purchase_date,reason_code,known_at\n"
        "74537604222222222222222,4242,10.03,USD,2026-11-30,10.4,2026-11-30T23:00Z\n"
        "74537604222222222222223,42,-10.03,usd,2026-11-30,10.4,2026-11-30T23:00Z\n"
        "74537604222222222222224,4242,10.04,USD,2026-11-30,13.1,2026-11-30T23:00Z\n"
    )
    done = desk.take(text, parse_label_map(CARD_MAP, source="map"))
    assert desk.said() == [("ch_3", "fraud", "23:00"), ("zero", "fraud", "23:00")]
    assert (done.imported, done.skipped) == (2, 1)


def test_where_several_or_no_payments_fit_each_row_is_told(desk: Desk) -> None:
    """The file is refused; with --skip-unknown those rows are left out, counted and told."""
    desk.pay("twin", "2026-11-30T03:00:00Z", 1_003)
    head = "last4,amount,currency,purchase_date,reason_code,known_at\n"
    text = head + "".join(
        f"{last4},{amount},USD,2026-11-30,10.4,2026-11-30T23:00Z\n"
        for last4, amount in (("4242", "10.03"), ("9999", "10.03"), ("4242", "10.05"))
    )
    label_map = parse_label_map(CARD_MAP, source="map")
    with pytest.raises(DataFileError) as refused:
        desk.take(text, label_map)
    several = "row 1 (line 2): 2 payments have these last four digits, amount and day"
    none = "row 2 (line 3): no stored payment has these last four digits, amount and day"
    assert f"{several}; {none}. Give the payment's id" in str(refused.value)
    assert desk.said() == []
    done = desk.take(text, label_map, skip_unknown=True)
    assert (done.imported, done.ambiguous, done.unknown_payments) == (1, 1, 1)
    assert done.told == [f"left out: {several}", f"left out: {none}"]


def test_a_payment_without_last_four_digits_is_not_taken_for_another(desk: Desk) -> None:
    """Amount and day alone name no payment: the row is told, with the field to map."""
    desk.pay("by reference", "2026-11-30T03:00:00Z", 5_555, last4="")
    text = "last4,amount,purchase_date,reason_code,known_at\n4242,55.55,2026-11-30,10.4,2026-11-30T23:00Z\n"
    with pytest.raises(DataFileError, match=r"1 of the amount and day: their last four digits are not.*card_last4"):
        desk.take(text, parse_label_map(CARD_MAP, source="map"))


def test_an_id_that_is_not_stored_falls_back_on_the_card(desk: Desk) -> None:
    """Where the file has both."""
    label_map = parse_label_map(CARD_MAP.replace("{last4:", "{id: trans_num, last4:"), source="map")
    text = (
        "id,last4,amount,currency,purchase_date,reason_code,known_at\n"
        "ch_1,,,,,10.4,2026-11-30T23:00Z\n"
        "order-9,4242,10.02,USD,2026-11-30,10.4,2026-11-30T23:00Z\n"
        ",4242,10.03,USD,2026-11-30,10.4,2026-11-30T23:00Z\n"
    )
    desk.take(text, label_map)
    assert [name for name, *_ in desk.said()] == ["ch_1", "ch_2", "ch_3"]


def test_a_day_is_one_of_the_maps_zone(desk: Desk) -> None:
    """A payment shortly before midnight in UTC is of the next day in Berlin."""
    desk.pay("night", "2026-11-29T23:30:00Z", 77)
    text = 'last4,amount,purchase_date,reason_code,known_at\n4242,"0,77",30.11.2026,10.4,30.11.2026 20:00\n'
    desk.take(text, parse_label_map(CARD_MAP + "time_zone: Europe/Berlin\n", source="map"))
    assert desk.said() == [("night", "fraud", "19:00")]


def test_amounts_have_the_decimals_of_their_currency(desk: Desk) -> None:
    """More are refused, never rounded away."""
    text = "last4,amount,currency,purchase_date,reason_code,known_at\n4242,10.5,JPY,2026-11-30,10.4,2026-11-30T23:00Z\n"
    with pytest.raises(DataFileError, match=r"row 1 \(line 2\): amount is no amount of JPY. It may have 0 decimals"):
        desk.take(text, parse_label_map(CARD_MAP, source="map"))


def test_an_acquirers_reference_is_looked_up_in_a_settlement_file(desk: Desk, tmp_path: Path) -> None:
    """Which holds the payment's id beside it, under the map's names; a reference that it has not is told."""
    settlement = tmp_path / "settlement.csv"
    settlement.write_text("Acquirer Ref;Order;Fee\n74537604222222222222222;ch_3;1,2\n745;ch_4;1,2\n")
    label_map = parse_label_map(
        "columns: {ARN: acquirer_reference, Acquirer Ref: acquirer_reference, Order: trans_num, code: verdict}\n"
        "words: {'10.4': fraud}",
        source="map",
    )
    text = "ARN,code,known_at\n74537604222222222222222,10.4,2026-11-30T23:00Z\n"
    assert desk.take(text, label_map, references=settlement).imported == 1
    assert desk.said() == [("ch_3", "fraud", "23:00")]
    with pytest.raises(DataFileError, match=r"row 1 \(line 2\): no payment is known by its acquirer's reference"):
        desk.take(text.replace("2222,10.4", "9999,10.4"), label_map, references=settlement)
    with pytest.raises(DataFileError, match=r"row 1 \(line 2\): ARN is missing or no id. A spreadsheet has cut"):
        desk.take(text.replace("74537604222222222222222", "7.45376E+22"), label_map, references=settlement)
    with pytest.raises(DataFileError, match=r"settlement.csv has no column trans_num, .*Its columns must be acquirer"):
        desk.take(text, parse_label_map("ARN: acquirer_reference", source="map"), references=settlement)


def test_a_reference_that_means_two_payments_is_refused(desk: Desk, tmp_path: Path) -> None:
    """With the row of the settlement file."""
    settlement = tmp_path / "settlement.csv"
    settlement.write_text("acquirer_reference,trans_num\n745,ch_3\n745,ch_4\n")
    with pytest.raises(DataFileError, match=r"settlement.csv, row 2 \(line 3\): names a reference that means another"):
        desk.take("acquirer_reference,verdict,known_at\n", LabelMap(), references=settlement)


def test_an_acquirers_reference_alone_names_the_cure(desk: Desk) -> None:
    """Payments carry none; a settlement file, or last four digits, amount and date do."""
    label_map = parse_label_map("ARN: acquirer_reference\ncode: verdict\nknown_at: known_at", source="map")
    with pytest.raises(DataFileError, match=r"payments do not carry\. Give the settlement file"):
        desk.take("ARN,code,known_at\n74537604222222222222222,fraud,2026-11-30T23:00Z\n", label_map)


def test_a_word_that_the_map_does_not_know_is_told(desk: Desk) -> None:
    """Rather than guessed; names of columns are compared without regard to case."""
    label_map = parse_label_map("columns: {STATE: verdict}\nwords: {lost: fraud}", source="map")
    text = "trans_num,State,known_at\nch_0,lost,2026-11-30T22:55:00Z\nch_1,shelved,2026-11-30T22:55:00Z\n"
    with pytest.raises(DataFileError, match=r"row 2 \(line 3\): State is none of fraud.*and no word of the map"):
        desk.take(text, label_map)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("columns: {Charge: trans_nun}", "trans_nun is no column of ours. Nearest: trans_num"),
        ("word: {lost: fraud}\ncolumns: {}", "word is no section. Nearest: words"),
        ("words: {lost: froud}", "froud is no meaning of a word. Nearest: fraud"),
        ("date_order: ymd", "ymd is no order of dates. Nearest: mdy"),
        ("only: {Reason: {a: b}}", "only holds something else than values"),
        ("- a", "is no mapping"),
        ("{", "is not YAML"),
    ],
)
def test_a_map_that_is_none_is_refused(text: str, says: str) -> None:
    """With the nearest right name."""
    with pytest.raises(SettingsError) as refused:
        parse_label_map(text, source="map.yaml")
    assert says in str(refused.value)


def test_a_column_that_the_map_names_and_the_file_has_not_is_told(desk: Desk) -> None:
    """Under the map's name for it, with what the file has."""
    with pytest.raises(DataFileError, match=r"has no column trans_num \(charge id\).*It has trans_num, Status"):
        desk.take(
            "trans_num,Status,Created (UTC),Reason\nch_0,lost,2026-11-30,x\n", chosen_map(None, "stripe-disputes")
        )


READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from datetime import UTC, datetime
from pathlib import Path
from fraud_scorer.use_cases.disputes.claims import read_claims
from fraud_scorer.use_cases.disputes.label_map import LabelMap
now = datetime(2027, 1, 1, tzinfo=UTC)
print(len(read_claims(Path(sys.argv[1]), LabelMap(), source="chargeback", currency="USD", now=now).claims))
"""


def test_a_long_file_costs_as_its_rows_do(tmp_path: Path) -> None:
    """A hundred thousand rows within 20 seconds of CPU, imports of libraries included: each row costs the same."""
    path = tmp_path / "long.csv"
    rows = (f"p{n},1,2026-10-01T00:00:00.{n:06}Z\n" for n in range(100_000))
    path.write_text("trans_num,is_fraud,known_at\n" + "".join(rows))
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True)
    assert done.stdout == "100000\n", done.stderr[-500:]
