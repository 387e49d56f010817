"""Reading files of past payments: both formats, other people's columns, and every way a file can be wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from fraud_common.errors import DataFileError, SettingsError
from fraud_scorer.ingest.event_words import KindVocabulary
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.training.datafile import read_payments


def _read(*paths, fields=None, **changes):
    options = {"time_zone": "UTC", "currency": "USD", "label_required": True} | changes
    return read_payments(paths, fields or FieldMap(), **options)


@pytest.fixture
def small(make_public):
    """Two hundred payments."""
    return make_public(rows=200)


def test_csv_and_parquet_give_the_same_payments(small, tmp_path):
    """The format changes nothing, ids that look like numbers and long card numbers included."""
    small.loc[0, "trans_num"] = "12345678e90100000000000000000000"
    small.loc[1, "cc_num"] = 4_503_599_627_370_497_001
    small.to_csv(tmp_path / "a.csv", index=False)
    small.to_csv(tmp_path / "a.csv.gz", index=False)
    small.to_parquet(tmp_path / "a.parquet")
    parquet = _read(tmp_path / "a.parquet").payments
    for name in ("a.csv", "a.csv.gz"):
        pd.testing.assert_frame_equal(_read(tmp_path / name).payments, parquet)
    assert "4503599627370497001" in set(parquet["card_token"])


def test_the_event_time_is_the_text_and_not_the_shifted_epoch(small, tmp_path):
    """The public set's unix_time lies seven years behind its dates; the dates count."""
    small.to_parquet(tmp_path / "a.parquet")
    assert set(_read(tmp_path / "a.parquet").payments["event_time"].dt.year) == {2020}


def test_only_six_columns_are_needed_under_any_name(small, tmp_path):
    """Id, time, card, merchant, amount and label, named by a field map; the rest is missing, not zero."""
    theirs = {"id": "trans_num", "at": "trans_date_trans_time", "pan": "cc_num", "shop": "merchant", "sum": "amt",
              "bad": "is_fraud"}  # fmt: skip
    renamed = small[list(theirs.values())].rename(columns={ours: name for name, ours in theirs.items()})
    renamed.to_csv(tmp_path / "a.csv", index=False)
    payments = _read(tmp_path / "a.csv", fields=FieldMap(theirs)).payments
    assert len(payments) == len(small)
    assert payments[["category", "merch_lat", "age_years", "city_pop"]].isna().all(axis=None)


def test_a_customers_number_will_do_for_a_card(small, tmp_path):
    """Data sets without card numbers name the customer, by a few digits: as many cards, and none mixed up."""
    small["cc_num"] = small["cc_num"] % 100
    small["trans_num"] = range(len(small))
    small.to_csv(tmp_path / "a.csv", index=False)
    payments = _read(tmp_path / "a.csv").payments
    assert payments["card_token"].nunique() == small["cc_num"].nunique()


def test_several_files_are_one_history(small, tmp_path):
    """Rows of all files stand in order of event time, and each remembers its file."""
    small.iloc[100:].to_parquet(tmp_path / "late.parquet")
    small.iloc[:100].to_csv(tmp_path / "early.csv", index=False)
    read = _read(tmp_path / "late.parquet", tmp_path / "early.csv")
    assert read.payments["event_time"].is_monotonic_increasing
    assert np.bincount(read.file_number).tolist() == [100, 100]


@pytest.mark.parametrize("column", ["trans_num", "cc_num", "merchant", "amt", "is_fraud"])
def test_a_missing_column_is_named_with_the_cure(small, tmp_path, column):
    """The error names file, column and the field map."""
    small.drop(columns=column).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataFileError, match=rf"a\.csv lacks the column.*{column}.*--fields"):
        _read(tmp_path / "a.csv")


def test_missing_times_are_named(small, tmp_path):
    """Without any time column the error names all that would do."""
    small.drop(columns=["unix_time", "trans_date_trans_time"]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataFileError, match="trans_date_trans_time"):
        _read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("trans_date_trans_time", "tomorrow", "not a time"),
        ("amt", None, "missing"),
        ("amt", "much", "not a number"),
        ("merch_lat", 123.0, "out of range"),
        ("is_fraud", None, "is_fraud is missing"),
        ("is_fraud", "perhaps", "true or false"),
    ],
)
def test_a_bad_row_is_named(small, tmp_path, column, value, complaint):
    """One bad value refuses the file, with its row."""
    small[column] = small[column].astype(object)
    small.loc[7, column] = value
    small.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataFileError, match=rf"a\.csv, row 8.*{complaint}"):
        _read(tmp_path / "a.csv")


def test_an_id_twice_is_named_with_both_places(small, tmp_path):
    """Also over two files."""
    small.to_csv(tmp_path / "a.csv", index=False)
    small.iloc[[5]].to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(
        DataFileError, match=r"b\.csv, row 1 \(line 2\): trans_num .* stands already in .*a\.csv, row 6 \(line 7\)"
    ):
        _read(tmp_path / "a.csv", tmp_path / "b.csv")


