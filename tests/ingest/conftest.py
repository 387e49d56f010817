"""A valid payment as the public API writes it, to be changed value by value."""

from datetime import UTC, datetime

import pytest

RECEIVED_AT = datetime(2026, 11, 20, 10, 32, 1, tzinfo=UTC)


@pytest.fixture
def received_at():
    """When the answer came: 61 seconds after the payment's event."""
    return RECEIVED_AT


@pytest.fixture
def row():
    """A function that makes a payment: `row(amt=5)` changes a value, `row(amt=...)` leaves the field out."""

    def make(**changes):
        payment = {
            "cc_num": 4532015112830366, "merchant": "fraud_Kihn-Fritsch", "category": "shopping_net", "amt": 45.06,
            "first": "Ada", "last": "Byron", "gender": "F", "street": "1 Mill Lane", "city": "Pelkie", "state": "MI",
            "zip": 49958, "lat": 46.7949, "long": -88.6251, "city_pop": 1270, "job": "Engineer", "dob": "1976-07-22",
            "trans_num": "d87704164ece7c939484077f29bc3d53", "merch_lat": 46.98, "merch_long": -88.88, "is_fraud": 0,
            "current_time": 1_795_170_660_000,
        }  # fmt: skip
        return {name: value for name, value in (payment | changes).items() if value is not ...}

    return make
