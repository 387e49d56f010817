"""Detect a data file's format by its first bytes, and by its name where the bytes leave it open."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from fraud_common.errors import DataFileError

_HEAD_BYTES = 4096
_PACKED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_UNSNIFFED = (".zip", ".zst", ".tar")  # pandas unpacks them by their name
_JSON_NAMES, _LINES_NAMES = (".json",), (".jsonl", ".ndjson")
_JSON_BEGINS = re.compile(r'\s*(\{\s*["}]|\[\s*[\[{\]]|"\s*[\[{])')
_SPREADSHEET_CURE = (
    "Open it in the spreadsheet program, give the columns of ids the format Text, and save the sheet as CSV UTF-8"
)
_FOREIGN = {  # first bytes to (what it is, the cure)
    b"%PDF": ("is a PDF document", "Ask for the same report as CSV"),
    b"\xd0\xcf\x11\xe0": ("is an old Excel workbook (.xls)", _SPREADSHEET_CURE),
    b"\x1f\x8b": ("is packed (gzip)", "Let its name end in .csv.gz, or unpack it"),
    b"BZh": ("is packed (bzip2)", "Let its name end in .csv.bz2, or unpack it"),
    b"\xfd7zXZ": ("is packed (xz)", "Let its name end in .csv.xz, or unpack it"),
    b"\x28\xb5\x2f\xfd": ("is packed (zstd)", "Let its name end in .csv.zst, or unpack it"),
    b"\x89PNG": ("is a picture (PNG)", "Give CSV, JSON or Parquet"),
    b"\xff\xd8\xff": ("is a picture (JPEG)", "Give CSV, JSON or Parquet"),
}


@dataclass(frozen=True)
class FileKind:
    """The format to read a file in. Only a CSV has an ``encoding``: JSON says its own."""

    name: Literal["csv", "json", "json lines", "parquet"]
    encoding: str = "utf-8"


def is_parquet(path: Path) -> bool:
    """Whether the name says Parquet."""
    return path.suffix.lower() in (".parquet", ".pq")


def detect_kind(path: Path) -> FileKind:
    """The format of ``path``; a compressed file is looked into.

    Raises:
        DataFileError: a spreadsheet, a PDF or another kind that is not read; says which, and the cure.
        OSError: it cannot be opened. EOFError, zlib.error, lzma.LZMAError: it cannot be unpacked.
    """
    if is_parquet(path):
        return FileKind("parquet")
    if path.suffix.lower() in _UNSNIFFED:
        return FileKind("csv")
    with open_unpacked(path) as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"PAR1"):
        return FileKind("parquet")
    _refuse_foreign(path, head)
    encoding = _encoding(head)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head).removeprefix("\ufeff")
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise DataFileError(f"{path} is a web page or XML, not a table", "Download the report anew, as CSV")
    return FileKind(_textual(path, text), encoding)


@contextmanager
def open_unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked as its name says (gzip, bzip2, xz)."""
    with _PACKED.get(path.suffix.lower(), open)(path, "rb") as file:
        yield file


def _textual(path: Path, text: str) -> Literal["csv", "json", "json lines"]:
    ending = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() in _PACKED else path.suffix.lower()
    ending = f".{ending.split('.')[1]}" if ending else ""
    if ending in _LINES_NAMES:
        return "json lines"
    if ending not in _JSON_NAMES and not _JSON_BEGINS.match(text):
        return "csv"
    lines = [line for line in text.splitlines() if line.strip()]
    is_lines = len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines) and lines[0].rstrip()[-1:] == "}"
    return "json lines" if is_lines else "json"


def _encoding(head: bytes) -> str:
    """UTF-8, or UTF-16 as spreadsheets save it: by its mark, else by the zero bytes between Latin letters."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(head) >= 8 and head[1:16:2].count(0) > 3 and not head[0:16:2].count(0):
        return "utf-16-le"
    if len(head) >= 8 and head[0:16:2].count(0) > 3 and not head[1:16:2].count(0):
        return "utf-16-be"
    return "utf-8"


def _refuse_foreign(path: Path, head: bytes) -> None:
    for begins, (what, cure) in _FOREIGN.items():
        if head.startswith(begins):
            raise DataFileError(f"{path} {what}", cure)
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return  # also a CSV under a workbook's name
    names = _names_in_zip(path)
    if names is None:
        raise DataFileError(
            f"{path} begins as an Excel workbook or a zip archive, but is damaged: it cannot be opened",
            f"Copy or download it anew. {_SPREADSHEET_CURE}",
        )
    if any(name.startswith("xl/") for name in names):
        raise DataFileError(f"{path} is an Excel workbook (.xlsx)", _SPREADSHEET_CURE)
    if "content.xml" in names:
        raise DataFileError(f"{path} is an OpenDocument file", _SPREADSHEET_CURE)
    raise DataFileError(f"{path} is a zip archive", "Unpack it, or let its name end in .csv.zip if it holds one CSV")


def _names_in_zip(path: Path) -> list[str] | None:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return None


def unreadable_text(path: Path, error: UnicodeError) -> DataFileError:
    """The error of a file whose bytes are not the text that they seemed to be."""
    where = getattr(error, "start", None)
    place = f" (from byte {where:,} of a piece on)" if where is not None else ""
    return DataFileError(
        f"{path} cannot be read: it is not UTF-8 text{place}", "Save it as CSV UTF-8; spreadsheet programs offer that"
    )
