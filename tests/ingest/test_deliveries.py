"""What a delivery is to the store: new, a correction, unchanged, late, or to be decided anew."""

import pandas as pd
import pytest

from fraud_scorer.domain.frames import CORRECTION, LATE, NEW, PAYMENT_COLUMNS, RESCORE, UNCHANGED
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.ingest.deliveries import (
    KNOWN_COLUMNS,
    classify,
    drop_repeats,
    empty_frame,
    known_after,
    payments_frame,
    tokenise,
)
from fraud_scorer.ingest.validate import ValidationRules, validate

TOKENS = CardTokens((("k1", b"o" * 32),))
NOBODY = empty_frame(KNOWN_COLUMNS)


@pytest.fixture
def batch(row, received_at):
    """Tokenised payments of rows with these changes."""

    def make(*changes, tokens=TOKENS):
        rows = [row(**one) for one in changes]
        columns = {name: [one.get(name) for one in rows] for name in row()}
        valid = validate(columns, len(rows), rules=ValidationRules(), received_at=received_at).payments
        return tokenise(drop_repeats(valid), tokens)

    return make


def deliveries(tokenised, known, landing_seq, *, rescore=False):
    """How each payment is delivered."""
    return classify(tokenised, known, landing_seq, rescore=rescore)["delivery"].tolist()


def stored(batch_frame, landing_seq):
    """What is known once the batch is stored."""
    return known_after(NOBODY, classify(batch_frame, NOBODY, landing_seq, rescore=False), landing_seq)


def test_the_last_delivery_inside_a_batch_wins(batch):
    """Three deliveries of one payment collapse into the last."""
    frame = batch({"amt": 1}, {"amt": 2}, {"trans_num": "other"}, {"amt": 3})

    assert dict(zip(frame["trans_num"], frame["amount_cents"], strict=True)) == {
        "other": 4506, "d87704164ece7c939484077f29bc3d53": 300
    }  # fmt: skip


@pytest.mark.parametrize(
    ("landing_seq", "changes", "rescore", "delivery"),
    [
        (10, {}, False, UNCHANGED),
        (11, {}, False, UNCHANGED),
        (9, {"amt": 9}, False, LATE),
        (10, {"amt": 9}, False, CORRECTION),
        (11, {"amt": 9}, False, CORRECTION),
        (11, {"current_time": 1_795_170_000_000}, False, UNCHANGED),
        (11, {"is_fraud": 1}, False, UNCHANGED),
        (10, {}, True, RESCORE),
        (11, {}, True, UNCHANGED),
        (9, {"amt": 9}, True, LATE),
    ],
)
def test_a_known_payment_is_judged_by_sequence_and_body(batch, landing_seq, changes, rescore, delivery):
    """Stored under 10: an older batch's comes late, another body corrects, only its own batch rescores."""
    known = stored(batch({}), 10)

    assert deliveries(batch(changes), known, landing_seq, rescore=rescore) == [delivery]


def test_what_landed_between_the_first_and_the_latest_changes_nothing(batch):
    """Stored under 10 and corrected under 12: the body of 11 is known to be older, and the time stays the first's."""
    known = stored(batch({}), 10).assign(landing_seq=12)
    between = classify(batch({"amt": 9, "current_time": 1_795_170_000_000}), known, 11, rescore=False)

    assert between["delivery"].tolist() == [UNCHANGED]
    assert between["event_time"].tolist() == known["event_time"].tolist()


def test_a_late_delivery_keeps_its_own_time(batch):
    """It landed first: the payment's time will be its."""
    earlier = batch({"current_time": 1_795_170_000_000})
    late = classify(earlier, stored(batch({}), 10), 9, rescore=False)

    assert late["event_time"].tolist() == earlier["event_time"].tolist()


def test_an_unknown_payment_is_new(batch):
    """New stays new under rescore."""
    assert deliveries(batch({}), NOBODY, 5, rescore=True) == [NEW]


def test_a_refund_is_not_rescored(batch):
    """Nothing was decided about it."""
    known = stored(batch({"amt": -5}), 10)

    assert deliveries(batch({"amt": -5}), known, 10, rescore=True) == [UNCHANGED]


def test_a_repeat_keeps_the_stored_event_time_and_the_age(batch):
    """A later delivery with another time moves nothing, makes nobody older, and is no correction."""
    first = batch({})
    repeat = batch({"current_time": 1_795_170_600_000})
    known = stored(first, 10)

    frames = [
        payments_frame(classify(one, known, 11, rescore=False), "2026-11-20T10:31Z", 11) for one in (first, repeat)
    ]

    assert frames[1]["event_time"].tolist() == [pd.Timestamp("2026-11-20T10:31:00Z")]
    assert frames[0]["age_years"].tolist() == frames[1]["age_years"].tolist()
    assert 50.3 < frames[0]["age_years"][0] < 50.4
    assert frames[0].dtypes.astype(str).to_dict().keys() == PAYMENT_COLUMNS.keys()


def test_known_follows_what_is_stored(batch):
    """After a correction the body is the later one, the first landing and the event time stay."""
    known = stored(batch({}), 10)
    corrected = classify(batch({"amt": 9, "current_time": 1_795_170_000_000}), known, 12, rescore=False)

    after = known_after(known, corrected, 12)

    assert after[["landing_seq", "first_landing_seq"]].to_numpy().tolist() == [[12, 10]]
    assert after["event_time"].tolist() == known["event_time"].tolist()
    assert after["body_hash"].tolist() == corrected["body_hash"].tolist()


@pytest.mark.parametrize(
    "changes",
    [{"amt": 45.07}, {"cc_num": 4532015112830367}, {"merchant": "x"}, {"category": None}, {"zip": "x"}, {"lat": 1},
     {"city_pop": None}, {"dob": None}, {"dob": "1976-07-23"}, {"gender": "M"}],
)  # fmt: skip
def test_each_stored_value_is_part_of_the_body(batch, changes):
    """Another value, another hash."""
    assert batch(changes)["body_hash"][0] != batch({})["body_hash"][0]


@pytest.mark.parametrize("changes", [{"zip": "49958"}, {"amt": "45.06"}, {"first": "Bea"}, {"is_fraud": None}])
def test_the_same_said_differently_is_the_same_body(batch, changes):
    """Form, names and labels do not make a correction."""
    assert batch(changes)["body_hash"][0] == batch({})["body_hash"][0]


def test_the_hash_is_what_it_was(batch):
    """A change of this value would turn every replay into corrections."""
    assert batch({})["body_hash"][0].hex() == "cc0629cf450538f9c6bc51f65475f1b06436d0829e4d3e30d4b1253a760d6ded"


def test_a_new_card_key_changes_tokens_and_no_hash(batch):
    """After a rotation replays still recognise what is stored."""
    rotated = CardTokens((("k2", b"n" * 32), ("k1", b"o" * 32)))
    before, after = batch({}), batch({}, tokens=rotated)

    assert before["card_token"][0] != after["card_token"][0]
    assert before["body_hash"][0] == after["body_hash"][0]
    assert after["card_last4"][0] == "0366"
