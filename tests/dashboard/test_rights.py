"""What the dashboard's role may do in `fraud_db`: read report views, call four writing functions, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest


@pytest.fixture
def role(dashboard_url: str) -> Iterator[psycopg2.extensions.cursor]:
    """The role at work."""
    connection = psycopg2.connect(dashboard_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "select card_token from payments_scored",
        "select * from labels",
        "select record from quarantine",
        "select content from outbox",
        "select value from snoozes",
        "update payments_scored set flagged = false",
        "delete from labels",
        "insert into labels (trans_num, source, verdict, known_at, author) values ('p', 'verdict', 'fraud', now(), '')",
        "insert into labels (trans_num, source, verdict, known_at, author) values ('p', 'payload', 'fraud', now(), '')",
        "insert into snoozes (subject, value, until, author) values ('merchant', 'm', now(), 'a')",
        "update report_settings set time_zone = 'UTC'",
    ],
)
def test_tables_are_closed(role: Any, statement: str) -> None:
    """Neither card tokens nor anything a report does not need can be read, and no table be written."""
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        role.execute(statement)


def test_every_report_view_is_open(store: Any, role: Any) -> None:
    """A view without its grant would be a broken page."""
    views = [row[0] for row in store.rows("select viewname from pg_views where schemaname = 'public'")]
    assert len(views) > 10
    for view in views:
        role.execute(f"select * from {view} limit 1")


def test_the_four_writes_work(store: Any, role: Any) -> None:
    """Verdict, undo, snooze and its end."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    role.execute("select undo_verdict(record_verdict('p', 'fraud', 'ana'), 'ana')")
    role.execute("select end_snooze(snooze('card', 'p', now() + interval '1 day', 'ana'), 'ana')")
    assert store.rows("select count(*) from labels") == [(2,)]
    assert store.rows("select count(*) from snoozes") == [(2,)]


def test_a_write_needs_an_author_and_a_payment(store: Any, role: Any) -> None:
    """An anonymous verdict is refused; one of a payment nobody stored does nothing."""
    store.payment("p", "2026-11-19T10:31Z")
    with pytest.raises(psycopg2.errors.NotNullViolation):
        role.execute("select record_verdict('p', 'fraud', '  ')")
    role.execute("select record_verdict('q', 'fraud', 'ana')")
    assert role.fetchone() == (None,)
