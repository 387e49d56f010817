"""Files of past payments: every separator, packing and kind of column reads alike; what cannot be read says so."""

from __future__ import annotations

import bz2
import gzip
import lzma
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from fraud_scorer.errors import DataFileError
from fraud_scorer.payments.fields import FieldMap
from fraud_scorer.payments.files import payment_frames
from fraud_scorer.payments.tables import table_of_frame

CSV = "trans_num,cc_num,merchant,amt\np1,04532015112830366,Shop,12.5\n12345678e9010,2,Café,3\n"


def _rows(path: Path) -> list[list[object]]:
    return [list(row) for frame in payment_frames(path, FieldMap()) for row in table_of_frame(frame).rows]


@pytest.mark.parametrize(
    ("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("|", ".")], ids=str
)
def test_the_header_line_says_how_columns_are_separated(tmp_path: Path, separator: str, decimal: str) -> None:
    """Comma, semicolon (also with decimal commas), tab and bar; ids and card numbers keep every digit."""
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace(",", separator).replace("12.5", f"12{decimal}5"), encoding="utf-8")

    first, second = _rows(path)

    assert first[:3] == ["p1", "04532015112830366", "Shop"]
    assert float(str(first[3])) == 12.5
    assert second[:3] == ["12345678e9010", "2", "Café"]


def test_a_comma_in_quotes_separates_nothing(tmp_path: Path) -> None:
    """The quotes are taken off."""
    (tmp_path / "a.csv").write_text('trans_num,merchant\np1,"Kihn; Fritsch, Inc"\n')

    assert _rows(tmp_path / "a.csv") == [["p1", "Kihn; Fritsch, Inc"]]


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_a_packed_file_that_is_cut_off_says_so(tmp_path: Path, ending: str, pack) -> None:
    """A copy that broke off: the error names the file, and to copy it anew."""
    path = tmp_path / f"a.csv.{ending}"
    whole = pack((CSV + "p,2,Shop,3\n" * 5_000).encode())
    path.write_bytes(whole)
    assert len(_rows(path)) == 5_002
    path.write_bytes(whole[:-20])

    with pytest.raises(DataFileError, match=rf"a\.csv\.{ending} is cut off or damaged.*Copy it anew"):
        _rows(path)


def test_a_packed_file_that_is_damaged_says_so(tmp_path: Path) -> None:
    """Bytes that no packing has."""
    whole = bytearray(gzip.compress(CSV.encode()))
    whole[12:20] = b"\xff" * 8
    (tmp_path / "a.csv.gz").write_bytes(whole)

    with pytest.raises(DataFileError, match="is cut off or damaged"):
        _rows(tmp_path / "a.csv.gz")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n1,2,3\n", "line 3 has 3 columns, and the header line 2. Put text that holds the separator in"),
        ("a,b\n1,2,3\n1,2,3\n", "its rows have more columns than its header line. Name every column"),
        ("a,b,a\n1,2,3\n", "has the column a twice. Keep one of them"),
        ("", "is empty. Give a file with a header line"),
    ],
)
def test_a_csv_that_says_two_things_is_refused(tmp_path: Path, content: str, says: str) -> None:
    """Ragged rows would shift the values under other names, a name twice is ambiguous."""
    (tmp_path / "a.csv").write_text(content)

    with pytest.raises(DataFileError) as told:
        _rows(tmp_path / "a.csv")

    assert says in str(told.value)


def test_a_column_twice_in_parquet_is_refused(tmp_path: Path) -> None:
    """As in a CSV."""
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["amt", "amt"])
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")

    with pytest.raises(DataFileError, match="has the column amt twice"):
        _rows(tmp_path / "a.parquet")


def test_what_parquet_holds_beside_numbers_and_texts_is_read(tmp_path: Path) -> None:
    """Dates and times in ISO, exact decimals with all their digits, nulls as None."""
    berlin = timezone(timedelta(hours=1))
    frame = pd.DataFrame(
        {
            "dob": [date(1980, 12, 31), None],
            "amt": [Decimal("1234.50"), None],
            "cc_num": [Decimal(4532015112830366777), Decimal(2)],
            "current_time": [datetime(2020, 12, 20, 10, 31, tzinfo=berlin), None],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")

    first, second = _rows(tmp_path / "a.parquet")

    assert first[:3] == ["1980-12-31", "1234.50", "4532015112830366777"]
    assert datetime.fromisoformat(str(first[3])) == datetime(2020, 12, 20, 10, 31, tzinfo=berlin)
    assert second == [None, None, "2", None]
