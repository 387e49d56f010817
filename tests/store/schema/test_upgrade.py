"""An installation of release 0.1 moves over: what a superuser or a hosted server's master owned is the owner's then."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest
from sqlalchemy.engine import make_url

from fraud_scorer.settings import Settings
from fraud_scorer.store.schema.logins import ROLES
from fraud_scorer.store.schema.migrate import migrate, prepare, sql_root
from fraud_scorer.store.schema.own_database import own_database
from fraud_scorer.wiring import migrate as migrate_by_settings
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port

LAST_OF_0_1 = "20261120000060"
PASSWORD, KEY = "for-tests-only", "k" * 40
OLD_VIEWS = """
create view v_fraud_report as select trans_num, event_time::date as report_day from payments_scored;
create function report_now() returns timestamptz language sql as 'select now()';
create function record_verdict(of_trans_num text, says text, said_by text, remark text default null) returns bigint
language sql security definer as $$
    insert into labels (trans_num, source, verdict, known_at, author)
    values (of_trans_num, 'verdict', says, now(), said_by)
    returning label_id
$$;
grant select on v_fraud_report to fraud_dashboard;
create view my_own_list as select trans_num from v_fraud_report where report_day > '2020-01-01';
insert into payments_scored (trans_num, event_time, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash,
    amount_cents, currency, card_token, card_key_id, card_last4, merchant, flagged)
values ('p', now(), 'b', 1, 'b', 1, '', 1250, 'USD', 't', 'k', '4512', 'Kuhn LLC', true);
insert into labels (trans_num, source, verdict, known_at, author) values ('p', 'chargeback', 'fraud', now(), 'bank');
"""


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A server of the test's own: roles belong to a server."""
    folder = Path(tempfile.mkdtemp(prefix="fraud-tests-upgrade-"))
    folder.chmod(0o711)
    started = EmbeddedPostgres(folder / "postgres", free_port(), PASSWORD, durable=False)
    try:
        started.start()
        yield started
    finally:
        started.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """What the statement finds."""
    connection = psycopg2.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchall() if cursor.description else []
    connection.close()
    return found


def by(url: str, role: str) -> str:
    """The URL with another user."""
    return make_url(url).set(username=role, password=PASSWORD).render_as_string(hide_password=False)


def release_0_1(url: str, folder: Path) -> None:
    """Make the database as release 0.1 left it, all of it owned by the URL's user."""
    (folder / "migrations").mkdir()
    for path in sorted((sql_root() / "migrations").glob("*.sql")):
        if path.stem[:14] <= LAST_OF_0_1:
            shutil.copy(path, folder / "migrations")
    server = make_url(url).set(database="postgres").render_as_string(hide_password=False)
    rows(server, "create role fraud_dashboard nologin")
    migrate(url, root=folder)
    rows(url, OLD_VIEWS)


def works(url: str, signed: Callable[..., str]) -> None:
    """The logins do their work on what was there before."""
    owners = rows(
        url,
        "select distinct relowner::regrole::text from pg_class"
        " where relnamespace::regnamespace::text in ('public', 'report') and relname <> 'my_own_list'",
    )
    assert owners == [("fraud_owner",)]
    assert rows(by(url, "fraud_writer"), "select author from labels") == [("bank",)]
    rows(by(url, "fraud_writer"), "update payments_scored set merchant = 'Kuhn' where trans_num = 'p'")
    assert rows(by(url, "fraud_auditor"), "select why from payment_history") == [("rescore",)]
    claim = signed("record_verdict", key=KEY, author="ana", trans_num="p", verdict="not_fraud", note=None)
    assert rows(by(url, "fraud_dashboard"), f"select record_verdict('p', 'not_fraud', 'ana', null, '{claim}')") == [
        (2,)
    ]
    assert rows(by(url, "fraud_dashboard"), "select trans_num, label from v_fraud_report") == [("p", "fraud")]
    assert rows(by(url, "fraud_alerter"), "select count(*) from outbox") == [(0,)]
    assert rows(url, "select trans_num from my_own_list") == [("p",)]
    found = rows(url, "select count(*) from pg_proc where proname = 'record_verdict' and pronargs = 4")
    assert found == [(0,)]


def test_a_superusers_installation_is_handed_over(
    server: EmbeddedPostgres, tmp_path: Path, signed: Callable[..., str]
) -> None:
    """As in docker-compose.yml: the administrator once, then the owner alone; both a second time change nothing."""
    url = server.url("fraud_db")
    release_0_1(url, tmp_path)
    passwords = dict.fromkeys(ROLES, PASSWORD)
    for admin in (url, url, ""):
        done = migrate(by(url, "fraud_owner"), admin_url=admin, passwords=passwords, signing_key=KEY)
        assert done.notes == ()
    works(url, signed)


def test_as_make_run_moves_it(server: EmbeddedPostgres, tmp_path: Path, signed: Callable[..., str]) -> None:
    """The superuser prepares at start; `migrate` needs the owner's login only."""
    url = server.url("fraud_db")
    release_0_1(url, tmp_path)
    prepare(url, dict.fromkeys(ROLES, PASSWORD))
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        fraud_db_url=by(url, "fraud_writer"),  # type: ignore[arg-type]
        fraud_db_owner_url=by(url, "fraud_owner"),  # type: ignore[arg-type]
        fraud_dashboard_signing_key=KEY,  # type: ignore[arg-type]
    )
    assert migrate_by_settings(settings).notes == ()
    works(url, signed)


@pytest.fixture
def master(server: EmbeddedPostgres) -> str:
    """`fraud_db` by a hosted server's master: makes roles and databases, is no superuser."""
    rows(server.url("postgres"), f"create role master login createrole createdb password '{PASSWORD}'")
    return by(server.url("fraud_db"), "master")


