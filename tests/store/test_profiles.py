"""Merchant profiles from kept sums against the same profiles counted payment by payment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg2
import psycopg2.extensions
import pyarrow as pa
import pytest
from psycopg2.extras import execute_values

from fraud_scorer.store import PostgresStore, create_store_engine
from fraud_scorer.store.bulk import copy_out, frame_of, rows
from fraud_scorer.store.payments import compute_profiles

World = Any  # conftest.World
One = Callable[..., dict[str, Any]]
START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
COUNTS = ("payments_7d", "payments_30d", "labelled_7d", "labelled_30d", "frauds_7d", "frauds_30d")
TYPES = {"profile_day": pa.date32(), "merchant": pa.string(), **dict.fromkeys(COUNTS, pa.int64())}
MERCHANTS = ("Shop", "Mill", "Kiosk")
PAST_ALL = 10**9
PAY: LiteralString = """
insert into payments_scored as stored (
    trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, amount_cents, currency,
    card_token, card_key_id, card_last4, merchant, payload_is_fraud
) values %s
on conflict (trans_num) do update
set landing_seq = excluded.landing_seq, amount_cents = excluded.amount_cents, merchant = excluded.merchant
"""
STAGE: LiteralString = """
insert into staged_payments (
    trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, amount_cents, currency,
    card_token, card_key_id, card_last4, merchant, payload_is_fraud, delivery, flagged
) values %s
"""
SAY: LiteralString = (
    "insert into labels (trans_num, source, verdict, known_at, author, landing_seq) values %s on conflict do nothing"
)


@dataclass
class Ledger:
    """A database that payments and labels come to at random, and a clock."""

    connection: psycopg2.extensions.connection
    chance: np.random.Generator
    zone: str
    now: datetime
    seq: int = 0
    words: int = 0
    born: dict[str, tuple[datetime, int]] = field(default_factory=dict)  # event time and first landing
    left: list[tuple[int, list[tuple[Any, ...]]]] = field(default_factory=list)  # landed, not loaded

    def sql(self, statement: LiteralString, *values: object) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)

    def many(self, statement: LiteralString, values: list[tuple[Any, ...]]) -> None:
        """As someone far away might: a day of the delay is a day of UTC nevertheless."""
        with self.connection.cursor() as cursor:
            cursor.execute("set timezone to 'America/New_York'")
            execute_values(cursor, statement, values)
            cursor.execute("set timezone to 'UTC'")

    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    # --- what can happen -------------------------------------------------------------------------------------------
    def land(self) -> None:
        """A batch: mostly payments of now, some late, some a few minutes ahead, some refunds, some without a label.

        Some came before in a batch that failed, and say another thing of themselves now.
        """
        self.seq += 1
        self.sql(
            "insert into run_ledger (batch_id, kind, status, landing_seq, landed_at)"
            " values (%s, 'retry', 'done', %s, %s)",
            f"retry-{self.seq}",
            self.seq,
            self.now,
        )
        failed = [row for _, left in self.left for row in left if row[0] not in self.born]
        batch = [
            self.row(row[0], row[1] + timedelta(hours=float(self.chance.choice([0, 0, 30]))), self.seq)
            for row in {row[0]: row for row in failed}.values()
            if self.chance.random() < 0.5
        ]
        for place in range(self.chance.integers(0, 8)):
            late = self.chance.choice([0.0, 0.0, 0.1, 3.0, 30.0, 800.0]) * self.chance.random()
            at = self.now - timedelta(hours=late) + timedelta(minutes=float(self.chance.integers(0, 5)))
            batch.append(self.row(f"{self.seq}-{place}", at, self.seq))
        if self.chance.random() < 0.2:
            self.left.append((self.seq, batch))  # it fails, and is loaded some day
        elif batch:
            self.store(batch)

    def row(self, name: str, at: datetime, first: int) -> tuple[Any, ...]:
        amount = -5 if self.chance.random() < 0.1 else 100
        label = [True, False, None][self.chance.integers(3)]
        merchant = str(self.chance.choice(MERCHANTS))
        body = bytes([self.chance.integers(2)])
        return (name, at, "b", first, "b", self.seq, body, amount, "USD", "t", "k", "1234", merchant, label)

    def store(self, batch: list[tuple[Any, ...]]) -> None:
        self.born |= {row[0]: (row[1], row[3]) for row in batch}
        self.many(PAY, batch)

    def load_what_was_left(self) -> None:
        """As `load` does: what is known from a later landing is given its time, origin and first label."""
        while self.left:
            seq, batch = self.left.pop()
            if not batch:
                continue
            late = [(*row, "late" if row[0] in self.born else "new", False) for row in batch]
            said = {row[0]: row[13] for row in late if row[14] == "late" and row[13] is not None}
            labels = {"trans_nums": list(said), "labels": list(said.values())}
            with self.connection.cursor() as cursor:
                cursor.execute("begin")
                rows(cursor, "load/stage", {})
                execute_values(cursor, STAGE, late)
                rows(cursor, "load/upsert", {})
                rows(cursor, "load/late", {})
                rows(cursor, "load/labels", labels | {"landed_at": self.now, "landing_seq": seq})
                cursor.execute("commit")
            earlier = [row for row in batch if row[3] < self.born.get(row[0], (None, PAST_ALL))[1]]
            self.born |= {row[0]: (row[1], row[3]) for row in earlier}

    def correct(self) -> None:
        """Some change merchant, some become refunds or payments; a new one comes in the same batch."""
        self.seq += 1
        known = self.some()
        self.store(
            [self.row(f"{self.seq}-new", self.now, self.seq), *(self.row(name, *self.born[name]) for name in known)]
        )

    def some(self) -> list[str]:
        names = list(self.born)
        return sorted({names[place] for place in self.chance.integers(0, len(names), 4)}) if names else []

    def say(self) -> None:
        """Sources contradict each other and themselves, of payments old, new, refunded or not stored yet."""
        said = []
        for place, name in enumerate([*self.some(), f"{self.seq + 1}-0"] * 2):
            verdict = str(self.chance.choice(["fraud", "not_fraud", "unsure", "withdrawn"]))
            known_at = self.now + timedelta(hours=float(self.chance.choice([-900, -60, -24, 0, 0, 0, 30])))
            source = str(self.chance.choice(["verdict", "chargeback", "payload"]))
            self.words += 1
            said.append(
                (name, source, verdict, known_at, "ann", self.words if source == "payload" and place % 3 else None)
            )
        self.many(SAY, said)

    def unsay(self) -> None:
        """By hand: labels are changed and removed, payments purged and rescored."""
        self.sql(
            "update labels set verdict = 'fraud', known_at = known_at - interval '1 day'"
            " where mod(label_id, 7) = 3 and source = 'verdict'"
        )
        self.sql("delete from labels where mod(label_id, 11) = 5")
        self.sql("update payments_scored set raw_score = 0.5 where mod(first_landing_seq, 2) = 0")
        if self.chance.random() < 0.3:
            self.sql(
                "update report_settings set label_delay ="
                " case label_delay when '1 day' then interval '3 days 06:00' else interval '1 day' end"
            )
        for name in self.some()[:2]:
            self.sql("delete from payments_scored where trans_num = %s", name)

    def wait(self) -> None:
        self.now += timedelta(hours=float(self.chance.choice([1, 6, 11, 30, 100])))

    def live(self) -> None:
        """One thing happens."""
        happenings = (self.land, self.correct, self.say, self.wait, self.load_what_was_left, self.unsay)
        happenings[self.chance.choice(6, p=[0.45, 0.1, 0.15, 0.2, 0.05, 0.05])]()

    def sums(self) -> list[tuple[Any, ...]]:
        """The rows of merchant_days once all labels are counted: payments, labelled, frauds last."""
        with self.connection.cursor() as cursor:
            rows(cursor, "labels/count", {"at_most": PAST_ALL})
            cursor.execute("select event_day, from_day, payments, labelled, frauds from merchant_days order by 1, 2")
            return cursor.fetchall()

    # --- two ways to the same profiles -----------------------------------------------------------------------------
    def compared(self, days: list[date], before_seq: int) -> tuple[pd.DataFrame, bool]:
        """The profiles counted payment by payment, equal to what the store computes; whether the sums alone told."""
        values = {"days": days, "before_seq": before_seq}
        with self.connection.cursor() as cursor:
            rows(cursor, "labels/count", {"at_most": PAST_ALL})
            counted = frame_of(copy_out(cursor, "profiles/recount", values, TYPES))
            summed = frame_of(copy_out(cursor, "profiles/compute", values, TYPES | {"in_doubt": pa.string()}))
            in_doubt = set(summed.loc[summed.pop("in_doubt") == "t", "profile_day"])
            if in_doubt:
                computed = compute_profiles(cursor, days, before_seq)
                order = ["profile_day", "merchant"]
                pd.testing.assert_frame_equal(computed.sort_values(order, ignore_index=True), counted)
        told = [frame[~frame["profile_day"].isin(in_doubt)].reset_index(drop=True) for frame in (summed, counted)]
        pd.testing.assert_frame_equal(told[0], told[1])
        return counted, not in_doubt


@pytest.fixture
def connection(postgres_url: str) -> Iterator[psycopg2.extensions.connection]:
    """One session in UTC, as the pipeline's are."""
    found = psycopg2.connect(postgres_url.replace("+psycopg2", ""), options="-c timezone=UTC -c lock_timeout=5s")
    found.autocommit = True
    yield found
    found.close()


