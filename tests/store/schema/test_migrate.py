"""`fraud-scorer migrate`: creates, migrates, replaces views, makes roles; idempotent; the snapshot tells the truth."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from fraud_common.errors import SettingsError, StoreUnavailable
from fraud_scorer.store.schema.migrate import migrate, pending_migrations, sql_root
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """What the statement finds."""
    with psycopg2.connect(url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchall()
    connection.close()
    return found


def test_a_missing_database_is_created_and_a_second_run_changes_nothing(empty_database_url: str) -> None:
    """The first run applies every migration, the second none."""
    first = migrate(empty_database_url)
    second = migrate(empty_database_url)
    assert list(first.migrations) == sorted(path.stem for path in (sql_root() / "migrations").glob("*.sql"))
    assert second.migrations == ()
    assert second.notes == ()
    assert pending_migrations(empty_database_url) == []


def test_the_report_settings_follow_the_arguments(postgres_url: str) -> None:
    """Time zone, label delay and currency are those of the last run."""
    migrate(postgres_url, time_zone="Europe/Berlin", label_delay_days=1.5, currency="EUR")
    found = rows(postgres_url, "select time_zone, extract(epoch from label_delay)::int, currency from report_settings")
    assert found == [("Europe/Berlin", 36 * 3600, "EUR")]


def test_two_at_once_both_succeed(empty_database_url: str) -> None:
    """Two services that migrate at their start do not hurt each other."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrate, [empty_database_url] * 2))
    assert pending_migrations(empty_database_url) == []


def test_a_view_whose_columns_changed_is_replaced(postgres_url: str, tmp_path: Path) -> None:
    """`create or replace view` alone would be refused; dependants are made anew too."""
    root = tmp_path / "sql"
    shutil.copytree(sql_root(), root, ignore=shutil.ignore_patterns("views", "grants"))
    (root / "views").mkdir()
    (root / "views" / "1.sql").write_text("create or replace view v_one as select 1 as a, 2 as b;")
    (root / "views" / "2.sql").write_text("create or replace view v_two as select a from v_one;")
    migrate(postgres_url, root=root)
    (root / "views" / "1.sql").write_text("create or replace view v_one as select 'x'::text as a;")
    assert migrate(postgres_url, root=root).views == ("1.sql", "2.sql")
    assert rows(postgres_url, "select a from report.v_two") == [("x",)]


def test_a_migration_that_fails_says_why_and_leaves_nothing(empty_database_url: str, tmp_path: Path) -> None:
    """PostgreSQL's own reason is in the error."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1_bad.sql").write_text("-- migrate:up\ncreate table t (a nonsense);\n-- migrate:down\n")
    with pytest.raises(SettingsError, match='type "nonsense" does not exist'):
        migrate(empty_database_url, root=tmp_path)
    assert rows(empty_database_url, "select to_regclass('t')") == [(None,)]


def test_every_migration_can_be_undone(empty_database_url: str) -> None:
    """Down and up again: the same schema."""
    migrate(empty_database_url)
    names = sorted((sql_root() / "migrations").glob("*.sql"), reverse=True)
    connection = psycopg2.connect(empty_database_url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("drop schema report cascade")
        for path in names:
            cursor.execute(path.read_text().split("-- migrate:down")[1])
        cursor.execute("delete from schema_migrations")
        cursor.execute("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'")
        assert cursor.fetchall() == [("schema_migrations",)]
    connection.close()
    assert len(migrate(empty_database_url).migrations) == len(names)


def test_an_unreachable_server_is_transient_and_a_wrong_password_is_not(postgres_server: EmbeddedPostgres) -> None:
    """One line each, without the password."""
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        migrate(f"postgresql+psycopg2://fraud:secret@127.0.0.1:{free_port()}/x")
    with pytest.raises(SettingsError, match="refused the login") as refused:
        migrate(f"postgresql+psycopg2://fraud:secret@127.0.0.1:{postgres_server.port}/x")
    assert "secret" not in str(refused.value)


def test_the_snapshot_equals_the_migrations(
    empty_database_url: str, postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    """sql/schema.sql is what the migrations make (WRITE_SCHEMA=1 writes it anew)."""
    shutil.copytree(sql_root() / "migrations", tmp_path / "migrations")
    migrate(empty_database_url, root=tmp_path)
    dump = subprocess.run(
        [
            postgres_server.program("pg_dump"), "--schema-only", "--no-owner", "--no-privileges",
            empty_database_url.replace("+psycopg2", ""),
        ],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    noise = ("--", "SET ", "\\", "SELECT pg_catalog.set_config")
    lines = [line.rstrip() for line in dump.splitlines() if line and not line.startswith(noise)]
    title = "-- A snapshot of what sql/migrations make, for reading; a test holds the two equal."
    seen = "\n".join([title, *lines, ""])
    snapshot = sql_root() / "schema.sql"
    if os.environ.get("WRITE_SCHEMA"):
        snapshot.write_text(seen)
    assert snapshot.read_text() == seen
