"""What is said to whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fraud_scorer.alerting.compose import FloodGuard
from fraud_scorer.alerting.routing import RoutingRule, RoutingRules

NOW = datetime(2026, 11, 20, 10, 32, 4, tzinfo=UTC)


def test_one_digest_a_recipient(make_desk):
    """Everyone who is told gets one message with every flagged payment of the batch."""
    desk = make_desk(rules=RoutingRules(otherwise=("a@example.org", "b@example.org", "slack")))
    messages = desk.add("t1").add("t2").add("honest", flagged=False).compose()

    assert [(message.channel, message.recipient) for message in messages] == [
        ("email", "a@example.org"),
        ("email", "b@example.org"),
        ("slack", "slack"),
    ]
    assert {message.trans_nums for message in messages} == {("t1", "t2")}
    assert len({message.message_id for message in messages}) == 3
    assert {message.batch_id for message in messages} == {"2026-11-20T10:31Z"}


def test_sorted_by_expected_loss_currencies_taking_turns(desk):
    """The payment with the highest amount x probability comes first; yen crowd out no dollars."""
    desk.add("cents", amount_cents=90_000, fraud_probability=0.9)
    desk.add("likely", amount_cents=80_000, fraud_probability=1.0)
    desk.add("yen", amount_cents=9_000_000, currency="JPY", fraud_probability=0.8)
    desk.add("more-yen", amount_cents=9_900_000, currency="JPY", fraud_probability=0.8)

    [message] = desk.compose()

    told = [payment["trans_num"] for payment in message.content["payments"]]
    assert told == ["cents", "more-yen", "likely", "yen"]


def test_content_is_json_without_card_or_token(desk):
    """What is frozen says what a reader needs and nothing that identifies the card but its last four digits."""
    [message] = desk.add("t1").compose()

    frozen = json.dumps(message.content, allow_nan=False)
    assert "abababab" not in frozen
    assert "4539578763621486" not in frozen
    assert message.content["payments"] == [
        {
            "trans_num": "t1",
            "amount_cents": 96_710,
            "currency": "USD",
            "merchant": "Kuhn LLC",
            "category": "shopping, online",
            "place": "Austin, TX",
            "distance_km": 2432,
            "local_time": "Fri 20 Nov, 04:31:24 CST",
            "last4": "1486",
            "probability": 0.97,
            "reasons": [
                "6 payments with this card in the last hour",
                "The amount is 14 times this card's usual amount",
                "The shop is far from home",
            ],
            "look_url": "https://fraud.example.org/?payment=t1",
            "snooze_url": "https://fraud.example.org/?payment=t1&snooze=card",
        }
    ]


def test_reasons_as_parquet_gives_them_back(desk):
    """Reasons that went through a Parquet file, and so became an array, are told all the same."""
    desk.add("t1")
    desk.decisions[0]["reasons"] = np.array(desk.decisions[0]["reasons"], dtype=object)

    [message] = desk.compose()

    assert len(message.content["payments"][0]["reasons"]) == 3


def test_missing_facts_are_left_out(desk):
    """A payment with nothing but the required fields is told with what is known."""
    desk.add("t1", category=None, city=None, state=None, home_lat=float("nan"))
    desk.decisions[0]["reasons"] = None

    [message] = desk.compose()

    [payment] = message.content["payments"]
    assert (payment["category"], payment["place"], payment["distance_km"], payment["reasons"]) == ("", "", None, [])


def test_same_batch_same_message_id(desk):
    """Composing the same batch again, even later, gives the same Message-IDs; another set of payments another one."""
    [first] = desk.add("t1").compose()
    [again] = desk.compose(now=NOW + timedelta(minutes=5))
    [corrected] = desk.add("t2").compose()

    assert first.message_id == again.message_id
    assert corrected.message_id != first.message_id


@pytest.mark.parametrize("batch_id", ["history-0123456789ab-2026-11-19"])
def test_history_is_never_alerted(desk, batch_id):
    """Imported payments make no message, not even a suppressed one."""
    assert desk.add("t1").compose(batch_id) == []


def test_nothing_decided_nothing_said(desk):
    """A plain replay, which decides nothing, makes no message; neither does a batch without flagged payments."""
    assert desk.compose() == []
    assert desk.add("honest", flagged=False).compose() == []


def test_too_old_is_recorded_and_not_sent(desk):
    """A payment older than the limit when the message is made goes into a suppressed message of its own."""
    messages = desk.add("old", event_time=NOW - timedelta(hours=25)).add("new").compose()

    assert {(message.trans_nums, message.suppressed) for message in messages} == {
        (("new",), ""),
        (("old",), "too_old"),
    }
    assert len({message.message_id for message in messages}) == 2


@pytest.mark.parametrize(
    "snoozed",
    [
        {"card": frozenset({"ab" * 32})},
        {"merchant": frozenset({"fraud_Kuhn LLC"})},
        {"merchant": frozenset({"Kuhn LLC"})},
    ],
)
def test_snoozed_is_recorded_and_not_sent(desk, snoozed):
    """A snoozed card's or merchant's payments are suppressed, whichever way the merchant is written."""
    desk.add("quiet").add("loud", card_token="cd" * 32, merchant="fraud_Rau Inc")

    messages = desk.compose(snoozed=snoozed)

    assert {(message.trans_nums, message.suppressed) for message in messages} == {
        (("loud",), ""),
        (("quiet",), "snoozed"),
    }


def test_rules_choose_recipients(make_desk):
    """A payment goes to every rule that fits, and to the rest where none does."""
    rules = RoutingRules(
        rules=(
            RoutingRule(amount_at_least=500, recipients=("lead@example.org",)),
            RoutingRule(categories=("gas_transport",), probability_at_least=0.99, recipients=("fuel@example.org",)),
        ),
        otherwise=("analyst@example.org",),
    )
    desk = make_desk(rules=rules)
    desk.add("big", amount_cents=50_000).add("small", amount_cents=49_999)
    desk.add("fuel", amount_cents=60_000, category="gas_transport", fraud_probability=0.995)

    told = {message.recipient: set(message.trans_nums) for message in desk.compose()}

    assert told == {
        "lead@example.org": {"big", "fuel"},
        "fuel@example.org": {"fuel"},
        "analyst@example.org": {"small"},
    }


def test_flood_becomes_one_operator_message(make_desk):
    """Far more than usual flagged: every alert is recorded as held back, and the operator is told once an hour."""
    desk = make_desk(rules=RoutingRules(otherwise=("analyst@example.org", "slack")), chats=["slack"])
    for number in range(100):
        desk.add(f"t{number:03}", flagged=number < 40)

    messages = desk.compose()
    later = desk.compose("2026-11-20T10:45Z", now=NOW + timedelta(minutes=14))

    waiting = [message for message in messages if not message.suppressed]
    assert [(message.kind, message.channel, message.recipient) for message in waiting] == [
        ("operator", "email", "operator@example.org"),
        ("operator", "slack", "slack"),
    ]
    assert all(len(message.trans_nums) == 40 for message in messages if message.suppressed == "flood")
    assert waiting[0].content["facts"]["Flagged"] == "40 of 100 (40.0%)"
    assert {message.message_id for message in later if message.kind == "operator"} == {
        message.message_id for message in waiting
    }


@pytest.mark.parametrize(
    ("flagged", "scored", "usual_share", "is_flood"),
    [
        (24, 24, 0.01, False),  # few are never a flood
        (25, 1000, 0.0, False),  # nor is a small share
        (60, 1000, 0.005, True),
        (60, 1000, 0.02, False),  # three times the usual is a bad day
        (300, 1000, 0.02, True),
        (600, 1000, 0.3, True),
        (600, 1000, 0.5, False),  # usual here
        (100, 1000, None, True),
        (90, 1000, None, False),
    ],
)
def test_flood_guard(flagged, scored, usual_share, is_flood):
    """A flood is many, a notable share, and far above the usual share."""
    assert FloodGuard().is_flood(flagged, scored, usual_share) is is_flood