def test_a_hosted_servers_master_is_enough(master: str, tmp_path: Path, signed: Callable[..., str]) -> None:
    """RDS and the like: no superuser anywhere; roles, hand-over and rights all the same."""
    release_0_1(master, tmp_path)
    done = migrate(
        by(master, "fraud_owner"), admin_url=master, passwords=dict.fromkeys(ROLES, PASSWORD), signing_key=KEY
    )
    assert done.notes == ()
    works(master, signed)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        rows(by(master, "fraud_dashboard"), "create temporary table x (a int)")


def test_one_url_of_the_master_does_everything(master: str, tmp_path: Path) -> None:
    """One login for all: the objects are the owner's role's, of which it is a member."""
    release_0_1(master, tmp_path)
    assert migrate(master, signing_key=KEY).notes == ()
    rows(master, "update payments_scored set merchant = 'Kuhn' where trans_num = 'p'")
    assert rows(master, "select count(*) from payment_history") == [(1,)]
    assert migrate(master).migrations == ()


def test_one_url_that_may_make_no_roles_still_works_and_is_told(server: EmbeddedPostgres) -> None:
    """A database of one's own on somebody else's server: everything but the separate logins."""
    rows(server.url("postgres"), f"create role lodger login createdb password '{PASSWORD}'")
    lodger = by(server.url("theirs"), "lodger")
    (note,) = migrate(lodger, signing_key=KEY).notes
    assert "fraud_writer" in note
    assert "FRAUD_DB_ADMIN_URL" in note
    rows(lodger, OLD_VIEWS.partition("create view my_own_list")[2].partition("\n")[2])
    assert rows(lodger, "select trans_num from report.v_fraud_report") == [("p",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="append-only"):
        rows(lodger, "delete from labels")


def test_airflows_metadata_is_handed_over_too(server: EmbeddedPostgres) -> None:
    """Release 0.1's superuser made it; its own login, no superuser, owns it then and can go on."""
    admin, url = server.url("airflow"), by(server.url("airflow"), "airflow_metadata")
    own_database(admin, by(server.url("airflow"), "someone"))
    rows(admin, "create table dag (id serial primary key, dag_id text); create type state as enum ('a')")
    for _ in range(2):
        own_database(admin, url)
    rows(url, "alter table dag add column x int; alter type state add value 'b'; create table y (a int)")
    rows(url, "insert into dag (dag_id) values ('d')")
    assert rows(url, "select rolsuper, rolcreaterole from pg_roles where rolname = current_user") == [(False, False)]


def test_what_others_made_in_the_schema_stays_theirs(server: EmbeddedPostgres) -> None:
    """An extension, a superuser's function and another user's table keep their rights, and `migrate` goes on."""
    url = server.url("fraud_db")
    owner, passwords = by(url, "fraud_owner"), dict.fromkeys(ROLES, PASSWORD)
    migrate(owner, admin_url=url, passwords=passwords, signing_key=KEY)
    rows(url, "create extension pg_stat_statements schema public")
    rows(
        url,
        "create function of_root() returns int language sql as 'select 1';"
        " revoke all on function of_root() from public",
    )
    rows(url, "create function for_all() returns int language sql as 'select 1'")
    rows(url, "create role ana login; grant create on schema public to ana")
    rows(url, "set role ana; create table notes_of_ana (note text)")
    assert migrate(owner, passwords=passwords, signing_key=KEY).notes == ()
    assert rows(url, "select has_function_privilege('ana', 'for_all()', 'execute')") == [(True,)]


def test_the_login_of_before_goes_on_after_the_hand_over(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """An ordinary login that owned all of it stores and migrates as before, once an administrator has moved it over."""
    admin = server.url("postgres")
    rows(admin, f"create role lodger login password '{PASSWORD}'")
    rows(admin, "create role fraud_dashboard nologin")
    connection = psycopg2.connect(make_url(admin).set(drivername="postgresql").render_as_string(hide_password=False))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("create database fraud_db owner lodger")
    connection.close()
    url = server.url("fraud_db")
    lodger = by(url, "lodger")
    (tmp_path / "migrations").mkdir()
    for path in sorted((sql_root() / "migrations").glob("*.sql")):
        if path.stem[:14] <= LAST_OF_0_1:
            shutil.copy(path, tmp_path / "migrations")
    migrate(lodger, root=tmp_path)
    migrate(lodger, admin_url=url, signing_key=KEY)
    assert rows(url, "select relowner::regrole::text from pg_class where relname = 'payments_scored'") == [
        ("fraud_owner",)
    ]
    assert rows(lodger, "select count(*) from payments_scored") == [(0,)]
    assert migrate(lodger, signing_key=KEY).notes == ()


def test_a_database_that_others_use_too_stays_theirs(server: EmbeddedPostgres) -> None:
    """Its owner, temporary tables and advisory locks are not taken from those who have tables there."""
    url = server.url("fraud_db")
    migrate(url, signing_key=KEY, passwords={})
    rows(url, "create role ana login")
    rows(url, "create schema ledger authorization ana")
    rows(url, "set role ana; create table ledger.notes (note text)")
    rows(
        url,
        "grant execute on function pg_advisory_lock(bigint) to public; grant temporary on database fraud_db to public",
    )
    migrate(url, signing_key=KEY, passwords={})
    assert rows(
        url,
        "select has_function_privilege('ana', 'pg_advisory_lock(bigint)', 'execute'),"
        " has_database_privilege('ana', current_database(), 'temporary')",
    ) == [(True, True)]