def begun(connection: psycopg2.extensions.connection, seed: int, zone: str, delay: str) -> Ledger:
    """An empty one, five weeks before the zone's clocks change, forward or back."""
    change = {"Europe/Berlin": ("2026-10-25", "2027-03-28"), "America/Havana": ("2026-11-01", "2027-03-14")}
    start = datetime.fromisoformat(change.get(zone, ("2026-11-20", "2026-12-31"))[seed % 2]).replace(tzinfo=UTC)
    ledger = Ledger(connection, np.random.default_rng(seed), zone, start - timedelta(days=20))
    ledger.sql("truncate payments_scored, labels, run_ledger cascade")
    ledger.sql("update report_settings set time_zone = %s, label_delay = %s", zone, delay)
    return ledger


SEEDS = range(int(os.environ.get("PROFILE_SEEDS", "3")))


@pytest.mark.parametrize(
    ("zone", "delay"), [("UTC", "7 days"), ("Europe/Berlin", "2 days 12:00"), ("America/Havana", "7 days")]
)
def test_sums_equal_counting_whatever_happens(
    connection: psycopg2.extensions.connection, zone: str, delay: str
) -> None:
    """On the day that opens next, on any day before, and as of any landing (PROFILE_SEEDS=99 draws more worlds).

    Payments are late, early and corrected, batches loaded late, labels change, days are skipped, clocks change,
    rows and settings are changed by hand.
    """
    seen, told = 0, []
    for seed in SEEDS:
        ledger = begun(connection, seed, zone, delay)
        for _ in range(60):
            ledger.live()
            days = [ledger.today() + timedelta(days=int(ahead)) for ahead in (1, 0, *ledger.chance.integers(-40, 3, 2))]
            landing = PAST_ALL if ledger.chance.random() < 0.7 else int(ledger.chance.integers(0, ledger.seq + 2))
            profiles, by_sums = ledger.compared(sorted(set(days)), landing)
            seen += len(profiles)
            told += [by_sums] if landing == PAST_ALL else []
    assert seen > 300 * len(SEEDS)
    assert sum(told) > 0.9 * len(told)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana"])
