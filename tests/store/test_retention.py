"""What is kept for so long and no longer: by age, in short transactions, by an index; the fact and the count stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from fraud_common.errors import TerminalError
from fraud_scorer.store import create_store_engine
from fraud_scorer.store.retention import PostgresPurge

World = Any  # conftest.World
One = Callable[..., dict[str, Any]]
RUN = datetime(2029, 1, 1, tzinfo=UTC)
OLD, YOUNG = "2026-11-20T10:31Z", "2026-12-20T10:31Z"
BETWEEN = datetime(2026, 12, 1, tzinfo=UTC)
SUMS = "select event_day::text, merchant, payments, labelled, frauds from merchant_days order by 1, 2"


@pytest.fixture
def purge(world: World) -> Callable[..., tuple[int, bool]]:
    """Purges a kind, three rows a transaction."""
    purging = PostgresPurge(create_store_engine(world.url), at_once=3)
    return lambda what, before=BETWEEN, until=float("inf"): purging.purge(what, before, run=RUN, until=until)


def test_old_payments_go_with_what_only_belongs_to_them(
    world: World, one: One, purge: Callable[..., tuple[int, bool]]
) -> None:
    """Their former bodies and shadow scores; the merchants' sums are as if they had never come; the count stays."""
    world.minute(1, [one(f"old {n}", payload_is_fraud=n == 0) for n in range(7)] + [one("young", event_time=YOUNG)])
    world.minute(2, [one("old 1", amount_cents=7, delivery="correction"), one("old 2", delivery="unchanged")])
    world.rows(
        "insert into shadow_scores (trans_num, model_hash, raw_score, fraud_probability, threshold, flagged)"
        " select trans_num, 'm2', 0.5, 0.5, 0.5, true from payments_scored"
    )
    world.rows(
        "insert into labels (trans_num, source, verdict, known_at, author)"
        f" values ('{world.trans_num('old 3')}', 'verdict', 'fraud', now(), 'ann')"
    )
    world.rows(
        "insert into payment_events (trans_num, kind, amount_cents, currency, event_time, card_token, card_key_id,"
        " card_last4, merchant, body_hash, batch_id, landing_seq)"
        " select trans_num, 'refund', -5, 'USD', event_time, 't', 'k', '1234', 'Shop', '', 'b', 2 from payments_scored"
        f" where trans_num in ('{world.trans_num('old 4')}', '{world.trans_num('young')}')"
    )
    assert purge("payments") == (7, True)
    assert world.rows("select trans_num from payments_scored") == [(world.trans_num("young"),)]
    assert world.rows("select count(*) from shadow_scores union all select count(*) from payment_history") == [
        (1,),
        (0,),
    ]
    world.store.count_labels()
    left = world.rows(SUMS)
    assert left == [("2026-12-20", "Shop", 1, 1, 0)]
    world.rows("select recount_merchant_days()")
    assert world.rows(SUMS) == left
    noted = "select started_at, older_than, what, purged, ended_at is not null from purges order by what"
    found = [(RUN, BETWEEN, what, count, True) for what, count in
             [("payment_events", 1), ("payment_history", 1), ("payments", 7), ("shadow_scores", 7)]]  # fmt: skip
    assert world.rows(noted) == found
    assert purge("payments") == (0, True)
    assert world.rows(noted) == found
    assert world.ledger(1)["inserted"] == 8


def test_a_purged_payment_that_is_shown_again_is_not_new(
    world: World, one: One, purge: Callable[..., tuple[int, bool]]
) -> None:
    """Under its old time or another: nothing is stored, said or mailed; beside it the new ones are."""
    world.minute(1, [one("a"), one("b")])
    purge("payments")
    world.landed(2)
    again = [one("a", payload_is_fraud=True), one("b", event_time=YOUNG), one("c")]
    work = world.work(2, again, score=0.75)
    work.messages = [world.message_of(work)]
    counts = world.load(work)
    assert (counts.inserted, counts.updated, counts.unchanged, counts.flagged) == (1, 0, 2, 1)
    assert world.rows("select trans_num from payments_scored") == [(world.trans_num("c"),)]
    assert world.rows("select trans_num from outbox_payments") == [(world.trans_num("c"),)]
    assert world.rows("select count(*) from labels") == [(0,)]
    world.landed(3)
    assert world.load(world.work(3, [one("a", delivery="correction", amount_cents=9)])).updated == 0


def test_a_label_stays_as_long_as_its_payment(world: World, one: One, purge: Callable[..., tuple[int, bool]]) -> None:
    """However old it is; and as long as it is young itself."""
    world.minute(1, [one("old"), one("young", event_time=YOUNG)])
    world.rows(
        "insert into labels (trans_num, source, verdict, known_at, author, recorded_at)"
        f" select trans_num, 'chargeback', 'fraud', '{OLD}', 'bank', '{OLD}' from payments_scored"
    )
    assert purge("labels") == (0, True)
    purge("payments")
    assert purge("labels", datetime(2026, 11, 20, tzinfo=UTC)) == (0, True)
    assert purge("labels") == (1, True)
    assert world.rows("select trans_num from labels") == [(world.trans_num("young"),)]
    world.store.count_labels()
    assert sum(row[4] for row in world.rows(SUMS)) == 1


