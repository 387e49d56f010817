"""Card numbers: exact or refused."""

import pytest

from fraud_scorer.payments.cards import DIGITS_LOST, INVALID, MASKED, NOT_FINITE, card_numbers


@pytest.mark.parametrize(
    ("value", "card"),
    [
        (4532015112830366777, "4532015112830366777"),
        ("4532015112830366", "4532015112830366"),
        ("4532 0151-1283 0366", "4532015112830366"),
        (3530111333300000.0, "3530111333300000"),
        ("0012345678", "0012345678"),
        (60416207185, "60416207185"),
        ("card_1MzFqA2eZvKY", "card_1MzFqA2eZvKY"),
    ],
)
def test_a_card_keeps_every_digit(value, card):
    """Integers, texts and whole floats below 2^53 give the same digits; references pass as they are."""
    assert card_numbers([value]) == ([card], {})


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (float(2**53), DIGITS_LOST),
        (4.532015112830367e18, DIGITS_LOST),
        (float("nan"), NOT_FINITE),
        (float("inf"), NOT_FINITE),
        (4532015112830366.5 / 4, INVALID),
        (1234567, INVALID),
        (-4532015112830366, INVALID),
        (10**19, INVALID),
        pytest.param(10**5000, INVALID, id="5000 digits"),
        ("4.532015112830367e+18", INVALID),
        ("45320151\x0012830366", INVALID),
        ("１２３４５６７８９０", INVALID),
        ("1234567", INVALID),
        ("************0366", MASKED),
        ("XXXXXXXXXXXX0366", MASKED),
    ],
)
def test_a_card_that_cannot_be_told_from_others_is_refused(value, fault):
    """Lost digits, masks and nonsense are faults."""
    assert card_numbers([value]) == ([""], {0: fault})


def test_a_float_that_equals_an_exact_number_is_still_refused():
    """10^17 as an integer is a card, as a float it is not, though Python calls them equal."""
    for position, values in enumerate(([1e17, 10**17], [10**17, 1e17])):
        cards, faults = card_numbers(values)

        assert cards[1 - position] == "100000000000000000"
        assert faults == {position: DIGITS_LOST}
