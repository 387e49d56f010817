"""What transform reads: known payments, a card's past as it stood, merchant profiles, recorded decisions."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.domain.frames import DECISION_COLUMNS, HISTORY_COLUMNS
from fraud_scorer.features.merchant import merchant_profile_rows
from fraud_scorer.store.schema.migrate import migrate

World = Any  # conftest.World
START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
CARD, OTHER = "a" * 64, "b" * 64
LONG = (START - timedelta(days=40), START + timedelta(days=1))


def trans_num(name: object) -> str:
    """32 hex digits for a short name."""
    return hashlib.md5(str(name).encode()).hexdigest()


def one(name: object, **unusual: Any) -> dict[str, Any]:
    """A payment, by what is unusual about it."""
    return {"trans_num": trans_num(name)} | unusual


def seen(world: World, before_seq: int, cards: tuple[str, ...] = (CARD,)) -> dict[str, int]:
    """trans_num and amount of what these cards' history shows."""
    history = world.store.history(list(cards), *LONG, before_seq)
    return dict(zip(history["trans_num"], history["amount_cents"].tolist(), strict=True))


def test_known_tells_what_is_stored(world: World) -> None:
    """One row a stored payment; unknown ids, and no ids at all, have none."""
    world.minute(1, [one("a")])
    world.minute(2, [one("a", amount_cents=5, delivery="correction")])
    known = world.store.known([trans_num("a"), trans_num("nobody")])
    assert known["trans_num"].tolist() == [trans_num("a")]
    assert known["event_time"].tolist() == [pd.Timestamp(START)]
    assert (known["landing_seq"].tolist(), known["first_landing_seq"].tolist()) == ([2], [1])
    assert known["body_hash"].tolist() == [world.work(2, [one("a", amount_cents=5)]).payments["body_hash"].iloc[0]]
    nobody = world.store.known([])
    assert len(nobody) == 0
    assert nobody.dtypes.to_dict() == known.dtypes.to_dict()


def test_history_has_the_declared_columns_and_exact_numbers(world: World) -> None:
    """Also when it is empty; nulls stay nulls, large amounts stay whole."""
    rows = [one("a", amount_cents=2**53 + 1, category=None, merch_lat=None, merchant='a,"b"\nc')]
    world.minute(1, rows)
    history = world.store.history([OTHER, CARD], *LONG, 2)
    assert {name: str(kind) for name, kind in history.dtypes.items()} == HISTORY_COLUMNS
    assert history["amount_cents"].tolist() == [2**53 + 1]
    assert history["card_token"].tolist() == [CARD]
    assert history["merchant"].tolist() == ['a,"b"\nc']
    assert history[["category", "merch_lat"]].isna().all(axis=None)
    empty = world.store.history([], *LONG, 2)
    assert empty.dtypes.to_dict() == history.dtypes.to_dict()


def test_history_shows_what_landed_before(world: World) -> None:
    """Not the batch itself, nothing later, no refund, no other card, nothing outside of the range of time."""
    world.minute(1, [one("a"), one("refund", amount_cents=-1), one("b", card_token=OTHER)])
    world.minute(2, [one("c", event_time=START - timedelta(days=3)), one("old", event_time=LONG[0] - timedelta(1))])
    world.minute(3, [one("late", event_time=LONG[1])])
    assert seen(world, 1) == {}
    assert seen(world, 2) == {trans_num("a"): 1000}
    assert seen(world, 4) == {trans_num("a"): 1000, trans_num("c"): 1000}


def test_a_corrected_payment_is_seen_as_it_stood(world: World) -> None:
    """Each landing sees the body that was in force before it, whatever was refunded: its amount, the card it was on."""
    world.minute(1, [one("a", amount_cents=100)])
    world.minute(3, [one("a", amount_cents=300, delivery="correction")])
    world.claim(world.batch(3))
    rescored = world.work(3, [one("a", amount_cents=300, delivery="rescore")], score=0.9)
    assert world.load(rescored).updated == 1
    world.minute(5, [one("a", amount_cents=500, card_token=OTHER, delivery="correction")])
    world.minute(7, [one("a", amount_cents=-700, delivery="correction")])
    both = (CARD, OTHER)
    amounts = {before: list(seen(world, before, both).values()) for before in range(1, 9)}
    assert amounts == {1: [], 2: [100], 3: [100], 4: [300], 5: [300], 6: [500], 7: [500], 8: [500]}
    assert seen(world, 5, (OTHER,)) == {}
    assert seen(world, 6, (CARD,)) == {}
    assert seen(world, 6, (OTHER,)) == {trans_num("a"): 500}
    assert set(world.store.history([OTHER], *LONG, 6)["landing_seq"]) == {1}


def test_recorded_decisions_come_back_whole(world: World) -> None:
    """Scores bit for bit, reasons as they were told; refunds have none."""
    world.minute(1, [one("a"), one("refund", amount_cents=-1)], score=0.7000000000000001)
    decided = world.store.decided([trans_num("a"), trans_num("refund"), trans_num("nobody")])
    assert list(decided.columns) == list(DECISION_COLUMNS)
    assert decided["raw_score"].tolist() == [0.7000000000000001]
    assert decided["reasons"].iloc[0][0]["code"] == "rapid_payments"
    assert world.store.decided([]).dtypes.to_dict() == decided.dtypes.to_dict()


def profiles_of(world: World, day: date, before_seq: int = 99) -> dict[str, tuple[int, ...]]:
    """merchant: (payments 7d, 30d, labelled 7d, 30d, frauds 7d, 30d)."""
    found = world.store.merchant_profiles([day], before_seq)
    counts = ("payments_7d", "payments_30d", "labelled_7d", "labelled_30d", "frauds_7d", "frauds_30d")
    return {row["merchant"]: tuple(row[name] for name in counts) for _, row in found.iterrows()}


