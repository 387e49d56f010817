"""Reading files of past payments: both formats, other people's columns, and every way a file can be wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.errors import DataFileError
from fraud_scorer.payments.fields import FieldMap
from fraud_scorer.training.datafile import read_payments


def _read(*paths, fields=None, label_required=True):
    return read_payments(paths, fields or FieldMap(), time_zone="UTC", currency="USD", label_required=label_required)


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