def test_what_lands_in_order_is_told_by_sums_alone(connection: psycopg2.extensions.connection, zone: str) -> None:
    """Whoever asks when the first batch of a day waits, as transform does, is spared the payments."""
    ledger = begun(connection, 1, zone, "7 days")
    found = 0
    for _ in range(60):
        ledger.now += timedelta(hours=14)
        ledger.say()
        profiles, by_sums = ledger.compared([ledger.today()], ledger.seq + 1)
        assert by_sums
        found += len(profiles)
        ledger.land()
        ledger.left.clear()
    assert found > 100


def test_counting_anew_gives_the_same_sums(connection: psycopg2.extensions.connection) -> None:
    """Whatever happened; and what the sums told before of any day, they tell after."""
    ledger = begun(connection, 5, "Europe/Berlin", "2 days 12:00")
    for _ in range(120):
        ledger.live()
    whole = """
        select array_agg(day order by day) from (
            select event_day || merchant || from_day || sum(payments) || sum(labelled) || sum(frauds) as day
            from merchant_days group by merchant, event_day, from_day
            having sum(payments) <> 0 or sum(labelled) <> 0 or sum(frauds) <> 0
        ) as sums
    """
    with connection.cursor() as cursor:
        rows(cursor, "labels/count", {"at_most": PAST_ALL})
        cursor.execute(whole)
        kept = cursor.fetchall()
        cursor.execute("select recount_merchant_days()")
        cursor.execute(whole)
        assert cursor.fetchall() == kept
        assert len(kept[0][0]) > 100
    days = [ledger.today() - timedelta(days=ago) for ago in range(-2, 60)]
    _, by_sums = ledger.compared(sorted(days), PAST_ALL)
    assert by_sums


def test_a_late_load_that_changes_a_label_counts_it_once(world: World, one: One) -> None:
    """Failed with one label, came again with another, and was loaded after all: one fraud less or more, not two."""
    labels = [(first, then) for first in (True, False, None) for then in (True, False, None)]
    world.landed(1)
    world.store.mark_failed(world.batch(1), "passed")
    shops = [(f"{first}{then}", first, then) for first, then in labels]
    world.minute(2, [one(shop, merchant=shop, payload_is_fraud=then) for shop, _, then in shops])
    late = [one(shop, merchant=shop, delivery="late", payload_is_fraud=first) for shop, first, _ in shops]
    world.load(world.work(1, late, decisions=world.decisions_frame(world.payments_frame([], None, 0))))
    day = START.date() + timedelta(days=9)
    profiles = world.store.merchant_profiles([day], PAST_ALL).set_index("merchant")
    known = {shop: first if then is None else then for shop, first, then in shops}
    assert profiles["frauds_30d"].to_dict() == {shop: int(bool(label)) for shop, label in known.items()}
    assert profiles["labelled_30d"].to_dict() == {shop: int(label is not None) for shop, label in known.items()}


