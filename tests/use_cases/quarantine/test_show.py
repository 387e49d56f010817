"""What is shown of a quarantined record holds no card number, code or PIN, however it is written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import pytest

from fraud_scorer.use_cases.quarantine.masking import masked, text_of
from fraud_scorer.use_cases.quarantine.show import outline

CARD = "4539578763621486"
GROUPS = [CARD[at : at + 4] for at in range(0, 16, 4)]
B64 = base64.b64encode(CARD.encode()).decode()

TEXTS = [
    CARD,
    f'{{"cc_num": {CARD}, "amt": 1}}',
    json.dumps(json.dumps({"columns": ["cc_num"], "data": [[int(CARD)]]})),
    " ".join(GROUPS),
    "-".join(GROUPS),
    ".".join(GROUPS),
    f"{CARD[:4]} {CARD[4:10]} {CARD[10:]}",
    json.dumps("\u2011".join(GROUPS)),
    json.dumps("\x00".join(GROUPS)),
    json.dumps(json.dumps("\u00a0".join(GROUPS))),
    f"{CARD}.0",
    repr(float(CARD)),
    "4.539578763621486e+15",
    "4.539578763621486E15",
    "45395787636214.86e2",
    "[4539578763621486000e-3]",
    f"card{CARD}x",
    f"{CARD}000",
    f'"merchant": "{CARD} {CARD}"',
    "".join(f"\\u{ord(digit):04x}" for digit in CARD),
    '{"amt": "' + "".join(f"\\u{ord(digit):04x}" for digit in CARD) + '"}',
    json.dumps("".join(f"\\u{ord(digit):04x}" for digit in CARD)),
    "".join(f"\\x{ord(digit):02x}" for digit in CARD),
    "".join(f"%{ord(digit):02x}" for digit in CARD),
    "".join(f"&#{ord(digit)};" for digit in CARD),
    json.dumps(list(map(int, CARD))),
    json.dumps(list(CARD)),
    json.dumps({"trans_num": list(map(int, GROUPS))}),
    json.dumps({"trans_num": [CARD[:8], CARD[8:]]}),
    json.dumps([[int(digit)] for digit in CARD]),
    json.dumps([{"d": int(digit)} for digit in CARD]),
    json.dumps({f"d{place}": int(digit) for place, digit in enumerate(CARD)}),
    "[" + ",".join(CARD),
    str(tuple(CARD)),
    B64,
    json.dumps({"amt": B64}),
    f'{{"amt": "x", "amt": "{B64}"',
    base64.urlsafe_b64encode(json.dumps({"cc": CARD}).encode()).decode().rstrip("="),
    base64.b64encode(B64.encode()).decode(),
    base64.b64encode(CARD.encode("utf-16")).decode(),
    CARD.encode().hex(),
    "a".join(CARD),
    "_".join(CARD),
    "'".join(CARD),
    '"'.join(CARD),
    "x".join(GROUPS),
    json.dumps({"amt": "ab".join(CARD)}),
    json.dumps({"category": "_x_".join(GROUPS)}),
    json.dumps({"trans_num": f"{'a'.join(CARD)}b"}),
    f'{{"trans_num": "a", "trans_num": "{CARD}"}}',
    json.dumps({CARD: 1}),
    json.dumps({" ".join(GROUPS): {"amt": 1}}),
    f"1763634660000 and {CARD} at 2026-11-20T10:31:00Z",
    "".join(chr(0xFF10 + int(digit)) for digit in CARD),
    "".join(chr(0x660 + int(digit)) for digit in CARD),
    "[" * 3000 + CARD,
]


def digits_of(text: str) -> str:
    """What a reader could put together again from what is shown."""
    return "".join(letter for letter in text if letter.isdigit())


@pytest.mark.parametrize("show", [masked, lambda text: outline(masked(text))], ids=["full", "outline"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_card_number_is_masked(text: str, show: Callable[[str], str]) -> None:
    """Its last four digits may stand, the twelve before may not; nor what they were packed in."""
    told = show(text)
    assert CARD[:12] not in digits_of(told)
    assert CARD[2:12] not in digits_of(told)
    assert not any(form in told for form in (B64[:12], CARD.encode().hex(), "\\u0034", "%34%35", "&#52;"))
    assert not re.search(r"4\D{0,6}5\D{0,6}3\D{0,6}9", told)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-8-sig"])
@pytest.mark.parametrize("text", [CARD, f'{{"amt": {CARD}}}', f'{{"cc": "{CARD}"', f'{{"cvv": "739", "amt": {CARD}}}'])
def test_other_encodings_are_read_first(encoding: str, text: str) -> None:
    """A body in two or four bytes a character is decoded, then masked."""
    told = masked(text_of(text.encode(encoding)))
    assert CARD[:12] not in digits_of(told)
    assert "739" not in told
    assert told.count("\x00") == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"cvv": "739", "pin": "7391", "amt": 1}',
        '{"\\u0063vv": "739"}',
        json.dumps(json.dumps({"card": {"securityCode": 739}})),
        "cvv=739",
        "\\u0063vv=739",
        "%63vv%3d739",
        base64.b64encode(b'{"cvv": "739", "amt": 1}').decode(),
        json.dumps({"amt": base64.b64encode(b'{"cvv": "739", "amt": 1}').decode()}),
    ],
)
def test_codes_and_pins_are_never_shown(text: str) -> None:
    """What an earlier release kept is taken out before it is shown."""
    told = masked(text)
    assert "739" not in told
    assert "NzM5" not in told
    assert text not in told


@pytest.mark.parametrize(
    "text",
    [
        '{"amt": 12.50, "zip": 90210, "current_time": 1763634660000, "trans_num": "12345678e9012345a6789b1234567890"}',
        '"2026-11-20T10:31:00Z", 48.123456, -97.7400001',
        '"dob": "1981-02-03", "unix_time": 1763634660',
        '{"trans_num": "3f0c9a52-7d4e-4f1b-9c55-0a1b2c3d4e5f", "merchant": "transDateTransTimeAndMore"}',
    ],
)
def test_other_numbers_stay(text: str) -> None:
    """So that a person can see what is wrong: amounts, times, places, ids, postal codes."""
    assert masked(text) == text


def test_little_is_shown_by_default() -> None:
    """Names of fields, what kind of value each has, and the values of those that tell nothing of a person."""
    record = {"columns": ["first", "cc_num", "amt", "current_time"], "data": [["Ann", CARD, -1.5, "yesterday"]]}
    assert outline(masked(json.dumps(record))).splitlines() == [
        "first: a text of 3 characters",
        f"cc_num: {'*' * 12}{CARD[-4:]}",
        "amt: -1.5",
        "current_time: yesterday",
    ]
    assert outline("<html>Ann") == "no JSON: 9 characters"
    assert outline('{"betrag": 12, "person": {"amt": 3, "name": "Ann"}}', {"betrag"}).splitlines() == [
        "betrag: 12", "person.amt: a number", "person.name: a text of 3 characters",
    ]  # fmt: skip
