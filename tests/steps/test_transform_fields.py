"""transform with a field map: answers in the shapes that other teams' APIs have."""

import json
from datetime import UTC, datetime

import pytest

from fraud_scorer.ingest.field_map import parse_field_map
from fraud_scorer.steps.transform import TransformConfig

AT = int(datetime(2026, 11, 20, 9, 59, tzinfo=UTC).timestamp())


@pytest.fixture
def read(run, work, store):
    """A function that sends records through transform by a field map's text."""

    def through(records, text):
        fields = parse_field_map(text)
        config = TransformConfig(fields=fields, rules=fields.rules(time_zone="UTC", currency="USD"))
        return run([work(0, json.dumps({"data": records}).encode())], store, config=config)

    return through


def test_any_card_reference_is_a_card(read):
    """Base64, colons, 128 digits, a short number: only hashed, each its own; people see what the API calls its end."""
    references = ["c29tZS1iYXNlNjQ=", "tok/AB+cd12==", "A" * 64, "12345", "sha256:" + "0a" * 32, "0123456789abcdef" * 8]
    records = [
        {"id": f"p{number}", "at": AT + number, "sum": 1000, "shop": "L1", "card": {"fp": reference, "last": "5858"}}
        for number, reference in enumerate(references)
    ]
    fields = "id: trans_num\nat: unix_time\nsum: amt_minor\nshop: merchant\ncard.fp: cc_num\ncard.last: card_last4"
    result = read(records, fields)

    assert len(result.quarantine) == 0
    assert result.payments["card_token"].nunique() == len(references) == len(result.features)
    assert set(result.payments["card_last4"]) == {"5858"}
    assert set(read(records, fields.rsplit("\n", 1)[0]).payments["card_last4"]) == {""}


def test_a_payment_that_names_no_card_is_a_card_of_its_own_if_declared(read):
    """The first reference that is there, the payment's id where none is; a merchant out of a list."""
    methods = [
        {"card": {"fp": "Fp01"}},
        {"sepa": {"fp": "Fs02"}},
        {"wallet": {"payer": "W3"}},
        {"ideal": {}},
        {"card": {"fp": "Fp01"}},
    ]
    records = [
        {"id": f"py_{number}", "at": AT + number, "sum": 1000, "by": method, "units": [{"payee": {"id": "MX"}}]}
        for number, method in enumerate(methods)
    ]  # fmt: skip
    result = read(
        records,
        "at: unix_time\nsum: amt_minor\nby.card.fp: cc_num\nby.sepa.fp: cc_num\nby.wallet.payer: cc_num\n"
        "units.0.payee.id: merchant\nid: [trans_num, cc_num]",
    )

    assert len(result.features) == 5
    assert result.payments["card_token"].nunique() == 4
    assert set(result.payments["merchant"]) == {"MX"}


def test_spending_as_negative_amounts_is_scored_once_declared(read):
    """Undeclared they are refunds."""
    records = [{"id": f"t{number}", "at": AT, "sum": -500, "card": "acc_1", "shop": "Bus"} for number in range(3)]
    fields = "id: trans_num\nat: unix_time\nsum: amt_minor\ncard: cc_num\nshop: merchant\n"
    declared = "fields:\n" + "".join(f"  {line}\n" for line in fields.splitlines()) + "amounts: {spending: negative}"

    assert len(read(records, fields).features) == 0
    assert len(read(records, declared).features) == 3
    assert set(read(records, declared).payments["amount_cents"]) == {500}


def test_dropped_values_are_counted_by_reason(read):
    """The payment is scored without them."""
    record = {"trans_num": "t", "unix_time": AT, "amt": 5, "cc_num": "card-1", "merchant": "M", "lat": 200, "dob": "?"}
    result = read([record], "trans_num: trans_num")

    assert len(result.features) == 1
    assert json.loads(result.batches["dropped"][0]) == {"coordinates_out_of_range": 1, "dob_not_a_date": 1}
