"""Card numbers and codes that must come out nowhere, and a scanner that knows them in every writing."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import traceback
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from fraud_common.errors import FraudScorerError
from fraud_common.logs import without_card_numbers

Town = Any  # conftest.Town

NO_DIGIT = re.compile(r"[\W_]")
NEAR = re.compile(r"(?<=\d)[^0-9A-Za-z]{1,6}(?=\d)")


def card(begin: str, length: int) -> str:
    """A card number of that scheme and length that passes Luhn's check, the same each time."""
    body = (begin + str(int(hashlib.sha256(f"{begin}/{length}".encode()).hexdigest(), 16)))[: length - 1]
    return next(body + check for check in "0123456789" if _luhn(body + check))


def _luhn(digits: str) -> bool:
    doubled = [int(one) * (2 if place % 2 else 1) for place, one in enumerate(reversed(digits))]
    return sum(sum(divmod(one, 10)) for one in doubled) % 10 == 0


CARDS = [card("4", 13), card("4", 16), card("51", 16), card("37", 15), card("6011", 16), card("36", 14), card("62", 19)]
CODES = ["cvvcanary7391", "pincanary8264", "trackcanary5517"]
SECRETS = [*CARDS, *CODES]
SECOND = 1_795_170_671
TRACK = f";{CARDS[1]}=29121015517000"


def forms(canary: str) -> dict[str, list[str]]:
    """By the name of a writing what is looked for, in small letters but for base64."""
    raw = canary.encode()
    digests = [digest.hex() for digest in _digests(raw)]
    return {
        "hex": [raw.hex(), raw.hex(" "), raw.hex(":")],
        "base64": [_base64(one, shift) for one in (raw, canary.encode("utf-16-le")) for shift in range(3)],
        "an unkeyed hash": [digest[:12] for digest in digests],
        "an unkeyed hash in base64": [_base64(bytes.fromhex(digest), 0)[:16] for digest in digests],
    }


def _base64(raw: bytes, shift: int) -> str:
    """The letters that these bytes make after so many others: those that depend on nothing around them."""
    whole = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
    return whole[{0: 0, 1: 2, 2: 3}[shift] : len(whole) - 1]


def hits(blob: bytes | str, canaries: Iterable[str], bodies: Iterable[bytes] = ()) -> list[str]:
    """Which of the canaries stand in ``blob``, and how written; of ``bodies`` only unkeyed hashes are looked for."""
    raw = blob.encode("utf-8", "surrogateescape") if isinstance(blob, str) else blob
    text = raw.decode("latin-1")
    lower, plain = text.lower(), NO_DIGIT.sub("", text)
    closed = NEAR.sub("", text)
    found = [f"{one[-4:]}: clear or spelled apart" for one in canaries if one in closed or one in plain]
    for one in canaries:
        found += [f"{one[-4:]}: UTF-16" for kind in ("utf-16-le", "utf-16-be") if one.encode(kind) in raw]
        for name, written in forms(one).items():
            found += [f"{one[-4:]}: {name}" for form in written if form in (text if "base64" in name else lower)]
        found += [f"{one[-4:]}: an unkeyed hash's bytes" for digest in _digests(one.encode()) if digest in raw]
    for body in bodies:
        for digest in _digests(body):
            if digest.hex()[:12] in lower or _base64(digest, 0)[:16] in text or digest in raw:
                found.append("an unkeyed hash of a body")
    return found


def _digests(raw: bytes) -> list[bytes]:
    return [hashlib.new(name, raw).digest() for name in ("md5", "sha1", "sha256")]


def writings(canary: str) -> Iterator[tuple[str, bytes]]:
    """Each way in which the scanner must know a canary."""
    groups = [canary[at : at + 4] for at in range(0, len(canary), 4)]
    yield "clear", f'{{"note": "x{canary}y"}}'.encode()
    yield "spaced", " ".join(groups).encode()
    yield "dashed", "-".join(groups).encode()
    yield "a digit list", str(list(canary)).encode()
    for shift in range(3):
        yield f"base64 after {shift}", base64.b64encode(b"x" * shift + canary.encode() + b"yz")
        yield f"base64 of UTF-16 after {shift}", base64.b64encode(b"x" * shift + canary.encode("utf-16-le") + b"yz")
    yield "hex", canary.encode().hex().upper().encode()
    for kind in ("utf-16", "utf-16-be"):
        yield kind, canary.encode(kind)
    for name in ("md5", "sha1", "sha256"):
        yield name, hashlib.new(name, canary.encode()).hexdigest().encode()
        yield f"{name} in base64", base64.b64encode(hashlib.new(name, canary.encode()).digest())
        yield f"{name} as bytes", b"\x00" + hashlib.new(name, canary.encode()).digest() + b"\xff"
        yield f"{name} cut", hashlib.new(name, canary.encode()).hexdigest()[:12].encode()


def payment(number: int, card: str, **changed: object) -> dict[str, object]:
    """A record with a code, a PIN and track data beside its card."""
    return {
        "trans_num": f"ch_{number}", "unix_time": SECOND, "amt": 10 + number, "cc_num": card, "merchant": "Shop",
        "cvv": CODES[0], "card": {"pinBlock": CODES[1]}, "track2": CODES[2], "note": f"swiped {TRACK}", **changed,
    }  # fmt: skip


def apart(card: str) -> str:
    """In groups of four."""
    return " ".join(card[at : at + 4] for at in range(0, len(card), 4))


def told(act: Callable[[], object]) -> str:
    """What it gives, or what it raises as the command line and our logs show it; an error of ours as it is."""
    try:
        return str(act())
    except FraudScorerError:
        return traceback.format_exc()
    except Exception:
        return without_card_numbers(traceback.format_exc())


def tables(town: Town) -> dict[str, bytes]:
    """Every cell of every table and report view, by the names of table and column; bytes as they are."""
    found: dict[str, bytes] = {}
    columns = town.rows(
        "select table_schema, table_name, column_name, data_type from information_schema.columns join"
        " information_schema.tables using (table_schema, table_name)"
        " where table_schema not in ('pg_catalog', 'information_schema')"
    )
    for schema, table, column, kind in columns:
        value = f'"{column}"' if kind == "bytea" else f'"{column}"::text'
        cells = town.rows(f'select {value} from "{schema}"."{table}" where "{column}" is not null')
        found[f"{schema}.{table}.{column}"] = b"\n".join(
            bytes(cell) if kind == "bytea" else cell.encode() for (cell,) in cells
        )
    return found


def files(folder: Path, *, out_only: bool = False) -> dict[str, bytes]:
    """Every file with its name; what is Parquet also as text."""
    found = {}
    for path in folder.rglob("*.csv" if out_only else "*"):
        if path.is_file() and not (out_only and path.name != "out.csv"):
            text = pd.read_parquet(path).to_csv().encode() if path.suffix == ".parquet" else b""
            found[f"file {path.name}"] = str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes() + text
    return found


def unpacked(body: bytes) -> bytes:
    """Every file of a ZIP archive (a workbook is one)."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())
