"""Card numbers in texts: the row is refused, whatever field holds the number and however it is written."""

import json
import re

import pytest

from fraud_common.card_numbers import card_number_in, without_card_numbers
from fraud_common.errors import SettingsError
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.field_map import FieldMap, parse_field_map
from fraud_scorer.ingest.validate import validate

CARD = "4539578763621486"
WRITTEN = {
    "plain": CARD,
    "in words": f"Shop {CARD} online",
    "beside letters": f"x{CARD}y",
    "spaced": "4539 5787 6362 1486",
    "dashed": "4539-5787-6362-1486",
    "dotted": "4539.5787.6362.1486",
    "low lines": "4539_5787_6362_1486",
    "slashes and spaces": "4539 / 5787 / 6362 / 1486",
    "digit by digit": " ".join(CARD),
    "no-break spaces": "4539\u00a05787\u00a06362\u00a01486",
    "zero-width": "\u200b".join(CARD),
    "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in CARD),
    "Arabic": "".join(chr(ord(digit) - ord("0") + 0x0660) for digit in CARD),
    "Devanagari": "".join(chr(ord(digit) - ord("0") + 0x0966) for digit in CARD),
    "circled": "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(digit)] for digit in CARD),
    "bold": "".join(chr(ord(digit) - ord("0") + 0x1D7CE) for digit in CARD),
    "expiry behind it": f"{CARD}1228",
    "in escapes of HTML": "".join(f"&#{ord(digit)};" for digit in CARD),
    "with expiry and code": f"{CARD} 12/27 123",
    "behind another number": "12 4539 5787 6362 1486",
    "13 digits": "4222222222222",
    "15 digits": "3782 822463 10005",
    "19 digits": "6304000000000000018"[:-1] + "8",
}
WRAPPED = {  # a text that is shown so on a page
    "in escapes of JSON": "".join(f"\\u00{ord(digit):02x}" for digit in CARD),
    "in escapes of an address": "".join(f"%{ord(digit):02x}" for digit in CARD),
    "between tags": f"<b>{CARD[:8]}</b><i>{CARD[8:]}</i>",
}
LUHN_19 = "6304000000000000000"
TEXTS = ("trans_num", "merchant", "category", "city", "state", "zip", "gender", "type", "status")


@pytest.fixture
def judge(received_at):
    """Judge rows as an answer's are judged, by a field map."""

    def judged(*rows, fields=FieldMap()):  # noqa: B008 - frozen
        table = decode(json.dumps(list(rows)).encode())
        return validate(
            fields.apply(table),
            len(table),
            rules=fields.rules(time_zone="UTC", currency="USD"),
            received_at=received_at,
        )

    return judged


def _luhn_19():
    return next(f"{LUHN_19[:-1]}{last}" for last in "0123456789" if card_number_in(f"{LUHN_19[:-1]}{last}"))


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("written", sorted({*WRITTEN, *WRAPPED, "19 digits"}))
def test_a_card_number_in_a_text_refuses_its_row(judge, row, field, written):
    """The reject names the field and shows four digits at most; the other rows stay."""
    number = _luhn_19() if written == "19 digits" else (WRITTEN | WRAPPED)[written]

    judged = judge(row(), row(**{field: number}), row(trans_num="other"))

    assert judged.payments["row_index"].tolist() == [0, 2]
    [reject] = judged.rejects
    assert (reject.row_index, reject.reason) == (1, f"{field}_card_number")
    assert number not in reject.detail
    assert sum(map(str.isdigit, reject.detail)) == 4
    assert not judged.dropped


@pytest.mark.parametrize("value", [int(CARD), float(CARD)])
def test_a_number_where_a_text_was_expected_is_looked_at(judge, row, value):
    """A card number that came as a number is one in a text's place too."""
    assert judge(row(city=value)).rejects[0].reason == "city_card_number"


@pytest.mark.parametrize(
    "value",
    [
        "4539578763621487", "123456789012", "d87704164ece7c939484077f29bc3d53", f"{CARD[:14]}7f86ab{CARD[:12]}",
        "453957876362148645395", "0f4539578763621486abcdef01234567", "3f2504e0-4f89-41d3-9a0c-453957876362",
        "Shop 24/7, 12 Main St, 90210",
    ],
)  # fmt: skip
def test_what_is_no_card_number_stays(judge, row, value):
    """Digits that fail the check, ids of hexadecimal digits, longer numbers and addresses refuse nothing."""
    assert not judge(row(trans_num=value)).rejects


def test_ids_that_are_long_numbers_are_declared(judge, row):
    """A declared id may pass the check; written as only a card is, or as the payment's own card, it is refused."""
    fields = parse_field_map("numeric_ids: [trans_num]")
    rows = [row(trans_num=id_, cc_num="5555555555554444") for id_ in (CARD, int(CARD), "4539 5787 6362 1486",
            "5555555555554444", "order 5555555555554444")]  # fmt: skip
    rows.append(row(trans_num="ok", city=CARD))

    judged = judge(*rows, fields=fields)

    assert judged.payments["row_index"].tolist() == [0, 1]
    assert [one.row_index for one in judge(*rows).rejects] == [0, 1, 2, 3, 4, 5]


def test_an_id_that_stands_for_the_card_by_the_map_is_no_card_number(judge, row):
    """A map that makes the card of the id means no card number by it."""
    fields = parse_field_map("fields: {id: [trans_num, cc_num]}\nnumeric_ids: [trans_num]")
    payment = {"id": CARD} | {name: value for name, value in row().items() if name not in ("trans_num", "cc_num")}

    assert judge(payment, fields=fields).payments["trans_num"].tolist() == [CARD]


def test_a_field_map_says_which_ids_it_takes():
    """Another field, and what is no list, are refused with the cure."""
    with pytest.raises(SettingsError, match="city"):
        parse_field_map("numeric_ids: [city]")
    with pytest.raises(SettingsError, match="no list"):
        parse_field_map("numeric_ids: {trans_num: 1}")


@pytest.mark.parametrize("written", sorted(set(WRITTEN) - {"19 digits"}))
def test_a_message_shows_the_last_four_digits(written):
    """However the number is written, its other digits are not in the message."""
    shown = without_card_numbers(f"of {WRITTEN[written]} said")

    assert "*******" in shown
    assert card_number_in(shown) is None


def test_a_time_is_no_card_number_whatever_its_digits(times_that_pass):
    """One time in ten passes Luhn's check: it stays as it is, and a number right behind it does not."""
    assert len(times_that_pass) > 2
    for time in times_that_pass:
        assert without_card_numbers(f"at {time} by {time}, 12") == f"at {time} by {time}, 12"
        assert without_card_numbers(f"{time} {CARD}") == f"{time} ************1486"
    assert without_card_numbers("4539-57-87 63:62:14.86") != "4539-57-87 63:62:14.86"


@pytest.fixture
def times_that_pass():
    """Times whose digits pass Luhn's check."""
    times = [f"2026-11-20 10:31:{second:02}" for second in range(60)]
    return [time for time in times if card_number_in(re.sub(r"\D", "", time))]
