"""Amounts: exact minor units, whatever a float makes of decimals."""

from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given
from hypothesis import strategies as st

from fraud_scorer.payments.amounts import minor_units

CURRENCIES = {"USD": 2, "JPY": 0, "KWD": 3, "CLF": 4}


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.floats(-1e12, 1e12),
                st.integers(-(10**12), 10**12),
                st.decimals(-(10**6), 10**6, places=5).map(float),
                st.decimals(-(10**6), 10**6, places=3).map(str),
            ),
            st.sampled_from(sorted(CURRENCIES)),
        ),
        max_size=20,
    )
)
def test_the_fast_way_is_decimal_rounding(rows):
    """Each amount equals its printed decimal, rounded half even to the currency's places."""
    amounts, currencies = [amount for amount, _ in rows], [currency for _, currency in rows]
    expected = [
        int(Decimal(str(amount)).scaleb(CURRENCIES[currency]).quantize(Decimal(1), ROUND_HALF_EVEN))
        for amount, currency in rows
    ]

    assert minor_units(amounts, currencies).tolist() == expected


def test_halves_go_to_the_even_cent():
    """1.005, which a float cannot hold, is still a half."""
    assert minor_units([1.005, 1.015, 2.675, -1.005], ["USD"] * 4).tolist() == [100, 102, 268, -100]
