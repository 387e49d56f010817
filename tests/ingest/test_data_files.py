"""Files of past payments: every separator, packing and kind of column reads alike; what cannot be read says so."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from fraud_common.errors import DataFileError, SettingsError
from fraud_scorer.ingest.data_files import payment_frames, row_name
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.tables import table_of_frame

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
            "amt": [Decimal("1234.5"), None],
            "cc_num": [Decimal(4532015112830366777), Decimal(2)],
            "current_time": [datetime(2020, 12, 20, 10, 31, tzinfo=berlin), None],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")

    first, second = _rows(tmp_path / "a.parquet")

    assert first[:3] == ["1980-12-31", "1234.5", "4532015112830366777"]
    assert datetime.fromisoformat(str(first[3])) == datetime(2020, 12, 20, 10, 31, tzinfo=berlin)
    assert second == [None, None, "2", None]


HEADER = "trans_num,cc_num,merchant,amt,currency,current_time\n"


def _amounts(path: Path, content: str, **options) -> list[object]:
    path.write_text(content, encoding="utf-8")
    return [row["amt"] for frame in payment_frames(path, FieldMap(), **options) for _, row in frame.iterrows()]


@pytest.mark.parametrize(
    ("separator", "given", "means"),
    [
        (",", ["12.50", "1234.5", "7"], ["12.50", "1234.5", "7"]),
        (",", ['"1,234.50"', "12.50"], ["1234.50", "12.50"]),
        (",", ['"1,234"', "12.50"], ["1234", "12.50"]),
        (";", ["12,50", "12.500", "1.234.567,5"], ["12.50", "12500", "1234567.5"]),
        ("\t", ["12,50", "-3"], ["12.50", "-3"]),
        (",", ["1 234.50", "1'234.50", "1.5e3", " 2.5 "], ["1234.50", "1234.50", "1500", "2.5"]),
        (",", ["0.500", "1234.500"], ["0.500", "1234.500"]),
        (",", ["12.500,KWD"], ["12.500"]),
    ],
)
def test_amounts_are_read_in_the_files_one_format(tmp_path: Path, separator: str, given, means) -> None:
    """Decimal point or comma, with or without thousands: every amount keeps its decimals as it was written."""
    rows = [separator.join(("p", "2", "Shop", *amount.split(",KWD"), "x")) for amount in given]
    rows = [row.replace("x", "KWD") if "KWD" in given[0] else row for row in rows]
    text = separator.join(("trans_num", "cc_num", "merchant", "amt", "x", "currency")[: 6 if "KWD" in given[0] else 5])
    content = "\n".join([text, *rows]) + "\n"

    assert _amounts(tmp_path / "a.csv", content) == means


@pytest.mark.parametrize(
    ("amounts", "says"),
    [
        (["12.50", "7.25", '"1.234,50"'], "row 3 (line 4): amt is not written with a decimal point, as in"),
        (['"12,50"', "7.25", '"8,25"'], "row 2 (line 3): amt is not written with a decimal comma, as in"),
        (["100", "12.500"], "row 2 (line 3): amt may mean decimals or thousands"),
        (['"12,500"'], "row 1 (line 2): amt may mean decimals or thousands"),
    ],
)
def test_amounts_in_two_formats_or_in_either_name_the_row(tmp_path: Path, amounts, says: str) -> None:
    """The row that differs from the others is blamed, not those that are right; the cure is to say the format."""
    with pytest.raises(DataFileError) as told:
        _amounts(tmp_path / "a.csv", "amt,x\n" + "".join(f"{amount},1\n" for amount in amounts), currency="JPY")

    assert says in str(told.value)
    assert "--decimal" in told.value.cure


def test_the_declared_format_counts(tmp_path: Path) -> None:
    """What may be read in two ways is read as declared; and what is written otherwise refused."""
    path = tmp_path / "a.csv"
    assert _amounts(path, "amt,x\n12.500,1\n", decimal="comma") == ["12500"]
    assert _amounts(path, "amt,x\n12.500,1\n", decimal="point") == ["12.5000"]
    with pytest.raises(DataFileError, match=r"row 1 \(line 2\): amt is not written with a decimal comma, as --decimal"):
        _amounts(path, "amt,x\n12.50,1\n", decimal="comma")
    with pytest.raises(SettingsError, match="It is point"):
        _amounts(path, "amt,x\n12.50,1\n", decimal="dot")


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: (text + ",,,\n").encode(),
    ],
    ids=["utf-8 mark", "utf-16 mark", "utf-16-le", "utf-16-be", "crlf", "blank lines", "empty last row"],
)
def test_a_csv_reads_alike_however_a_spreadsheet_saved_it(tmp_path: Path, encode) -> None:
    """Marks, UTF-16, line ends, blank lines and empty rows change nothing."""
    (tmp_path / "a.csv").write_bytes(encode(CSV))

    assert _rows(tmp_path / "a.csv") == [
        ["p1", "04532015112830366", "Shop", "12.5"],
        ["12345678e9010", "2", "Café", "3"],
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '[{"trans_num": "p1", "amt": 12.5}, {"trans_num": "p2", "card": {"id": 4503599627370497001}}]'),
        (
            "a.json",
            '{"data": [{"trans_num": "p1", "amt": 12.5}, {"trans_num": "p2", "card": {"id": 4503599627370497001}}]}',
        ),
        ("a.jsonl", '{"trans_num": "p1", "amt": 12.5}\n\n{"trans_num": "p2", "card": {"id": 4503599627370497001}}\n'),
        ("a.csv", '{"trans_num": "p1", "amt": 12.5}\n{"trans_num": "p2", "card": {"id": 4503599627370497001}}\n'),
    ],
)
def test_json_is_read_as_an_answer_of_the_api_is(tmp_path: Path, name: str, content: str) -> None:
    """A list of records, one under a known key, or a record a line; nested objects and long numbers survive."""
    path = tmp_path / name
    path.write_text(content)

    table = next(table_of_frame(frame) for frame in payment_frames(path, FieldMap()))

    assert FieldMap({"card.id": "cc_num"}).apply(table) == {
        "trans_num": ["p1", "p2"], "amt": [12.5, None], "cc_num": [None, 4503599627370497001]
    }  # fmt: skip


def _workbook() -> bytes:
    return _zipped("xl/workbook.xml")


def _zipped(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xlsx", _workbook(), "is an Excel workbook (.xlsx). Open it in the spreadsheet program"),
        ("a.csv", _workbook(), "is an Excel workbook (.xlsx)"),
        ("a.xlsx", b"PK\x03\x04fake", "is damaged: it cannot be opened. Copy or download it anew"),
        ("a.ods", _zipped("content.xml"), "is an OpenDocument file"),
        ("a.csv", _zipped("a.csv"), "is a zip archive. Unpack it"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel workbook (.xls)"),
        ("a.pdf", b"%PDF-1.7", "is a PDF document. Ask for the same report as CSV"),
        ("a.csv", b"<!DOCTYPE html><html></html>", "is a web page or XML"),
        ("a.csv", gzip.compress(b"a,b", mtime=0), "is packed (gzip). Let its name end in .csv.gz"),
        ("a.csv", "trans_num,merchant\np,Café\n".encode("latin-1"), "is not UTF-8 text"),
        ("a.json", b'{"a": 1}', "cannot be read as JSON: JSON, but neither a split frame nor a list of records"),
        ("a.json", b"[1, 2]", "cannot be read as JSON"),
        ("a.json", b'[{"a": 1}, 2]', "row 2 is no record"),
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n', "row 2 (line 3) is no JSON record"),
    ],
)
def test_a_file_of_another_kind_is_told_as_what_it_is(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    """By its bytes, not its name; the cure says how to get a file that is read."""
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(DataFileError) as told:
        _rows(path)

    assert says in str(told.value)
    assert told.value.cure


def test_a_csv_may_be_named_as_a_workbook(tmp_path: Path) -> None:
    """Some tools export CSV under that name: the bytes count. So may a column be named PK."""
    (tmp_path / "a.xlsx").write_text(CSV.replace("trans_num", "PK"))

    assert len(_rows(tmp_path / "a.xlsx")) == 2


def test_a_row_is_named_with_its_line(tmp_path: Path) -> None:
    """Blank lines and texts of several lines are counted."""
    path = tmp_path / "a.csv"
    path.write_text('a,b\n\n1,"two\nlines"\n2,3\n')

    assert row_name(path, 1) == f"{path}, row 2 (line 5)"
