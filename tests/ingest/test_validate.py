"""validate: every row becomes a payment or a reject with its reason; none raises, none is guessed."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.field_map import OURS, FieldMap
from fraud_scorer.ingest.validate import ValidationRules, validate

PLAIN = ValidationRules()


@pytest.fixture
def judge(received_at):
    """Judge rows the way a body is judged: JSON and back, then validation."""

    def judged(*rows, rules=PLAIN):
        table = decode(json.dumps(list(rows)).encode())
        return validate(FieldMap().apply(table), len(table), rules=rules, received_at=received_at)

    return judged


def test_a_valid_payment_keeps_what_is_needed_and_drops_the_person(judge, row):
    """Values arrive typed and exact; name, street and job do not arrive at all."""
    payments = judge(row()).payments

    assert payments.iloc[0][["trans_num", "amount_cents", "currency", "card", "zip", "city_pop"]].tolist() == [
        "d87704164ece7c939484077f29bc3d53", 4506, "USD", "4532015112830366", "49958", 1270
    ]  # fmt: skip
    assert payments["event_time"][0] == pd.Timestamp("2026-11-20T10:31:00Z")
    assert payments["kind"][0] == "purchase"
    assert payments["payload_is_fraud"][0] == False  # noqa: E712 - a nullable boolean
    assert not {"first", "last", "street", "job", "dob"} & set(payments.columns)


def test_spaces_around_a_currency_say_nothing(judge, row):
    """As around every other text."""
    assert judge(row(currency=" eur ")).payments["currency"].tolist() == ["EUR"]


REJECTED = {
    "trans_num_missing": [{"trans_num": None}, {"trans_num": ...}, {"trans_num": ""}, {"trans_num": "  "}],
    "trans_num_not_text": [{"trans_num": 1.5}, {"trans_num": ["a"]}, {"trans_num": True}],
    "trans_num_too_long": [{"trans_num": "x" * 256}],
    "trans_num_nul_character": [{"trans_num": "a\0b"}],
    "trans_num_lone_surrogate": [{"trans_num": "a\ud800"}],
    "event_time_missing": [{"current_time": None}, {"current_time": ...}, {"current_time": ""}],
    "event_time_not_a_time": [{"current_time": "soon"}, {"current_time": True}, {"current_time": float("nan")}],
    "event_time_in_future": [{"current_time": 1_795_170_721_000 + 300_001}, {"current_time": 1e308}],
    "event_time_too_early": [{"current_time": 1_795_170_660}, {"current_time": -1}],
    "card_missing": [{"cc_num": None}, {"cc_num": ...}, {"cc_num": "no card"}],
    "card_digits_lost": [{"cc_num": 4.532015112830367e18}],
    "card_not_finite": [{"cc_num": float("inf")}],
    "card_invalid": [{"cc_num": "a\nb"}, {"cc_num": -12}, {"cc_num": 12.5}, {"cc_num": "é" * 200}],
    "card_lone_surrogate": [{"cc_num": "ref \ud800"}],
    "card_too_long": [{"cc_num": "x" * 256}],
    "card_masked": [{"cc_num": "************0366"}],
    "card_not_a_card_number": [{"cc_num": {"number": 1}}, {"cc_num": False}],
    "merchant_missing": [{"merchant": None}, {"merchant": ...}, {"merchant": ""}],
    "merchant_nul_character": [{"merchant": "Sho\0p"}],
    "merchant_lone_surrogate": [{"merchant": "Shop \udfff"}],
    "merchant_too_long": [{"merchant": "m" * 201}],
    "amount_missing": [{"amt": None}, {"amt": ...}, {"amt": ""}],
    "amount_not_finite": [{"amt": float("nan")}, {"amt": float("inf")}, {"amt": float("-inf")}],
    "amount_out_of_range": [{"amt": 1e308}, {"amt": -1e308}, {"amt": 10**400}, {"amt": "9" * 14}],
    "amount_not_a_number": [{"amt": "12,50"}, {"amt": "NaN"}, {"amt": [1]}, {"amt": True}],
    "amount_too_many_decimals": [{"amt": 1.234}, {"amt": "12.345"}, {"amt": "12.500", "currency": "JPY"}],
    "currency_not_a_currency": [{"currency": "Euro"}, {"currency": 978}],
}
DROPPED = {
    "coordinates_out_of_range": [{"lat": 90.1}, {"long": -180.5}, {"merch_lat": 1e308}, {"merch_long": 181}],
    "coordinates_not_finite": [{"lat": float("nan")}, {"merch_long": float("inf")}],
    "coordinates_not_a_number": [{"lat": "north"}, {"long": True}, {"lat": [46.7]}],
    "category_too_long": [{"category": "c" * 101}],
    "category_not_text": [{"category": 1.5}, {"category": {}}],
    "category_lone_surrogate": [{"category": "a\ud800"}],
    "city_nul_character": [{"city": "a\0"}],
    "zip_not_text": [{"zip": 1.5}, {"zip": True}],
    "city_pop_out_of_range": [{"city_pop": -1}, {"city_pop": 2**31}],
    "city_pop_not_a_number": [{"city_pop": 1.5}, {"city_pop": "many"}],
    "gender_too_long": [{"gender": "g" * 21}],
    "dob_not_a_date": [{"dob": "22.7.1976"}, {"dob": 19760722}],
    "dob_out_of_range": [{"dob": "2027-01-01"}, {"dob": "1850-01-01"}],
    "is_fraud_not_true_or_false": [{"is_fraud": "perhaps"}, {"is_fraud": 2}],
    "card_last4_not_four_digits": [{"card_last4": "12345"}, {"card_last4": "**11"}, {"card_last4": True}],
    "type_not_text": [{"type": ["refund"]}],
    "status_nul_character": [{"status": "\0"}],
}
COLUMN = {"lat": "home_lat", "long": "home_long", "dob": "birth_day", "is_fraud": "payload_is_fraud"}


@pytest.mark.parametrize(
    ("reason", "changes"), [(reason, changes) for reason, several in DROPPED.items() for changes in several]
)
def test_an_unusable_optional_value_is_dropped_and_told(judge, row, reason, changes):
    """The payment goes on without it, as if it had not come; its neighbours keep theirs; no value is quoted."""
    judged = judge(row(trans_num="before"), row(trans_num="itself", **changes), row(trans_num="after"))
    without = judge(row(trans_num="itself", **dict.fromkeys(changes, ...)))

    assert judged.rejects == []
    assert [(one.row_index, one.reason) for one in judged.dropped] == [(1, reason)]
    pd.testing.assert_frame_equal(
        judged.payments.loc[[1]].drop(columns="row_index").reset_index(drop=True),
        without.payments.drop(columns="row_index"),
        check_dtype=False,
    )
    (field,) = changes
    if (column := COLUMN.get(field, field)) in judged.payments:
        assert judged.payments.loc[[0, 2], column].notna().all()


def test_what_a_refused_payment_drops_is_not_counted(judge, row):
    """Only payments that go on are told to lack a value."""
    judged = judge(row(trans_num=None, lat=200, city="a\0"))

    assert [one.reason for one in judged.rejects] == ["trans_num_missing"]
    assert judged.dropped == []


@pytest.mark.parametrize(
    ("reason", "changes"), [(reason, changes) for reason, several in REJECTED.items() for changes in several]
)
def test_what_is_wrong_is_rejected_with_its_reason(judge, row, reason, changes):
    """Each fault has a short code and a sentence; its neighbours stay valid; no value is quoted."""
    judged = judge(row(trans_num="before"), row(**changes), row(trans_num="after"))

    assert [(one.row_index, one.reason) for one in judged.rejects] == [(1, reason)]
    assert judged.payments["trans_num"].tolist() == ["before", "after"]
    assert judged.payments["row_index"].tolist() == [0, 2]
    assert "4532015112830366" not in judged.rejects[0].detail


ACCEPTED = {
    "trans_num": [({"trans_num": "12345678e90123456789012345678901"}, "12345678e90123456789012345678901"),
                  ({"trans_num": 9007199254740993}, "9007199254740993")],
    "merchant": [({"merchant": 4711}, "4711"), ({"merchant": "Café ☕"}, "Café ☕")],
    "amount_cents": [({"amt": -5}, -500), ({"amt": 0}, 0), ({"amt": "12.34"}, 1234), ({"amt": 0.1 + 0.2}, 30),
                     ({"amt": ..., "amt_minor": 1999}, 1999), ({"amt": 1200, "currency": "jpy"}, 1200)],
    "currency": [({"currency": "eur"}, "EUR"), ({"currency": None}, "USD")],
    "zip": [({"zip": 2134}, "02134"), ({"zip": "2134"}, "2134"), ({"zip": "SW1A 1AA"}, "SW1A 1AA"),
            ({"zip": 2134.0}, "02134")],
    "card": [({"cc_num": 4532015112830366777}, "4532015112830366777")],
    "home_lat": [({"lat": "46.5"}, 46.5), ({"lat": -90}, -90.0)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "changes", "value"), [(column, *case) for column, several in ACCEPTED.items() for case in several]
)
def test_what_is_right_arrives_as_meant(judge, row, column, changes, value):
    """Ids are never parsed, amounts are exact, integer zips get their zeros back."""
    judged = judge(row(**changes))

    assert judged.rejects == []
    assert judged.payments[column][0] == value


def test_everything_optional_may_be_missing(judge, row):
    """Missing is null, not zero: whether the field is absent, null or an empty text."""
    optional = ["category", "gender", "city", "state", "zip", "lat", "long", "city_pop", "dob", "merch_lat",
                "merch_long", "is_fraud"]  # fmt: skip
    for nothing in (..., None, ""):
        judged = judge(row(**dict.fromkeys(optional, nothing)))

        assert judged.rejects == []
        missing = judged.payments.loc[0].isna()
        assert set(missing[missing].index) == {
            "category", "gender", "city", "state", "zip", "home_lat", "home_long", "city_pop", "birth_day", "merch_lat",
            "merch_long", "payload_is_fraud",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"current_time": 1_795_170_660}, "under current_time looks like seconds, map it to unix_time"),
        ({"current_time": 1_795_170_660_000_000}, "under current_time looks like microseconds, map it to unix_micros"),
        ({"current_time": 1_795_170_660_000_000_000}, "looks like nanoseconds, map it to unix_nanos"),
        ({"current_time": ..., "unix_time": 1_795_170_660_000},
         "unix_time looks like milliseconds, map it to current_time"),
        ({"current_time": 1_795_170_721_000 + 7_200_000}, "lies 2 hours after the answer came, 5 minutes are allowed"),
        ({"current_time": "soon"}, "as 2026-11-20T10:31:00Z, or a number since 1970: seconds as unix_time"),
        ({"trans_num": "x" * 300}, "is too long: 300 characters, 255 at most"),
        ({"amt": 1e13}, "1,000,000,000,000 at most"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_limit_and_the_cure(judge, row, changes, says):
    """The unit that a time seems to have, the forms that are read, what was passed and by how much."""
    assert says in judge(row(**changes)).rejects[0].detail


@pytest.mark.parametrize(("field", "factor"), [("unix_micros", 10**6), ("unix_nanos", 10**9)])
def test_small_units_of_time_are_read(judge, row, field, factor):
    """Exactly to the microsecond, as integer or text."""
    for value in (1_795_170_660 * factor + factor // 4, str(1_795_170_660 * factor + factor // 4)):
        payments = judge(row(current_time=..., **{field: value})).payments

        assert payments["event_time"][0] == pd.Timestamp("2026-11-20T10:31:00.25Z")


def test_last_four_are_of_a_number_or_told_by_the_api(judge, row):
    """A reference's end is shown to nobody as a card's; neither is an id's that stands for the card."""
    rows = [
        row(),
        row(cc_num="card_abc1234"),
        row(cc_num="card_abc1234", card_last4=42),
        row(cc_num=12345678, trans_num=12345678),
    ]

    assert judge(*rows).payments["card_last4"].tolist() == ["0366", "", "0042", ""]


