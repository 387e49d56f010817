"""Cards: numbers exact or refused, references as they are."""

import pytest

from fraud_scorer.ingest.card_references import (
    DIGITS_LOST,
    INVALID,
    MASKED,
    NO_CARD,
    NOT_FINITE,
    card_numbers,
    last_four,
)


@pytest.mark.parametrize(
    ("value", "card"),
    [
        (4532015112830366777, "4532015112830366777"),
        ("4532015112830366", "4532015112830366"),
        ("4532 0151-1283 0366", "4532015112830366"),
        ("1111-2222-3333-4444", "1111222233334444"),
        (3530111333300000.0, "3530111333300000"),
        ("3530111333300000.0", "3530111333300000"),
        ("４５３２０１５１１２８３０３６６", "4532015112830366"),
        ("0012345678", "0012345678"),
        (60416207185, "60416207185"),
    ],
)
def test_a_number_keeps_every_digit(value, card):
    """Integers, texts and whole floats below 2^53 give the same digits, whatever separates or prints them."""
    assert card_numbers([value]) == ([card], {})
    assert last_four(card) == card[-4:]


@pytest.mark.parametrize(
    "reference",
    [
        "card_1MzFqA2eZvKY",
        "sq-1-aB3_dE6-gH9jKmN0pQaB3_dE6-gH9jKmN0pQaB3_dE6-gH9jKmN0pQrStUvWxYz0123",
        "c29tZS1iYXNlNjQtdG9rZW4rLz0=",
        "tok/AB+cd12==",
        "A" * 64,
        "550e8400-e29b-41d4-a716-446655440000",
        "12345",
        "12345678901234567890123",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "0123456789abcdef" * 15,
        "customer 12, second card",
        "карта-№5",
        "é" * 127,
        "xxxxaBcdef12",
        "a..b12",
        "cus#12##34",
    ],
)
def test_any_other_text_is_a_reference(reference):
    """It is only hashed: letters, signs, spaces and up to 255 bytes are its own; its end is no card's last four."""
    assert card_numbers([reference, f" {reference} "]) == ([reference] * 2, {})
    assert last_four(reference) == ""


def test_a_short_number_is_a_reference():
    """A customer's number may stand for the card, as text or integer or float."""
    assert card_numbers([1234567, "1234567", 12.0, 10**19]) == (["1234567", "1234567", "12", str(10**19)], {})


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (float(2**53), DIGITS_LOST),
        (4.532015112830367e18, DIGITS_LOST),
        ("4532015112830366777.0", DIGITS_LOST),
        ("4.532015112830367e+18", DIGITS_LOST),
        (float("nan"), NOT_FINITE),
        (float("inf"), NOT_FINITE),
        (4532015112830366.5 / 4, INVALID),
        (-4532015112830366, INVALID),
        (0, INVALID),
        pytest.param(10**5000, INVALID, id="5000 digits"),
        ("45320151\x0012830366", INVALID),
        ("é" * 128, INVALID),
        ("************0366", MASKED),
        ("XXXXXXXXXXXX0366", MASKED),
        ("XXXX1234", MASKED),
        ("4***...1111", MASKED),
        ("4532 01** **** 0366", MASKED),
        ("453201xxxxxx0366", MASKED),
        ("•••• 1111", MASKED),
        ("…1111", MASKED),
        ("Visa ****1111", MASKED),
        ("Mastercard ending in 4444", MASKED),
        ("last4: 1111", MASKED),
        ("null", NO_CARD),
        ("N/A", NO_CARD),
        ("Unknown", NO_CARD),
        ("---", NO_CARD),
        ("0000", NO_CARD),
    ],
)
def test_a_card_that_cannot_be_told_from_others_is_refused(value, fault):
    """Lost digits, masks, and words for no card would join payments of different cards."""
    assert card_numbers([value]) == ([""], {0: fault})


def test_a_float_that_equals_an_exact_number_is_still_refused():
    """10^17 as an integer is a card, as a float it is not, though Python calls them equal."""
    for position, values in enumerate(([1e17, 10**17], [10**17, 1e17])):
        cards, faults = card_numbers(values)

        assert cards[1 - position] == "100000000000000000"
        assert faults == {position: DIGITS_LOST}
