"""What is shown of a quarantined record holds no card number, however it is written."""

from __future__ import annotations

import json

import pytest

from fraud_scorer.operations.quarantine_show import masked

CARD = "4539578763621486"
GROUPS = [CARD[at : at + 4] for at in range(0, 16, 4)]


@pytest.mark.parametrize(
    "text",
    [
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
        f"card{CARD}x",
        f"{CARD}000",
        f'"merchant": "{CARD} {CARD}"',
    ],
)
def test_a_card_number_is_masked(text: str) -> None:
    """Its last four digits may stand, the twelve before may not."""
    digits = "".join(letter for letter in json.loads(json.dumps(masked(text))) if letter.isdigit())
    assert CARD[:12] not in digits
    assert CARD[2:12] not in digits


@pytest.mark.parametrize(
    "text",
    [
        '{"amt": 12.5, "zip": 90210, "current_time": 1763634660000, "trans_num": "12345678e9012345a6789b1234567890"}',
        '"2026-11-20T10:31:00Z", 48.123456, -97.7400001, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]',
        '"dob": "1981-02-03", "unix_time": 1763634660',
    ],
)
def test_other_numbers_stay(text: str) -> None:
    """So that a person can see what is wrong: amounts, times, places, ids, postal codes."""
    assert masked(text) == text
