"""What the dashboard's role may do in `fraud_db`: read report views, call four writing functions, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

Signed = Callable[..., str]


@pytest.fixture
def role(dashboard_url: str) -> Iterator[psycopg2.extensions.cursor]:
    """The role at work."""
    connection = psycopg2.connect(dashboard_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def say(role: Any, signed: Signed, query: str, name: str, **parameters: object) -> Any:
    """Run a writing function with a claim for its parameters; what it returns."""
    role.execute(query, parameters | {"claim": signed(name, **parameters)})
    return role.fetchone()[0]


VERDICT = "select record_verdict(%(trans_num)s, %(verdict)s, %(author)s, %(note)s, %(claim)s)"
UNDO = "select undo_verdict(%(label_id)s, %(author)s, %(claim)s)"
SNOOZE = "select snooze(%(subject)s, %(trans_num)s, %(hours)s, %(author)s, %(note)s, %(claim)s)"
END = "select end_snooze(%(snooze_id)s, %(author)s, %(claim)s)"


@pytest.mark.parametrize(
    "statement",
    [
        "select card_token from public.payments_scored",
        "select * from public.labels",
        "select record from public.quarantine",
        "select content from public.outbox",
        "select value from public.snoozes",
        "update public.payments_scored set flagged = false",
        "delete from public.labels",
        "insert into public.labels (trans_num, source) values ('p', 'verdict')",
        "insert into public.labels (trans_num, source) values ('p', 'payload')",
        "insert into public.snoozes (subject, value, until, author) values ('merchant', 'm', now(), 'a')",
        "update public.report_settings set time_zone = 'UTC'",
    ],
)
def test_tables_are_closed(role: Any, statement: str) -> None:
    """Neither card tokens nor anything a report does not need can be read, and no table be written."""
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        role.execute(statement)


def test_every_view_of_the_pages_is_open(store: Any, role: Any) -> None:
    """A view without its grant would be a broken page."""
    views = [row[0] for row in store.rows("select viewname from pg_views where schemaname = 'report'")]
    assert len(views) > 10
    for view in views:
        role.execute(f"select * from {view} limit 1")


def test_the_four_writes_work(store: Any, role: Any, signed: Signed) -> None:
    """Verdict, undo, snooze and its end."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    said = say(role, signed, VERDICT, "record_verdict", trans_num="p", verdict="fraud", author="ana", note="é 7:x")
    assert say(role, signed, UNDO, "undo_verdict", label_id=said, author="ana")
    made = say(role, signed, SNOOZE, "snooze", subject="card", trans_num="p", hours=24, author="ana", note=None)
    assert say(role, signed, END, "end_snooze", snooze_id=made, author="ana")
    assert store.rows("select count(*), min(author), max(author) from labels") == [(2, "ana", "ana")]
    assert store.rows("select count(*) from snoozes") == [(2,)]


def test_a_write_needs_an_author_and_a_payment(store: Any, role: Any, signed: Signed) -> None:
    """An anonymous verdict is refused; one of a payment nobody stored does nothing."""
    store.payment("p", "2026-11-19T10:31Z")
    said = {"verdict": "fraud", "note": None}
    with pytest.raises(psycopg2.errors.InvalidParameterValue):
        say(role, signed, VERDICT, "record_verdict", trans_num="p", author="  ", **said)
    assert say(role, signed, VERDICT, "record_verdict", trans_num="q", author="ana", **said) is None
