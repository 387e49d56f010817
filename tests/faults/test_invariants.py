"""The invariants themselves: each notices the damage that it is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fault_lab.everything import play
from fault_lab.fault import HEALED_WITHIN, Fault
from fault_lab.invariants import replay_writes, violations
from fault_lab.laboratory import Laboratory
from fault_lab.world import World

ONE = "(select trans_num from payments_scored where flagged order by trans_num limit 1)"
DAMAGES = {
    "landed payments are not stored": f"delete from payments_scored where trans_num = {ONE}",
    "stored payments were never handed out": f"update payments_scored set trans_num = 'new' where trans_num = {ONE}",
    "another amount or time": f"update payments_scored set amount_cents = 1 where trans_num = {ONE}",
    "lack a score, or have 0": f"update payments_scored set raw_score = 0 where trans_num = {ONE}",
    "not what the recorded model gives": f"update payments_scored set raw_score = 0.123 where trans_num = {ONE}",
    "flags do not follow": f"update payments_scored set flagged = false where trans_num = {ONE}",
    "records in quarantine are not malformed": "update quarantine set row_index = 99",
    "malformed records are not in quarantine": "delete from quarantine",
    "things still wait": "update run_ledger set status = 'landed'",
    "batches are counted wrongly": "update run_ledger set received = received + 1",
    "flagged payments stand in no accepted mail": "delete from outbox_payments",
    "accepted mails are not in the outbox": "delete from outbox_payments; delete from outbox",
}


@pytest.fixture(scope="module")
def world(lab: Laboratory) -> Iterator[World]:
    """Two minutes, one bad row among them, all well."""
    world = World(lab)
    world.api.order("malformed_rows")
    world.minutes(2)
    assert violations(world) + replay_writes(world) == []
    yield world
    world.close()


@pytest.fixture
def damaged(world: World) -> Iterator[Callable[[str], list[str]]]:
    """Damage the tables, look, and put them back."""
    tables = [name for (name,) in world.rows("select tablename from pg_tables where schemaname = 'public'")]
    tables = [name for name in tables if name not in ("schema_migrations", "report_settings")]
    world.rows("create schema if not exists aside")
    world.rows("".join(f"create table aside.{name} as table public.{name};" for name in tables))

    def damage(statement: str) -> list[str]:
        world.rows(f"set session_replication_role = replica; {statement}".replace("%", "%%"))
        return violations(world)

    yield damage
    columns = (
        "select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = %s::regclass and attnum > 0"
    )
    for name in tables:
        listed = world.rows(f"{columns} and attgenerated = '' and not attisdropped", f"public.{name}")[0][0]
        world.rows(
            f"set session_replication_role = replica; delete from public.{name};"
            f" insert into public.{name} ({listed}) overriding system value select {listed} from aside.{name};"
            f" drop table aside.{name}"
        )


@pytest.mark.faults
@pytest.mark.parametrize("sentence", DAMAGES)
def test_damage_is_noticed(sentence: str, damaged: Callable[[str], list[str]]) -> None:
    """Each invariant names its damage."""
    found = damaged(DAMAGES[sentence])
    assert any(sentence in one for one in found), found


@pytest.mark.faults
def test_repeated_mails_are_noticed(world: World) -> None:
    """A repeat is reported unless the fault excuses it; one with other bytes always."""
    accepted = world.mail.accepted
    accepted.append(accepted[0])
    assert violations(world) == ["1 mails were repeated"]
    assert violations(world, may_repeat=True) == []
    accepted[-1] = type(accepted[0])(accepted[0].message_id, accepted[0].recipient, b"other")
    assert any("other bytes" in one for one in violations(world, may_repeat=True))
    accepted.pop()
    assert violations(world) == []


@pytest.mark.faults
def test_what_is_not_whole_again_in_time_is_noticed(lab: Laboratory) -> None:
    """A fault that goes on although it says that it is over: mails still wait after the third minute."""

    def never_over(world: World) -> str:
        world.smtp.mode = "refuse"
        return "said to be over"

    wrong = play(Fault("SMTP: down for ever", "", never_over), lab).wrong
    late = [int(one.split()[1]) for one in wrong if one.endswith("minutes to heal")]
    assert late, wrong
    assert late[0] > HEALED_WITHIN
    assert any("things still wait" in one for one in wrong)
