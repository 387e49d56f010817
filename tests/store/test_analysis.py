"""Stored payments as the data scientist gets them: to train on, to backtest, to explain; and shadow decisions."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from fraud_scorer.store.analysis import (
    long_engine,
    payment_to_explain,
    payments_to_backtest,
    payments_to_train,
    stored_profiles,
)
from fraud_scorer.store.shadow import write_shadow_scores

EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
OLD, NEW = datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def stored(world):
    """A fraud and a genuine payment with known labels, and a refund."""
    rows = [
        {"trans_num": world.trans_num("fraud"), "event_time": OLD, "payload_is_fraud": True, "amount_cents": 90_000},
        {"trans_num": world.trans_num("fine"), "event_time": OLD, "payload_is_fraud": False},
        {"trans_num": world.trans_num("refund"), "event_time": OLD, "amount_cents": -500},
    ]
    world.minute(1, rows, score=0.75)
    return world


def _shadow(world, names, probability, model="shadow"):
    return pd.DataFrame(
        {
            "trans_num": [world.trans_num(name) for name in names],
            "model_hash": model,
            "raw_score": probability,
            "fraud_probability": probability,
            "threshold": 0.5,
            "flagged": probability >= 0.5,
        }
    )


def test_training_gets_payments_with_the_label_in_force(stored):
    """Typed as the feature function reads them, refunds left out, a verdict above the payload's label."""
    fine = stored.trans_num("fine")
    stored.rows(
        "insert into labels (trans_num, source, verdict, known_at, author)"
        f" values ('{fine}', 'verdict', 'fraud', now() - interval '1 day', 'ann')"
    )
    payments = payments_to_train(long_engine(stored.url), *EVER)
    assert set(payments["trans_num"]) == {fine, stored.trans_num("fraud")}
    assert payments["payload_is_fraud"].tolist() == [True, True]
    assert str(payments["event_time"].dtype) == "datetime64[us, UTC]"
    assert set(payments["event_time"]) == {pd.Timestamp(OLD)}
    assert (payments["landing_seq"] == 1).all()
    assert len(stored_profiles(long_engine(stored.url))) == 0


def test_a_card_whose_key_was_rotated_is_one_card(world):
    """Twice, and back again: every token of a card becomes one, other cards keep theirs; noting it again is nothing."""
    tokens = {letter: letter * 64 for letter in "abcx"}
    for number, letter in enumerate("abcx", start=1):
        world.minute(number, [{"trans_num": world.trans_num(letter), "event_time": OLD, "card_token": tokens[letter]}])
    for earlier, now in (("a", "b"), ("b", "c"), ("c", "b"), ("c", "b"), ("d", "b")):
        world.store.note_card_tokens({tokens.get(earlier, "d" * 64): tokens[now]})
    payments = payments_to_train(long_engine(world.url), *EVER).set_index("trans_num")["card_token"]
    assert len({payments[world.trans_num(letter)] for letter in "abc"}) == 1
    assert payments[world.trans_num("x")] == tokens["x"]
    assert payments.dtype == "str"
    assert world.rows("select count(*) from card_tokens") == [(3,)], "what is stored under no token needs no link"


def test_a_label_that_is_not_known_yet_is_null(world):
    """Within the label delay nothing is known."""
    recent = datetime.now(UTC).replace(microsecond=0)
    world.minute(1, [{"trans_num": world.trans_num("a"), "event_time": recent, "payload_is_fraud": True}])
    payments = payments_to_train(long_engine(world.url), *EVER)
    assert payments["payload_is_fraud"].isna().all()


def test_a_backtest_reads_the_live_decisions(stored):
    """Probability, amount and label, refunds left out; a period without payments is empty."""
    payments = payments_to_backtest(long_engine(stored.url), *EVER, None)
    assert payments["fraud_probability"].tolist() == [0.75, 0.75]
    assert dict(zip(payments["amount_cents"], payments["label"], strict=True)) == {90_000: "fraud", 1_000: "not_fraud"}
    assert len(payments_to_backtest(long_engine(stored.url), NEW, NEW, None)) == 0


def test_a_backtest_of_a_shadow_model_reads_its_decisions(stored):
    """Only payments that the shadow model has scored; the first digits of its hash name it."""
    write_shadow_scores(long_engine(stored.url), _shadow(stored, ["fraud"], 0.25))
    payments = payments_to_backtest(long_engine(stored.url), *EVER, "shad")
    assert payments["fraud_probability"].tolist() == [0.25]


def test_shadow_decisions_written_again_change_nothing(stored):
    """A replay writes no row; another decision on the same payment replaces the old one."""
    engine = long_engine(stored.url)
    assert write_shadow_scores(engine, _shadow(stored, ["fraud", "fine"], 0.25)) == 2
    assert write_shadow_scores(engine, _shadow(stored, ["fraud", "fine"], 0.25)) == 0
    assert write_shadow_scores(engine, _shadow(stored, ["fine"], 0.625)) == 1
    assert write_shadow_scores(engine, _shadow(stored, ["fine", "fine"], 0.625, model="other")) == 1
    assert write_shadow_scores(engine, _shadow(stored, [], 0.5)) == 0
    found = stored.rows("select fraud_probability, flagged from shadow_scores order by model_hash, fraud_probability")
    assert found == [(0.625, True), (0.25, False), (0.625, True)]


def test_one_payment_is_found_with_what_the_scorer_saw(stored):
    """Decision, reasons, label and the model's input; an unknown id is None."""
    payment = payment_to_explain(long_engine(stored.url), stored.trans_num("fraud"))
    assert payment["fraud_probability"] == 0.75
    assert payment["reasons"][0]["code"] == "rapid_payments"
    assert payment["label"] == "fraud"
    assert len(payment["features"]) == 3
    assert payment_to_explain(long_engine(stored.url), "unknown") is None