@pytest.mark.parametrize("content", [b"", b"trans_num,amt\n", b"\xff\xfe\x00", b'a,b\n"1'])
def test_a_file_that_holds_nothing_readable_is_refused(tmp_path, content):
    """Empty, header only, binary, cut: one clear error each."""
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataFileError, match=r"a\.csv"):
        _read(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_file_that_is_not_there_is_named(tmp_path, name):
    """The path stands in the error."""
    with pytest.raises(DataFileError, match="does not exist"):
        _read(tmp_path / name)


def test_a_parquet_file_that_is_none_is_refused(tmp_path):
    """Bytes of another kind under the name of Parquet."""
    (tmp_path / "a.parquet").write_bytes(b"hello")
    with pytest.raises(DataFileError, match="cannot be read"):
        _read(tmp_path / "a.parquet")


def test_a_file_that_holds_a_header_alone_holds_no_payment(small, tmp_path):
    """It lacks no column."""
    small.head(0).to_csv(tmp_path / "a.csv", index=False)
    small.head(0).to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(DataFileError, match=rf"{name} holds no payment. Give a file with at least one row"):
            _read(tmp_path / name)


def test_a_semicolon_file_gives_the_same_payments(small, tmp_path):
    """As spreadsheets write it where the decimal sign is a comma."""
    small.to_csv(tmp_path / "a.csv", index=False)
    small.to_csv(tmp_path / "b.csv", index=False, sep=";", decimal=",")
    pd.testing.assert_frame_equal(_read(tmp_path / "b.csv").payments, _read(tmp_path / "a.csv").payments)


def test_dates_and_decimals_of_parquet_give_the_same_payments(small, tmp_path):
    """As warehouses export them."""
    small.to_parquet(tmp_path / "a.parquet")
    exported = small.assign(dob=date(1980, 1, 1), amt=[Decimal(str(amount)) for amount in small["amt"]])
    exported.to_parquet(tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(_read(tmp_path / "b.parquet").payments, _read(tmp_path / "a.parquet").payments)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"time_zone": "Mars/Base"}, "'Mars/Base' is no time zone. Write it as Europe/Berlin or UTC"),
        ({"time_zone": "../etc"}, "is no time zone"),
        ({"currency": "US"}, "'US' is no currency. Write its three letters"),
        ({"currency": "12€"}, "is no currency"),
    ],
)
def test_a_zone_or_currency_that_is_none_is_refused(small, tmp_path, changes, says):
    """Before anything is read."""
    with pytest.raises(SettingsError, match=says):
        _read(tmp_path / "no.csv", **changes)


def test_a_currency_may_be_written_small(small, tmp_path):
    """`jpy` has no decimals either."""
    small.assign(amt=1200).to_csv(tmp_path / "a.csv", index=False)
    payments = _read(tmp_path / "a.csv", currency="jpy").payments
    assert set(payments["currency"]) == {"JPY"}
    assert set(payments["amount_cents"]) == {1200}


def test_a_time_that_is_none_names_the_files_column_and_how_to_write_it(small, tmp_path):
    """One row, some, or all of them; mapped or not."""
    at = "trans_date_trans_time"
    small.loc[[4, 9], at] = "20/12/2020 10:31"
    small.to_csv(tmp_path / "some.csv", index=False)
    small.drop(columns="unix_time").rename(columns={at: "when"}).to_csv(tmp_path / "mapped.csv", index=False)
    small.assign(**{at: "20/12/2020 10:31"}).to_csv(tmp_path / "all.csv", index=False)
    sentence = "is not a time. Write it as 2020-12-20T10:31."
    with pytest.raises(DataFileError, match=rf"some\.csv, row 5 \(line 6\) and 1 more: {at} {sentence}"):
        _read(tmp_path / "some.csv")
    with pytest.raises(DataFileError, match=rf"row 5 \(line 6\) and 1 more: when \({at}\) {sentence}"):
        _read(tmp_path / "mapped.csv", fields=FieldMap({"when": at}))
    with pytest.raises(DataFileError, match=rf"row 1 \(line 2\) and every other row: {at} {sentence}"):
        _read(tmp_path / "all.csv")


def test_a_time_in_the_wrong_unit_asks_for_it(small, tmp_path):
    """Milliseconds under a name that means seconds."""
    small["unix_time"] = 1_608_460_260_000
    small.drop(columns="trans_date_trans_time").to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataFileError, match=r"row 1 and every other row: unix_time lies after .*is its unit right"):
        _read(tmp_path / "a.parquet")


def test_a_required_column_that_the_map_names_wrongly_is_refused(small, tmp_path):
    """Also where the file has one of our name: it may be another amount; where another column says it, it is told."""
    small.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataFileError, match=r"a\.csv lacks the column sum, which the field map calls amt.*trans_num"):
        _read(tmp_path / "a.csv", fields=FieldMap({"sum": "amt"}))
    with pytest.raises(
        DataFileError, match=r"lacks the column pan, which the field map calls cc_num.*Correct the name"
    ):
        _read(tmp_path / "a.csv", fields=FieldMap({"pan": "cc_num"}))
    told: list[str] = []
    _read(tmp_path / "a.csv", fields=FieldMap({"cents": "amt_minor"}), warn=told.append)
    assert "lacks the column cents" in told[0]


