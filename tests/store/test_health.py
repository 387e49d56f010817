"""What the watchdog sees of a real ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fraud_common.errors import FraudScorerError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import EVENT
from fraud_scorer.store.health import PostgresWatching

World = Any  # conftest.World
NOW = datetime(2026, 11, 20, 10, 45, tzinfo=UTC)


def look(world: World, now: datetime = NOW) -> Any:
    """One look."""
    return PostgresWatching(world.url).look(now, fallback_seconds=300)


def test_an_empty_ledger_says_nothing(world: World) -> None:
    """No minute, no mail, no breaker."""
    seen = look(world)
    assert (seen.last_minute, seen.last_completed_at, seen.last_minute_with_payments) == (None, None, None)
    assert (seen.waiting, seen.fallback_minutes, seen.open_breakers, seen.mails_waiting) == (0, 0, (), 0)


def test_minutes_are_seen(world: World) -> None:
    """What completed, what waits, what brought payments; imported history is none of them."""
    world.minute(1, [{"trans_num": "a" * 32}])
    world.minute(2, [])
    world.landed(3)
    world.landed(4, batch=Batch("history-abc-2026-11-01"))
    world.rows("update run_ledger set loaded_at = '2026-11-20T10:33:04Z' where loaded_at is not null")
    seen = look(world)
    assert seen.waiting == 1
    assert seen.last_minute == world.batch(3).minute
    assert seen.last_completed_at == datetime(2026, 11, 20, 10, 33, 4, tzinfo=UTC)
    assert seen.last_minute_with_payments == world.batch(1).minute
    assert look(world, NOW + timedelta(days=3)).last_completed_at is None


def test_what_is_not_all_is_seen_while_it_lasts(world: World) -> None:
    """Minutes loaded within the last five minutes whose answers were not all that the payments API has."""
    world.minute(1, [{"trans_num": "a" * 32}], note="has_more is true")
    world.rows("update run_ledger set loaded_at = '2026-11-20T10:43:00Z'")
    seen = look(world)
    assert (seen.noted_minutes, seen.note, world.ledger(1)["note"]) == (1, "has_more is true", "has_more is true")
    assert (world.ledger(1)["status"], look(world, NOW + timedelta(minutes=4)).noted_minutes) == ("done", 0)


def test_fallback_and_breaker_are_seen_while_they_last(world: World) -> None:
    """Minutes loaded within the last five minutes, and breakers that are open now."""
    world.minute(1, [{"trans_num": "a" * 32}], scored_by="local-fallback", fallback_reason="throttled")
    world.rows("update run_ledger set loaded_at = '2026-11-20T10:43:00Z'")
    world.rows("insert into circuit_breaker (endpoint, failed_runs, open_until) values"
               " ('fraud-1', 3, '2026-11-20T10:46:00Z'), ('fraud-2', 0, null)")  # fmt: skip
    seen = look(world)
    assert (seen.fallback_minutes, seen.fallback_reason, seen.open_breakers) == (1, "throttled", ("fraud-1",))
    later = look(world, NOW + timedelta(minutes=4))
    assert (later.fallback_minutes, later.open_breakers) == (0, ())


def test_mail_that_waits_or_was_refused_is_seen(world: World) -> None:
    """The oldest that waits, and what was refused within a day."""
    world.rows(
        "insert into outbox (message_id, kind, channel, recipient, content, status, created_at, last_error) values"
        " ('a', 'alert', 'email', 'x@y.z', '{}', 'pending', '2026-11-20T10:00:00Z', '451 busy'),"
        " ('b', 'alert', 'email', 'x@y.z', '{}', 'pending', '2026-11-20T10:30:00Z', null),"
        " ('c', 'alert', 'email', 'x@y.z', '{}', 'failed', '2026-11-20T10:00:00Z', '550 no'),"
        " ('d', 'alert', 'email', 'x@y.z', '{}', 'failed', '2026-11-18T10:00:00Z', '550 no'),"
        " ('e', 'alert', 'email', 'x@y.z', '{}', 'sent', '2026-11-18T10:00:00Z', null)"
    )
    seen = look(world)
    assert (seen.mails_waiting, seen.mails_refused, seen.mail_error) == (2, 1, "550 no")
    assert seen.oldest_mail_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_batches_that_kill_are_seen_once_nothing_more_is_tried_by_itself(world: World) -> None:
    """Not while they wait to be tried again; what was passed by hand is nobody's news."""
    for number in (1, 2, 3, 4):
        world.landed(number)
    world.rows("update run_ledger set status = 'failed', passed_for = 'lone_runs', passed_at = '2026-11-20T10:40:00Z'")
    world.store.mark_failed(world.batch(3), "no", passed_for="hand", by="Ada")
    world.store.mark_failed(world.batch(4), "poison")
    first, second = (world.batch(number).batch_id for number in (1, 2))
    world.rows(f"update run_ledger set tried_again_at = '2026-11-20T10:44:00Z' where batch_id = '{second}'")
    seen = look(world)
    assert (seen.killers, seen.failed_minutes) == (first, 1)
    assert look(world, NOW + timedelta(minutes=2)).killers == f"{first}, {second}"
    assert look(world, NOW - timedelta(minutes=3)).killers == ""


