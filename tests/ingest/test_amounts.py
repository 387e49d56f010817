"""Amounts: exact minor units; what does not fit is refused, never rounded away."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_scorer.ingest.amounts import AmountNotation, minor_units, sample_fault

CURRENCIES = {"USD": 2, "JPY": 0, "KWD": 3, "CLF": 4}
PLAIN = AmountNotation()


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.floats(-1e9, 1e9),
                st.integers(-(10**12), 10**12),
                st.decimals(-(10**6), 10**6, places=5).map(float),
                st.decimals(-(10**6), 10**6, places=2).map(float),
                st.decimals(-(10**6), 10**6, places=3).map(str),
            ),
            st.sampled_from(sorted(CURRENCIES)),
        ),
        max_size=20,
    )
)
def test_an_amount_is_its_printed_decimal_or_a_fault(rows):
    """Each amount equals its printed decimal in minor units; one that has decimals too many is a fault."""
    amounts, currencies = [amount for amount, _ in rows], [currency for _, currency in rows]
    units, faults = minor_units(amounts, currencies)

    for row, (amount, currency) in enumerate(rows):
        exact = Decimal(str(amount)).scaleb(CURRENCIES[currency])
        whole = exact.quantize(Decimal(1), ROUND_HALF_EVEN)
        if abs(exact - whole) > Decimal("0.01"):
            assert faults[row][0] == "too_many_decimals"
        elif exact == whole:
            assert row not in faults
            assert units[row] == whole


def test_what_binary_fractions_leave_behind_is_no_decimal():
    """0.1 + 0.2 is thirty cents, and a large sum of cents is itself."""
    units, faults = minor_units([0.1 + 0.2, 1e9 + 0.1 + 0.2, 4.35 * 100 / 100], ["USD"] * 3)

    assert units.tolist() == [30, 100_000_000_030, 435]
    assert faults == {}


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(1.005, "USD"), (1.234, "EUR"), ("1.234", "EUR"), ("12.500", "JPY"), (12.5, "JPY"), ("0.5", "JPY"),
     (1.23456, "KWD"), ("12.500", "EUR"), ("12.000", "JPY"), ("123.45678", "CLF")],
)  # fmt: skip
def test_decimals_that_the_currency_lacks_are_refused(amount, currency):
    """They mean another currency, another unit or thousands: nobody knows which; so does a text of three decimals."""
    units, faults = PLAIN.major([amount], [currency])

    assert units.tolist() == [0]
    assert faults[0][0] == "too_many_decimals"
    assert currency in faults[0][1]


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("12.50", "EUR", 1250), ("12.5000", "EUR", 1250), ("0.500", "EUR", 50), ("1234.500", "EUR", 123450),
     (12.0, "JPY", 12), ("12.500", "KWD", 12500), ("+7", "USD", 700), (" 7.10 ", "USD", 710), (None, "USD", 0)],
)  # fmt: skip
def test_zeros_that_cannot_mean_thousands_are_zeros(amount, currency, units):
    """What a database prints with fixed decimals is exact."""
    assert PLAIN.major([amount], [currency])[0].tolist() == [units]
    assert PLAIN.major([amount], [currency])[1] == {}


@pytest.mark.parametrize(
    ("sample", "text", "currency", "units"),
    [("1.234,56", "12.500", "JPY", 12500), ("1.234,56", "1.234.567,8", "EUR", 123456780),
     ("1.234,56", "-3,05", "EUR", -305),     ("1234,56", "12,5", "EUR", 1250), ("1,234.56", "12,500", "JPY", 12500),
     ("1 234,56", "1\u00a0234,50", "EUR", 123450),
     ("1'234.56", "1'234.50", "CHF", 123450), ("1234.56", "12.500", "EUR", 1250)],
)  # fmt: skip
def test_a_declared_format_is_read(sample, text, currency, units):
    """The declaration says which sign separates thousands, and which decimals."""
    assert AmountNotation(sample=sample).major([text], [currency]) == (pytest.approx([units]), {})


@pytest.mark.parametrize(
    ("sample", "text", "reason"),
    [("1.234,56", "12.50", "not_a_number"), ("1.234,56", "1.2345,00", "not_a_number"),
     ("1234.56", "12,50", "not_a_number"),
     (None, "12,50", "not_a_number"), (None, "1e5", "not_a_number"), (None, "9" * 14, "out_of_range"),
     ("1,234.56", "1,234.567", "too_many_decimals")],
)  # fmt: skip
def test_what_is_not_in_the_declared_format_is_refused(sample, text, reason):
    """A text in another format is never guessed."""
    assert AmountNotation(sample=sample).major([text], ["EUR"])[1][0][0] == reason


def test_providers_own_decimals_are_declared():
    """Two digits for krónur, none for ariary: read into the currency's own unit; what that cannot hold is refused."""
    form = AmountNotation(decimals={"ISK": 2, "UGX": 2, "MGA": 0})
    units, faults = form.minor([10000, 10050, 5, 1234, None], ["ISK", "UGX", "MGA", "EUR", "ISK"])

    assert units.tolist() == [100, 100, 500, 1234, 0]
    assert faults == {1: ("too_many_decimals", "has more decimals than UGX, which has 0")}


def test_spending_may_be_negative():
    """Declared so, a negative amount is a payment and a positive one a refund, in either unit."""
    form = AmountNotation(spending_is_negative=True)

    assert form.major([-12.5, 3], ["EUR", "EUR"])[0].tolist() == [1250, -300]
    assert form.minor([-1250, 300], ["EUR", "EUR"])[0].tolist() == [1250, -300]


@pytest.mark.parametrize("sample", ["1234", "1.234.56", "1,234,56", "12.50", 1234.56, None])
def test_a_sample_that_shows_no_format_is_told(sample):
    """The sample is always the same number, so that it says all there is to say."""
    assert "1234.56" in sample_fault(sample)
