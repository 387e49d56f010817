"""Attacks by somebody who holds the password of one role: each is tried as it would be, and refused."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest
from sqlalchemy.engine import make_url

from fraud_scorer.store.schema.logins import ROLES
from fraud_scorer.store.schema.migrate import migrate
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port

Cursor = psycopg2.extensions.cursor
Login = Callable[[str], Cursor]
DATABASE, PASSWORD = "under_attack", "for-tests-only"
OWNER, WRITER, ALERTER, READER, AUDITOR = ROLES
ONE_PAYMENT = (
    "insert into payments_scored (trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq,"
    " body_hash, amount_cents, currency, card_token, card_key_id, card_last4, merchant)"
    " values ('p', now(), 'b', 1, 'b', 1, '', 1250, 'USD', 't', 'k', '4512', 'Kuhn LLC')"
)


@pytest.fixture
def login(postgres_server: EmbeddedPostgres, signing_key: str) -> Iterator[Login]:
    """Opens a session of a role (``fraud``: the server's superuser) on a database with one payment of everything."""
    url = postgres_server.url(DATABASE)
    migrate(url, passwords=dict.fromkeys(ROLES, PASSWORD), signing_key=signing_key)
    opened = []

    def session(role: str) -> Cursor:
        named = make_url(url).set(drivername="postgresql")
        named = named if role == "fraud" else named.set(username=role, password=PASSWORD)
        connection = psycopg2.connect(named.render_as_string(hide_password=False))
        connection.autocommit = True
        opened.append(connection)
        cursor = connection.cursor()
        cursor.execute("set default_transaction_read_only = off")  # the auditor's own limit, which anybody can lift
        return cursor

    session("fraud").execute(
        f"{ONE_PAYMENT};"
        "insert into labels (trans_num, source, verdict, known_at, author, landing_seq) values"
        " ('p', 'payload', 'fraud', now(), 'payload', 2), ('p', 'verdict', 'fraud', now(), 'ana', null);"
        "insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)"
        " values ('p', 2, 'correction', 1, '{}');"
        "insert into audit_events (actor, action) values ('ana', 'quarantine drop')"
    )
    yield session
    for connection in opened:
        connection.close()
    connection = psycopg2.connect(postgres_server.url("postgres").replace("+psycopg2", ""))
    connection.autocommit = True
    connection.cursor().execute(f"drop database {DATABASE} with (force)")
    connection.close()


OF_ANYBODY = [
    "copy (select 1) to program 'id'",
    "create temporary table loot (line text); copy loot from program 'id'",
    "copy payments_scored from program 'id'",
    "copy public.labels from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select lo_import('/etc/passwd')",
    "create role loot superuser",
    "alter role fraud_writer superuser",
    "alter role fraud_writer createrole",
    "alter role fraud_dashboard connection limit -1",
    "alter system set shared_preload_libraries = 'x'",
    "create extension file_fdw",
    "create database loot",
    "drop database under_attack",
    "drop schema report cascade",
    "drop table public.labels",
    "alter table public.labels disable trigger all",
    "alter table public.labels owner to current_user",
    "create table public.loot (line text)",
    "create function report.loot() returns int language sql as 'select 1'",
    "create schema loot",
    "set session_replication_role = replica",
    "set role fraud_owner",
    "set role fraud",
    "set session authorization fraud",
    "grant fraud_owner to current_user",
    "select * from public.desk_key",
    "insert into public.desk_key (inner_pad, outer_pad) values (sha512(''), sha512(''))",
    "delete from public.desk_claims",
    "update public.labels set verdict = 'not_fraud'",
    "update public.labels set author = 'ben'",
    "delete from public.labels",
    "truncate public.labels",
    "update public.payment_history set was = '{\"x\": 1}'",
    "delete from public.payment_history",
    "truncate public.payment_history cascade",
    "update public.audit_events set actor = 'ben'",
    "delete from public.audit_events",
    "truncate public.audit_events",
    "insert into public.audit_events (actor, action, login) values ('a', 'b', 'ben')",
    "insert into public.audit_events (actor, action, at) values ('a', 'b', '2020-01-01')",
    "delete from public.payments_scored",
    "truncate public.payments_scored",
    "set fraud_scorer.purge = 'on'; delete from public.labels",
    "set fraud_scorer.purge = 'on'; delete from public.payment_history",
    "update public.schema_migrations set version = 'x'",
    "update public.report_settings set time_zone = 'UTC'",
]
OF_THE_READER = [
    "create temporary table loot (line text)",
    "select pg_advisory_lock(hashtextextended('merchant days', 0))",
    "select pg_advisory_xact_lock(hashtextextended('labels import', 0))",
    "select pg_try_advisory_lock(1, 2)",
    "select lo_from_bytea(0, decode(repeat('00', 1000), 'hex'))",
    "select lo_create(0)",
    "set temp_file_limit = -1",
    "begin; lock table public.merchant_days",
    "select * from public.payments_scored for update",
    "select report.use_claim('', 'ben', 'record_verdict')",
    "select public.add_merchant_days(null)",
    "select public.recount_merchant_days()",
]


def is_refused(cursor: Cursor, statement: str) -> bool:
    """Whether the statement, alone in its session, is refused for want of a right."""
    try:
        cursor.execute(statement)
    except (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.InvalidParameterValue):
        return True
    finally:
        cursor.connection.close()
    return False


@pytest.mark.parametrize("role", [WRITER, ALERTER, READER, AUDITOR])
def test_no_role_reaches_the_server_the_records_or_another_role(login: Login, role: str) -> None:
    """Programs, files, roles, the schema, history, labels, audit: refused to every role, and nothing is changed."""
    before = login("fraud")
    before.execute(RECORDS)
    records = before.fetchall()
    assert [statement for statement in OF_ANYBODY if not is_refused(login(role), statement)] == []
    before.execute(RECORDS)
    assert before.fetchall() == records


RECORDS = (
    "select 'l', to_jsonb(labels) from labels union all select 'h', to_jsonb(payment_history) from payment_history"
    " union all select 'a', to_jsonb(audit_events) from audit_events order by 1, 2"
)


@pytest.mark.parametrize("role", [ALERTER, READER, AUDITOR])
def test_who_stores_nothing_holds_nothing_up(login: Login, role: str) -> None:
    """Neither temporary tables, large objects, locks nor the functions of the pipeline."""
    assert [statement for statement in OF_THE_READER if not is_refused(login(role), statement)] == []


@pytest.mark.parametrize(
    "change",
    ["verdict = 'not_fraud'", "author = 'x'", "known_at = now(), note = 'x'", "trans_num = 'q'", "recorded_at = now()"],
)
def test_an_owner_slips_neither(login: Login, change: str) -> None:
    """Where one login does everything, triggers still keep what was said; only a payload's time may be mended."""
    owner = login(OWNER)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="append-only"):
        owner.execute(f"update labels set {change}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="append-only"):
        owner.execute("update labels set known_at = now() where source = 'verdict'")
    for table in ("labels", "payment_history", "audit_events"):
        for statement in (f"delete from {table}", f"truncate {table}"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(statement)


def test_the_time_of_a_payloads_label_can_be_mended(login: Login) -> None:
    """What a late load needs, and no more."""
    writer = login(WRITER)
    writer.execute("update labels set known_at = known_at - interval '1 hour' where source = 'payload'")
    assert writer.rowcount == 1
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="append-only"):
        writer.execute("update labels set known_at = known_at - interval '1 hour'")


def test_a_purge_of_the_owners_can_delete(login: Login) -> None:
    """A function that runs as the owner and says that it purges; the writer may be given it."""
    login(OWNER).execute(
        "create function public.purge_some() returns void language plpgsql security definer"
        " set search_path = public, pg_temp as $$ begin perform set_config('fraud_scorer.purge', 'on', true);"
        " delete from payment_history; perform set_config('fraud_scorer.purge', '', true); end $$;"
        "revoke execute on function public.purge_some() from public;"
        "grant execute on function public.purge_some() to fraud_writer"
    )
    writer = login(WRITER)
    writer.execute("select purge_some()")
    writer.execute("select count(*) from payment_history")
    assert writer.fetchone() == (0,)


FORGED = (
    "insert into labels (trans_num, source, verdict, known_at, author, note{}) values ('p', %s, 'fraud', %s, %s, %s{})"
)


@pytest.mark.parametrize("source", ["verdict", "chargeback", "payload"])
def test_the_writers_password_forges_no_persons_verdict(login: Login, source: str) -> None:
    """What it appends says which login imported it; a payload's label says that it is the payload's."""
    writer = login(WRITER)
    writer.execute(FORGED.format("", ""), (source, "2026-11-20T10:00Z", "ana", "forged"))
    writer.execute("select author from labels order by label_id desc limit 1")
    assert writer.fetchone() == ("payload" if source == "payload" else "import:fraud_writer ana",)


def test_the_writer_dates_no_label_back_and_stores_no_book(login: Login) -> None:
    """When a label was recorded is the database's word; notes and authors have a length, known_at is a time."""
    writer, at = login(WRITER), "2026-11-20T10:00Z"
    back_dated = FORGED.format(", recorded_at", ", '2020-01-01'")
    refused(writer, "42501", back_dated, "verdict", at, "ana", None)
    refused(writer, "23514", FORGED.format("", ""), "verdict", at, "ana", "x" * 5_000_000)
    refused(writer, "23514", FORGED.format("", ""), "verdict", at, "a" * 5_000, None)
    refused(writer, "23514", FORGED.format("", ""), "verdict", "infinity", "ana", None)


def test_a_verdict_of_the_dashboard_keeps_its_author(login: Login, signed: Callable[..., str]) -> None:
    """record_verdict runs as the owner, who has checked the signature: its author is not marked as imported."""
    claim = signed("record_verdict", author="eva", trans_num="p", verdict="fraud", note=None)
    login(READER).execute(VERDICT, ("eva", None, claim))
    writer = login(WRITER)
    writer.execute("select author from labels order by label_id desc limit 1")
    assert writer.fetchone() == ("eva",)


@pytest.mark.parametrize(
    "values",
    [
        "last_error = repeat('x', 50000000)", "attempts = -1", "next_attempt_at = 'infinity'",
        "next_attempt_at = now() + interval '2 hours'", "leased_until = 'infinity'", "sent_at = '2030-01-01'",
    ],
)  # fmt: skip
def test_the_alerter_writes_no_senseless_message(login: Login, values: str) -> None:
    """An error of 50 MB, a message that is never due again or leased for ever: refused; what a sender writes passes."""
    login("fraud").execute(
        "insert into outbox (message_id, kind, channel, recipient, content) values ('m', 'alert', 'email', 'ana', '{}')"
    )
    alerter = login(ALERTER)
    refused(alerter, "23514", f"update outbox set {values}")
    alerter.execute(
        "update outbox set last_error = repeat('x', 500), attempts = 1,"
        " next_attempt_at = now() + interval '15 minutes', leased_until = now() + interval '1 minute'"
    )
    assert alerter.rowcount == 1


def test_the_alerter_counts_no_more_alerts_than_payments(login: Login) -> None:
    """Of a batch of three payments at most three stand in alerts."""
    login("fraud").execute(
        "insert into run_ledger (batch_id, kind, minute, status, received, valid, flagged)"
        " values ('2026-11-20T10:31Z', 'minute', '2026-11-20T10:31Z', 'done', 3, 3, 1)"
    )
    alerter = login(ALERTER)
    for count in (-5, 4, 99_999_999):
        refused(alerter, "23514", f"update run_ledger set alerted = {count}")
    alerter.execute("update run_ledger set alerted = 3")
    assert alerter.rowcount == 1


VERDICT = "select record_verdict('p', 'fraud', %s, %s, %s)"


def refused(cursor: Cursor, state: str, statement: str, *values: object) -> str:
    """The sentence with which the statement is refused, by this SQLSTATE."""
    with pytest.raises(psycopg2.Error) as error:
        cursor.execute(statement, values)
    assert error.value.pgcode == state
    return str(error.value)


def test_the_readers_password_forges_no_author(login: Login, signed: Callable[..., str]) -> None:
    """Unsigned, signed with another key, for other words or another author, expired, far ahead, or used: refused."""
    reader = login(READER)
    said = {"trans_num": "p", "verdict": "fraud", "note": None}
    good = signed("record_verdict", author="ana", **said)
    forged = [
        None, "", "x", "9" * 10 + "." + "0" * 32 + "." + "0" * 64,
        signed("record_verdict", author="ana", key="k" * 40, **said),
        signed("record_verdict", author="ben", **said),
        signed("record_verdict", author="ana", **said | {"verdict": "not_fraud"}),
        signed("record_verdict", author="ana", **said | {"note": "x"}),
        signed("undo_verdict", author="ana", label_id=1),
        signed("record_verdict", author="ana", now=time.time() - 3600, **said),
        signed("record_verdict", author="ana", now=time.time() + 3600, **said),
        str(int(good[:10]) + 9) + good[10:],
    ]  # fmt: skip
    for claim in forged:
        refused(reader, "FS001", VERDICT, "ana", None, claim)
    reader.execute(VERDICT, ("ana", None, good))
    assert "used already" in refused(reader, "FS001", VERDICT, "ana", None, good)
    refused(reader, "22023", VERDICT, "  ", None, signed("record_verdict", author="  ", **said))
    superuser = login("fraud")
    superuser.execute("select author from labels where source = 'verdict' order by label_id")
    assert superuser.fetchall() == [("ana",), ("ana",)]


def test_parts_of_a_claim_cannot_be_shifted(login: Login, signed: Callable[..., str]) -> None:
    """Where one word ends and the next begins is signed too."""
    claim = signed("record_verdict", author="ana", trans_num="p", verdict="fraud", note="7:x")
    refused(login(READER), "FS001", "select record_verdict('p', 'fraud', 'ana', '7:x1:', %s)", claim)
    refused(login(READER), "FS001", "select record_verdict('p1:', 'fraud', 'ana', '7:x', %s)", claim)


def test_a_long_note_author_or_snooze_is_refused(login: Login, signed: Callable[..., str]) -> None:
    """5 MB of note, an author of 300 letters, a snooze of 32 days or without an end, a verdict of no kind."""
    reader = login(READER)
    note = "x" * 5_000_000
    claim = signed("record_verdict", author="ana", trans_num="p", verdict="fraud", note=note)
    refused(reader, "22023", VERDICT, "ana", note, claim)
    claim = signed("record_verdict", author="a" * 300, trans_num="p", verdict="fraud", note=None)
    refused(reader, "22023", VERDICT, "a" * 300, None, claim)
    for hours in (745, 2**31 - 1, 0, -1, None):
        claim = signed("snooze", author="ana", subject="card", trans_num="p", hours=hours, note=None)
        refused(reader, "22023", "select snooze('card', 'p', %s, 'ana', null, %s)", hours, claim)
    refused(reader, "22P02", "select snooze('card', 'p', 'infinity', 'ana', null, '')")
    for verdict in ("withdrawn", "fraud ", None):
        claim = signed("record_verdict", author="ana", trans_num="p", verdict=verdict, note=None)
        refused(reader, "22023", "select record_verdict('p', %s, 'ana', null, %s)", verdict, claim)


def test_a_flood_of_verdicts_ends_at_once(login: Login, signed: Callable[..., str]) -> None:
    """20,000 signed verdicts in one statement: the eleventh ends it, nothing is kept, no lock is held."""
    claims = [signed("record_verdict", author="ana", trans_num="p", verdict="fraud", note=None) for _ in range(20_000)]
    flood = "select count(record_verdict('p', 'fraud', 'ana', null, claim)) from unnest(%s) as claim"
    reader = login(READER)
    reader.execute("set statement_timeout = 0; set lock_timeout = 0")
    assert "10 in a transaction" in refused(reader, "FS002", flood, claims)
    writer = login(WRITER)
    writer.execute("set lock_timeout = '1s'; select lock_merchant_days(); select count(*) from labels")
    assert writer.fetchone() == (2,)
    for claim in claims[:120]:
        reader.execute(VERDICT, ("ana", None, claim))
    refused(reader, "FS002", VERDICT, "ana", None, claims[120])
    other = signed("record_verdict", author="ben", trans_num="p", verdict="fraud", note=None)
    reader.execute(VERDICT, ("ben", None, other))


def test_a_session_dates_no_verdict(login: Login, signed: Callable[..., str]) -> None:
    """fraud_report.now moves what a session sees, never what it says."""
    reader = login(READER)
    reader.execute("set fraud_report.now = '2020-01-01'")
    reader.execute(
        VERDICT, ("ana", None, signed("record_verdict", author="ana", trans_num="p", verdict="fraud", note=None))
    )
    superuser = login("fraud")
    superuser.execute("select known_at > now() - interval '1 minute' from labels order by label_id desc limit 1")
    assert superuser.fetchone() == (True,)


def test_without_a_key_nobody_judges(login: Login, signed: Callable[..., str]) -> None:
    """A database that never got one believes no name."""
    login("fraud").execute("delete from desk_key")
    claim = signed("record_verdict", author="ana", trans_num="p", verdict="fraud", note=None)
    assert "FRAUD_DASHBOARD_SIGNING_KEY" in refused(login(READER), "FS001", VERDICT, "ana", None, claim)


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server of fraud_db's own, as `make run` and docker compose start it."""
    folder = Path(tempfile.mkdtemp(prefix="fraud-own-server-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "postgres", free_port(), PASSWORD, durable=False)
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


def test_no_login_reaches_the_servers_other_databases(own_server: EmbeddedPostgres) -> None:
    """Where it could fill the disk with large objects and temporary tables."""
    migrate(own_server.url("fraud_db"), passwords=dict.fromkeys(ROLES, PASSWORD))
    for role in ROLES:
        for database in ("postgres", "template1"):
            url = make_url(own_server.url(database)).set(drivername="postgresql", username=role, password=PASSWORD)
            with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
                psycopg2.connect(url.render_as_string(hide_password=False))
    migrate(own_server.url("fraud_db"), passwords=dict.fromkeys(ROLES, PASSWORD))


@pytest.mark.parametrize(
    ("what", "least_days"),
    [("payments", 90), ("payment_history", 90), ("payment_events", 90), ("labels", 90), ("merchant_profiles", 90),
     ("outbox", 30), ("shadow_scores", 1), ("landing_index", 1), ("quarantine", 1), ("quarantined records", 1),
     ("message texts", 1)],
)  # fmt: skip
def test_the_writer_purges_nothing_that_is_young(login: Login, what: str, least_days: int) -> None:
    """Of no kind what is younger than the least its setting allows; at that age it may."""
    session = login(WRITER)
    ask = "select purged from purge_aged(%s, '-infinity', now() - %s * interval '1 day', 1000, now())"
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match=f"younger than {least_days} days are not purged"):
        session.execute(ask, (what, least_days - 0.5))
    session.execute(ask, (what, least_days))
    assert session.fetchall() == [(0,)]