def test_no_database_is_an_error_of_ours(empty_database_url: str) -> None:
    """Not migrated, or not there: the watchdog hears it as an error with a cause."""
    with pytest.raises(FraudScorerError):
        PostgresWatching(empty_database_url).look(NOW, fallback_seconds=300)


def test_why_the_last_failed_minute_failed_is_seen(world: World) -> None:
    """Of several, the reason of the one that landed last."""
    for number in (1, 2, 3):
        world.minute(number, [{"trans_num": f"{number}" * 32}])
    world.rows("update run_ledger set status = 'failed', error = 'reason ' || landing_seq where landing_seq < "
               "(select max(landing_seq) from run_ledger)")  # fmt: skip
    failed = world.rows("select max(error) from run_ledger where status = 'failed'")
    seen = look(world)
    assert (seen.failed_minutes, seen.failed_error) == (2, failed[0][0])


def loaded(world: World, number: int, minutes_ago: float) -> None:
    """The n-th minute was loaded so long before NOW."""
    at = NOW - timedelta(minutes=minutes_ago)
    world.rows(f"update run_ledger set loaded_at = '{at}' where batch_id = '{world.batch(number).batch_id}'")


def test_payments_of_which_none_is_scored_are_seen(world: World, one: Any) -> None:
    """Refunds alone, of a day; one purchase among them is enough."""
    world.minute(1, [one(f"r{number}", amount_cents=-500 - number) for number in range(3)])
    loaded(world, 1, 5)
    assert (look(world).unscored, look(world).all_negative) == (3, True)
    assert look(world, NOW + timedelta(days=2)).unscored == 0
    world.minute(2, [one("p", amount_cents=500)])
    loaded(world, 2, 4)
    assert (look(world).unscored, look(world).all_negative) == (0, False)


def test_a_stream_without_payments_is_seen(world: World, one: Any) -> None:
    """Declines and disputes leave no payment, refused records neither: they count until a payment is scored."""
    kinds = ["decline", "decline", "dispute"]
    usual = {"delivery": EVENT, "is_event": True}
    events = [one(f"d{number}", kind=kind, amount_cents=500 + number, **usual) for number, kind in enumerate(kinds)]
    world.minute(1, events)
    world.rows("update run_ledger set quarantined = 4")
    loaded(world, 1, 5)
    seen = look(world)
    assert (seen.unscored, seen.unscored_kinds) == (7, "2 decline, 1 dispute, 4 in quarantine")
    assert not seen.all_negative
    assert look(world, NOW + timedelta(days=2)).unscored == 0
    world.minute(2, [one("p", amount_cents=500)])
    loaded(world, 2, 4)
    assert (look(world).unscored, look(world).unscored_kinds) == (0, "")