def test_another_column_that_the_map_names_wrongly_is_told(small, tmp_path):
    """With the nearest name there is; labels are not missed where none are asked for."""
    small.rename(columns={"category": "kategorie"}).drop(columns="is_fraud").to_csv(tmp_path / "a.csv", index=False)
    told: list[str] = []
    fields = FieldMap({"categorie": "category", "bad": "is_fraud", "wohnort": "city_pop"})
    _read(tmp_path / "a.csv", fields=fields, label_required=False, warn=told.append)
    missing = "category is missing in every payment"
    lacks = f"{tmp_path / 'a.csv'} lacks the column"
    assert told == [
        f"{lacks} categorie, which the field map calls category: {missing}; did you mean kategorie?",
        f"{lacks} wohnort, which the field map calls city_pop: the file's own city_pop is read.",
    ]
    with pytest.raises(DataFileError, match="lacks the column bad, which the field map calls is_fraud"):
        _read(tmp_path / "a.csv", fields=fields)


@pytest.mark.parametrize(
    ("amount", "currency", "decimal", "cents"),
    [("12.500", "EUR", "point", 1_250), ("12.500", "JPY", "comma", 12_500), ("1.234,50", "EUR", None, 123_450)],
)
def test_amounts_are_read_as_declared(small, tmp_path, amount, currency, decimal, cents):
    """What may be decimals or thousands, or what the amounts show themselves."""
    small.assign(amt=amount).to_csv(tmp_path / "a.csv", index=False)
    payments = _read(tmp_path / "a.csv", currency=currency, decimal=decimal).payments
    assert set(payments["amount_cents"]) == {cents}


@pytest.mark.parametrize(
    ("amount", "currency", "decimal", "complaint"),
    [
        ("12.500", "JPY", None, "row 8 .line 9.*: amt .*thousands"),
        ("12.500", "JPY", "point", "row 8 .line 9.*: amt has more decimals than JPY"),
        ("1.234", "EUR", "point", "row 8 .line 9.*: amt has more decimals than EUR"),
        ("1.234,50", "EUR", None, "row 8 .line 9.*: amt is not written with a decimal point"),
        ("1.234,50", "EUR", "point", "row 8 .line 9.*: amt is not written with a decimal point, as --decimal"),
        ("12 EUR", "EUR", None, "row 8 .line 9.*: amt is not a number"),
    ],
)
def test_the_one_amount_that_does_not_fit_is_named(small, tmp_path, amount, currency, decimal, complaint):
    """Nothing is rounded away, and no good row is blamed."""
    others = "12" if currency == "JPY" else "12.50"
    small.assign(amt=[others] * 7 + [amount] + [others] * (len(small) - 8)).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataFileError, match=complaint):
        _read(tmp_path / "a.csv", currency=currency, decimal=decimal)


@pytest.mark.parametrize("status", ["REFUNDED", "partially_refunded", "disputed", "chargeback"])
def test_a_purchase_that_was_refunded_or_disputed_later_is_a_purchase(small, tmp_path, status):
    """An export shows today's status: the confirmed frauds among its payments are learnt from, amounts as they were."""
    small["is_fraud"] = [1] * 5 + [0] * 195
    small["status"] = [status] * 5 + ["paid"] * 195
    small.to_csv(tmp_path / "a.csv", index=False)
    told = []
    payments = _read(tmp_path / "a.csv", warn=told.append).payments
    assert (set(payments["kind"]), bool((payments["amount_cents"] > 0).all()), told) == ({"purchase"}, True, [])
    assert payments["payload_is_fraud"].sum() == 5


def test_what_is_no_purchase_is_told_by_kind_with_its_frauds(small, tmp_path):
    """Refunds and disputes of their own, and declines, are left out, never without a word."""
    small["is_fraud"] = [1] * 5 + [0] * 195
    small["type"] = ["chargeback"] * 3 + ["refund"] * 2 + ["payment"] * 195
    small["status"] = ["paid"] * 3 + ["refunded"] * 2 + ["declined"] * 4 + ["paid"] * 191
    small.to_csv(tmp_path / "a.csv", index=False)
    told = []
    payments = _read(tmp_path / "a.csv", warn=told.append).payments
    assert (payments["kind"] == "purchase").sum() == 191
    assert told[0].startswith(
        "left unscored, as no purchases: 4 of kind decline, 3 of kind dispute, 2 of kind refund; "
        "5 of these are labelled fraud"
    )
    declared = FieldMap(kinds=KindVocabulary({"chargeback": "purchase"}))
    assert (_read(tmp_path / "a.csv", fields=declared).payments["kind"] == "purchase").sum() == 194