@pytest.mark.parametrize("first", ["verdict", "load"])
def test_a_verdict_waits_for_no_load_nor_a_load_for_it(
    connection: psycopg2.extensions.connection, postgres_url: str, first: str
) -> None:
    """Of a payment that is being corrected and of one that is being stored: each counts once, where it belongs.

    ``first``: which of the two transactions commits first.
    """
    ledger = begun(connection, 5, "UTC", "7 days")
    at = ledger.now
    ledger.store([("1-0", at, "b", 1, "b", 1, b"", 100, "USD", "t", "k", "1234", "Shop", False)])
    url = postgres_url.replace("+psycopg2", "")
    load, desk = (psycopg2.connect(url, options="-c lock_timeout=5s") for _ in range(2))
    with load.cursor() as cursor:
        cursor.execute("update payments_scored set merchant = 'Mill'")
        execute_values(cursor, PAY, [("2-0", at, "b", 2, "b", 2, b"", 100, "USD", "t", "k", "1234", "Kiosk", False)])
    with desk.cursor() as cursor:
        execute_values(cursor, SAY, [(name, "verdict", "fraud", at, "ann", None) for name in ("1-0", "2-0")])
    day = at.date() + timedelta(days=8)
    for session in (desk, load) if first == "verdict" else (load, desk):
        session.commit()
        session.close()
        if first == "load":  # counting waits for a load that is open
            ledger.compared([day], PAST_ALL)
    profiles, by_sums = ledger.compared([day], PAST_ALL)
    assert by_sums
    assert profiles.set_index("merchant")["frauds_30d"].to_dict() == {"Mill": 1, "Kiosk": 1}


@pytest.mark.parametrize("order", ["landed", "reversed", "shuffled"])
def test_the_sums_stay_small_in_whatever_order_batches_are_loaded(
    connection: psycopg2.extensions.connection, order: str
) -> None:
    """A row a merchant, day and day that was opened since, at most; not one a landing."""
    ledger = begun(connection, 7, "UTC", "7 days")
    landings = list(range(1, 401))
    for seq in {"landed": landings, "reversed": landings[::-1], "shuffled": ledger.chance.permutation(landings)}[order]:
        at = ledger.now + timedelta(hours=int(seq) / 2)
        ledger.store([(f"{seq}", at, "b", int(seq), "b", int(seq), b"", 100, "USD", "t", "k", "1234", "Shop", True)])
    with connection.cursor() as cursor:
        cursor.execute("select count(*), sum(payments)::int from merchant_days")
        kept, payments = cursor.fetchall()[0]
        cursor.execute("select recount_merchant_days()")
        cursor.execute("select count(*) from merchant_days")
        anew = cursor.fetchall()[0][0]
    assert payments == len(landings)
    assert kept <= 2 * anew


def test_labels_that_are_taken_back_leave_no_rows(connection: psycopg2.extensions.connection) -> None:
    """What a verdict added to the sums goes with it."""
    ledger = begun(connection, 7, "UTC", "7 days")
    ledger.store([("1-0", ledger.now, "b", 1, "b", 1, b"", 100, "USD", "t", "k", "1234", "Shop", None)])
    before = ledger.sums()
    ledger.many(SAY, [("1-0", "verdict", "fraud", ledger.now, "ann", None)])
    assert ledger.sums() != before
    ledger.sql("delete from labels")
    assert ledger.sums() == before
    ledger.sql("delete from payments_scored")
    assert ledger.sums() == []


def test_many_verdicts_in_one_statement_cost_the_same_each(
    connection: psycopg2.extensions.connection, postgres_url: str
) -> None:
    """Twenty thousand labels, a statement each, end within two minutes (ten were not enough), and count."""
    ledger = begun(connection, 7, "UTC", "7 days")
    at, count = ledger.now, 20_000
    ledger.store(
        [(f"1-{n}", at, "b", 1, "b", 1, b"", 100, "USD", "t", "k", "1234", "Shop", False) for n in range(count)]
    )
    ledger.sql("set statement_timeout = '120s'")
    ledger.sql(
        "create function pg_temp.say(of_trans_num text) returns bigint language sql as $$"
        " insert into labels (trans_num, source, verdict, known_at, author)"
        " values (of_trans_num, 'verdict', 'fraud', now(), 'ann') returning label_id $$"
    )
    ledger.sql("select count(pg_temp.say(trans_num)) from payments_scored")
    store = PostgresStore(create_store_engine(postgres_url))
    assert store.count_labels() == count
    assert [row[-1] for row in ledger.sums() if row[-1] > 0] == [count]