def test_messages_that_wait_or_failed_stay(world: World, purge: Callable[..., tuple[int, bool]]) -> None:
    """Sent ones go, with what they told; a failed one is somebody's work still."""
    for status in ("sent", "suppressed", "pending", "failed"):
        world.rows(
            "insert into outbox (message_id, kind, channel, recipient, content, status, created_at)"
            f" values ('{status}', 'alert', 'email', 'ann', '{{\"a\": 1}}', '{status}', '{OLD}')"
        )
        world.rows(f"insert into outbox_payments values ('email', 'ann', '{status}', '{status}')")
    assert purge("message texts") == (2, True)
    assert purge("outbox") == (2, True)
    assert world.rows("select message_id, content::text from outbox order by 1") == [
        ("failed", '{"a": 1}'), ("pending", '{"a": 1}'),
    ]  # fmt: skip
    assert world.rows("select trans_num from outbox_payments order by 1") == [("failed",), ("pending",)]


def test_the_index_of_a_batch_that_waits_stays(world: World, one: One, purge: Callable[..., tuple[int, bool]]) -> None:
    """Of the others it goes; their line in the ledger does not."""
    world.minute(1, [one("a")])
    world.landed(2)
    assert purge("landing_index") == (1, True)
    assert world.rows("select batch_id from landing_index") == [(world.batch(2).batch_id,)]
    assert world.rows("select count(*) from run_ledger") == [(2,)]


def test_a_purge_whose_time_is_up_goes_on_the_next_time(
    world: World, one: One, purge: Callable[..., tuple[int, bool]]
) -> None:
    """What was purged by then is written down."""
    world.minute(1, [one(n) for n in range(5)])
    assert purge("payments", until=0.0) == (0, False)
    seconds = iter([0.0, 2.0])
    slow = PostgresPurge(create_store_engine(world.url), at_once=3, seconds=lambda: next(seconds))
    assert slow.purge("payments", BETWEEN, run=RUN, until=1.0) == (3, False)
    assert world.rows("select purged from purges") == [(3,)]
    assert purge("payments") == (2, True)
    assert world.rows("select purged from purges") == [(5,)]


def test_a_kind_that_is_not_purged_is_refused(purge: Callable[..., tuple[int, bool]]) -> None:
    """The ledger is kept for ever."""
    with pytest.raises(TerminalError):
        purge("run_ledger")


FILLED = {  # table, columns, and values from n and at
    "payments": (
        "payments_scored",
        (
            "trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, amount_cents,"
            "currency, card_token, card_key_id, card_last4, merchant"
        ),
        "'t' || n, at, 'b', 1, 'b', 1, '', 1, 'USD', 't', 'k', '1234', 'Shop'",
    ),
    "payment_history": (
        "payment_history",
        "trans_num, replaced_at, replaced_by_seq, why, landing_seq, was",
        "'t' || n, at, 2, 'rescore', 1, '{}'",
    ),
    "labels": (
        "labels",
        "trans_num, source, verdict, known_at, recorded_at, author",
        "'t' || n, 'verdict', 'fraud', at, at, 'ann'",
    ),
    "payment_events": (
        "payment_events",
        (
            "trans_num, kind, amount_cents, currency, event_time, card_token, card_key_id, card_last4, merchant,"
            " body_hash, batch_id, landing_seq, recorded_at"
        ),
        "'t' || n, 'refund', -1, 'USD', at, 't', 'k', '1234', 'Shop', '', 'b', 1, at",
    ),
    "shadow_scores": (
        "shadow_scores",
        "trans_num, model_hash, raw_score, fraud_probability, threshold, flagged, scored_at",
        "'t' || n, 'm', 0, 0, 0, false, at",
    ),
    "landing_index": (
        "landing_index",
        "batch_id, part, path, sha256, byte_count, http_status, received_at",
        "'b', n, 'p', '', 0, 200, at",
    ),
    "quarantine": (
        "quarantine",
        "batch_id, part, row_index, reason, detail, record, created_at",
        "'b', 0, n, 'nul', '', '', at",
    ),
    "quarantined records": (
        "quarantine",
        "batch_id, part, row_index, reason, detail, record, created_at",
        "'b', 0, n, 'nul', '', '1', at",
    ),
    "outbox": (
        "outbox",
        "message_id, kind, channel, recipient, content, status, created_at",
        "'m' || n, 'alert', 'email', 'ann', '{}', 'sent', at",
    ),
    "message texts": (
        "outbox",
        "message_id, kind, channel, recipient, content, status, created_at",
        "'m' || n, 'alert', 'email', 'ann', '{\"a\": 1}', 'sent', at",
    ),
}


@pytest.mark.parametrize("what", FILLED)
def test_a_purge_finds_what_is_old_by_an_index(world: World, what: str) -> None:
    """However much is kept: it reads what goes, and no table as a whole."""
    table, columns, values = FILLED[what]
    numbers = f"select n, timestamptz '{OLD}' + n * interval '1 hour' as at from generate_series(0, 19999) as n"
    world.rows("insert into run_ledger (batch_id, kind, status) values ('b', 'history', 'done')")
    world.rows(f"insert into {table} ({columns}) select {values} from ({numbers}) as numbers")
    world.rows("analyze")
    before = datetime.fromisoformat(OLD) + timedelta(hours=40)
    with psycopg2.connect(world.url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        read = f"select seq_scan from pg_stat_xact_user_tables where relname = '{table}'"
        cursor.execute(read)
        scans = cursor.fetchall()
        since = datetime(2000, 1, 1, tzinfo=UTC)
        cursor.execute("select purged from purge_aged(%s, %s, %s, 100, %s)", [what, since, before, RUN])
        assert cursor.fetchall() == [(40,)]
        cursor.execute(read)
        assert cursor.fetchall() == scans
    connection.close()