def test_payments_scored_before_do_not_hide_that_none_is_now(world: World, one: Any) -> None:
    """Twenty later records are enough, though of a day all else was scored, whatever times their events have."""
    world.minute(1, [one(f"p{number}", event_time=NOW) for number in range(3)])
    loaded(world, 1, 30)
    for number in (2, 3):
        world.minute(number, [one(f"r{number}.{place}", amount_cents=-500) for place in range(10)])
        loaded(world, number, 20 - number)
    assert (look(world).unscored, look(world).all_negative) == (20, True)
    loaded(world, 1, 14)
    assert look(world).unscored == 0


def test_where_windows_overlap_repeats_count_for_nothing(world: World, one: Any) -> None:
    """Neither as life nor as records of which none is scored: each refused record comes lag + 1 times."""
    world.minute(1, [one("p")])
    loaded(world, 1, 60 * 30)
    for number in range(2, 12):
        world.minute(number, [one("p", delivery="unchanged")])
        loaded(world, number, 12 - number)
    world.rows(
        "update run_ledger set received = 3, quarantined = 2 where minute > (select min(minute) from run_ledger)"
    )
    lagging = PostgresWatching(world.url, lag_minutes=9).look(NOW, fallback_seconds=300)
    assert (lagging.last_minute_with_payments, lagging.unscored) == (world.batch(1).minute, 2)
    assert (look(world).last_minute_with_payments, look(world).unscored) == (world.batch(11).minute, 20)
    world.rows("update run_ledger set quarantined = 0")
    assert look(world).last_minute_with_payments == world.batch(1).minute


def test_what_was_passed_is_seen_until_somebody_gives_it_up(world: World) -> None:
    """However old it is; a minute that cannot be read for two days."""
    for number in (1, 2, 3):
        world.landed(number)
    world.store.mark_failed(world.batch(1), "refused")
    killer, unread = (world.batch(number).batch_id for number in (2, 3))
    world.rows(f"update run_ledger set status = 'failed', passed_for = 'lone_runs', passed_at = '2026-11-20T10:40:00Z'"
               f" where batch_id = '{killer}'")  # fmt: skip
    world.rows(f"update run_ledger set status = 'failed' where batch_id = '{unread}'")
    assert (look(world).failed_minutes, look(world).killers) == (2, killer)
    later = look(world, NOW + timedelta(days=40))
    assert (later.failed_minutes, later.killers) == (1, killer)
    batches = [world.batch(number) for number in (1, 2, 3)]
    assert world.store.finished(batches) == {batches[2]}
    for batch in batches[:2]:
        world.store.mark_failed(batch, "given up", passed_for="hand", by="Ada")
    given_up = look(world, NOW + timedelta(days=40))
    assert (given_up.failed_minutes, given_up.killers) == (0, "")
    assert world.store.finished(batches) == set(batches)


def test_why_most_records_of_an_hour_are_refused_is_seen(world: World, one: Any) -> None:
    """Of what is still in quarantine; somebody's retry of old records counts for nothing."""
    world.minute(1, [one("p")])
    world.minute(2, [one("q")])
    loaded(world, 1, 90)
    loaded(world, 2, 30)
    world.rows("update run_ledger set received = 30")
    world.rows(
        "insert into quarantine (batch_id, part, row_index, reason, detail, record, status) select batch_id, 0, place,"
        " case when place < 5 then 'rare' else 'usual' end, '', '', case when place < 25 then 'open' else 'retried' end"
        " from run_ledger, generate_series(1, 29) as place"
    )
    seen = look(world)
    assert (seen.refused_reason, seen.refused, seen.refused_of) == ("usual", 20, 30)
    world.rows(
        "update run_ledger set kind = 'retry', minute = null where minute = (select max(minute) from run_ledger)"
    )
    assert look(world).refused == 0