def test_type_and_status_say_the_kind(judge, row):
    """Words that say nothing are told, and their payments are purchases."""
    rows = [row(type="refund"), row(status="DECLINED"), row(type="frobnicated"), row(type="verification", amt=0)]
    judged = judge(*rows)

    assert judged.payments["kind"].tolist() == ["refund", "decline", "purchase", "verification"]
    assert judged.payments["amount_cents"].tolist() == [-4506, 4506, 4506, 0]
    assert judged.unknown_kinds == ["frobnicated"]


def test_an_event_five_minutes_ahead_is_still_an_event(judge, row):
    """Exactly five minutes after the answer came is allowed, a millisecond more is not."""
    limit = 1_795_170_721_000 + 300_000

    assert judge(row(current_time=limit)).rejects == []
    assert judge(row(current_time=limit + 1)).rejects[0].reason == "event_time_in_future"


def test_a_naive_clock_is_read_in_the_zone_of_the_settings(judge, row):
    """11:31 in Berlin is 10:31 UTC."""
    payments = judge(row(current_time="2026-11-20 11:31:00"), rules=ValidationRules(time_zone="Europe/Berlin")).payments

    assert payments["event_time"][0] == pd.Timestamp("2026-11-20T10:31:00Z")
    assert payments["kind"][0] == "purchase"


