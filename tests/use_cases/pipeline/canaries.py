"""Card numbers and codes that must come out nowhere, and a scanner that knows them in every writing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator

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


def forms(canary: str) -> dict[str, list[str]]:
    """By the name of a writing what is looked for, in small letters but for base64."""
    raw = canary.encode()
    digests = [hashlib.new(name, raw).hexdigest() for name in ("md5", "sha1", "sha256")]
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
    for body in bodies:
        digests = (hashlib.new(name, body).hexdigest() for name in ("md5", "sha1", "sha256"))
        found += ["an unkeyed hash of a body" for digest in digests if digest[:12] in lower]
    return found


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
        yield f"{name} cut", hashlib.new(name, canary.encode()).hexdigest()[:12].encode()