def on(day: int, hour: int = 12, **unusual: Any) -> dict[str, Any]:
    """A payment on a day of November 2026 (UTC)."""
    at = datetime(2026, 11, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)
    return one(f"{day}-{hour}-{unusual}", event_time=at, **unusual)


def test_a_profile_counts_whole_days_and_delayed_labels(world: World) -> None:
    """Windows end the day before; labels are counted a label delay earlier."""
    rows = [on(20), on(19), on(13), on(12), on(12, merchant="Other", payload_is_fraud=True), on(5), on(6), on(-15)]
    world.minute(1, rows)
    world.minute(2, [on(20, 13)])
    day = profiles_of(world, date(2026, 11, 20))
    assert day == {}  # the batch that opened the day brought all of it: nothing had landed before
    world.rows("update payments_scored set first_landing_seq = 0 where event_time < '2026-11-20'")
    day = profiles_of(world, date(2026, 11, 20))
    # days 13..19 and -10..19; labels: days 6..12 and -17..12
    assert day == {"Shop": (2, 5, 2, 4, 0, 0), "Other": (0, 1, 1, 1, 1, 1)}


def test_late_payments_do_not_change_a_profile_whose_day_has_begun(world: World) -> None:
    """What lands after the first payment of the day counts the day after; and ``before_seq`` bounds days not begun."""
    world.minute(1, [on(18)])
    world.minute(2, [on(19)])
    world.minute(3, [on(20)])
    world.minute(4, [on(19, 15)])
    assert profiles_of(world, date(2026, 11, 20))["Shop"][0] == 2
    assert profiles_of(world, date(2026, 11, 21), 5)["Shop"][0] == 4
    assert profiles_of(world, date(2026, 11, 21), 4)["Shop"][0] == 3
    assert profiles_of(world, date(2026, 11, 20), 2)["Shop"][0] == 1


def test_a_written_profile_is_read_as_it_is(world: World) -> None:
    """A replay reads what the live run read, whatever has landed since."""
    world.minute(1, [on(19)])
    computed = world.store.merchant_profiles([date(2026, 11, 20)], 2)
    world.minute(2, [on(20)], profiles=computed)
    world.rows("update payments_scored set merchant = 'Renamed'")
    again = world.store.merchant_profiles([date(2026, 11, 20)], 2)
    pd.testing.assert_frame_equal(again, computed)
    assert world.minute(3, [on(20, 13)], profiles=computed.assign(payments_7d=77)).inserted == 1
    pd.testing.assert_frame_equal(world.store.merchant_profiles([date(2026, 11, 20)], 2), computed)


def test_chargebacks_beat_verdicts_beat_the_payload_once_known(world: World) -> None:
    """A verdict that is unsure or withdrawn says nothing; a label counts from the day after it was known."""
    world.minute(1, [on(10)])
    world.minute(2, [on(19, amount_cents=1)])

    def say(source: str, verdict: str, known_at: str) -> None:
        world.rows(
            "insert into labels (trans_num, source, verdict, known_at, author)"
            f" select trans_num, '{source}', '{verdict}', '{known_at}', 'ann'"
            " from payments_scored where amount_cents > 1"
        )

    def frauds(day: int) -> tuple[int, int]:
        labelled = profiles_of(world, date(2026, 11, day), 3)["Shop"]
        return labelled[3], labelled[5]

    assert frauds(18) == (1, 0)
    say("verdict", "fraud", "2026-11-18T09:00Z")
    assert frauds(18) == (1, 0)
    assert frauds(19) == (1, 1)
    say("chargeback", "not_fraud", "2026-11-19T09:00Z")
    assert frauds(20) == (1, 0)
    say("chargeback", "withdrawn", "2026-11-20T09:00Z")
    say("verdict", "unsure", "2026-11-21T09:00Z")
    assert [frauds(day) for day in (21, 22)] == [(1, 1), (1, 0)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Havana"])
def test_profiles_equal_the_training_ones(world: World, zone: str) -> None:
    """The same counts as numpy's, over clock changes (at midnight in Havana), late landings and label delays."""
    rng = np.random.default_rng(7)
    migrate(world.url, time_zone=zone, label_delay_days=2.5)
    start = datetime(2026, 9, 25, tzinfo=UTC)
    frames = []
    for seq in range(1, 13):
        hours = np.maximum(rng.normal(seq * 100, 60, 60), 0)
        frames.append([
            one(
                f"{seq}-{place}", event_time=start + timedelta(hours=hour), merchant=f"m{rng.integers(4)}",
                payload_is_fraud=[True, False, None][rng.integers(3)],
            )
            for place, hour in enumerate(hours)
        ])  # fmt: skip
        world.minute(seq, frames[-1])
    everything = pd.DataFrame([row | {"landing_seq": seq} for seq, rows in enumerate(frames, 1) for row in rows])
    everything["event_time"] = pd.to_datetime(everything["event_time"]).dt.as_unit("us")
    labelled = everything[everything["payload_is_fraud"].notna()]
    labels = pd.DataFrame({
        "trans_num": labelled["trans_num"], "is_fraud": labelled["payload_is_fraud"].astype(bool),
        "known_at": labelled["event_time"] + timedelta(days=2.5),
    })  # fmt: skip
    days = [date(2026, 9, 28) + timedelta(days=place) for place in range(50)]
    expected = merchant_profile_rows(
        everything, labels, time_zone=zone, label_delay_days=2.5,
        days=np.array(days, "datetime64[D]").astype(np.int64),
    )  # fmt: skip
    found = world.store.merchant_profiles(days, 10**9)
    assert len(found) > 100
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