def test_the_first_fault_of_a_row_is_its_reason(judge, row):
    """A row with several faults is rejected once."""
    assert len(judge(row(trans_num=None, amt="x", lat=1000, merchant="a\0")).rejects) == 1


def test_no_rows_give_an_empty_frame_with_the_same_dtypes(judge, row, received_at):
    """An empty answer fits beside a full one."""
    empty = validate({}, 0, rules=ValidationRules(), received_at=received_at).payments

    assert empty.dtypes.to_dict() == judge(row()).payments.dtypes.to_dict()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=80),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@pytest.mark.integration  # takes seconds
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(sorted(OURS)), json_values), max_size=4),
    time_zone=st.sampled_from(["UTC", "Asia/Kathmandu"]),
)
def test_any_row_is_a_payment_or_a_reject(judge, row, rows, time_zone):
    """Whatever JSON holds, each row comes out exactly once, and what is valid can be stored."""
    rows = [row(**changes) for changes in rows]
    judged = judge(*rows, rules=ValidationRules(time_zone=time_zone))

    out = sorted([*judged.payments["row_index"], *(one.row_index for one in judged.rejects)])
    assert out == list(range(len(rows)))
    for name in ("trans_num", "merchant", "category", "city", "zip"):
        for text in judged.payments[name].dropna():
            assert "\0" not in text
            text.encode()
    assert np.isfinite(judged.payments["amount_cents"]).all()
