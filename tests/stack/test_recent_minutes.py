"""What the ledger and Airflow's metadata say of the last minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from fraud_scorer.monitoring.airflow_health import minutes_stall
from fraud_stack.embedded_postgres import free_port
from fraud_stack.recent_minutes import imported_days, settled_minutes

AIRFLOW_TABLES = """
create table dag (dag_id text, is_paused boolean);
create table dag_run (dag_id text, run_id text, run_after timestamptz);
create table task_instance (dag_id text, run_id text, start_date timestamptz);
insert into dag values ('fraud_pipeline', false), ('another', false);
insert into dag_run
select 'fraud_pipeline', 'run ' || n, now() - n * interval '1 minute' from generate_series(0, 20) as n;
insert into dag_run values ('another', 'run 0', now());
insert into task_instance values ('another', 'run 0', now());
"""


def execute(url: str, statement: str, **values: object) -> None:
    """One statement, committed."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(statement), values)


def note(url: str, batch_id: str, status: str, loaded: timedelta, flagged: int = 0, alerted: int = 0) -> None:
    """One minute in the ledger, loaded so long ago."""
    execute(
        url,
        "insert into run_ledger (batch_id, kind, minute, status, landed_at, loaded_at, received, flagged, alerted)"
        " values (:batch_id, 'minute', cast(:batch_id as timestamptz), :status, now(), now() - :loaded, 20, :flagged,"
        " :alerted)",
        batch_id=batch_id, status=status, loaded=loaded, flagged=flagged, alerted=alerted,
    )  # fmt: skip


def test_a_minute_is_told_once_it_is_done_and_its_mail_is_on_its_way(postgres_url: str) -> None:
    """Landed minutes wait; flagged ones wait for their mail, ten seconds at most; old ones are not told again."""
    second = timedelta(seconds=1)
    note(postgres_url, "2026-11-20T10:31Z", "done", second, flagged=2, alerted=2)
    note(postgres_url, "2026-11-20T10:32Z", "done", second, flagged=2)
    note(postgres_url, "2026-11-20T10:33Z", "done", 30 * second, flagged=2)
    note(postgres_url, "2026-11-20T10:34Z", "landed", second)
    note(postgres_url, "2026-11-20T10:35Z", "failed", second)
    note(postgres_url, "2026-11-20T10:36Z", "done", 3600 * second)
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert [(minute.batch_id[11:16], minute.status) for minute in settled_minutes(postgres_url, since)] == [
        ("10:31", "done"),
        ("10:33", "done"),
        ("10:35", "failed"),
    ]
    assert imported_days(postgres_url) == 0


@pytest.mark.parametrize(
    ("change", "stalled"),
    [
        ("select 1", True),
        ("insert into task_instance values ('fraud_pipeline', 'run 0', null)", True),
        ("insert into task_instance values ('fraud_pipeline', 'run 4', now() - interval '4 minutes')", True),
        ("insert into task_instance values ('fraud_pipeline', 'run 1', now() - interval '1 minute')", False),
        ("update dag set is_paused = true", False),
        ("delete from dag", False),
    ],
)
def test_a_stall_is_that_no_task_starts(postgres_url: str, change: str, stalled: bool) -> None:
    """Queued tasks, or none at all, for longer than the patience are a stall; a paused pipeline is not."""
    execute(postgres_url, AIRFLOW_TABLES)
    execute(postgres_url, change)
    assert minutes_stall(postgres_url, patience_seconds=150) is stalled


def test_a_store_that_is_down_is_said_at_once() -> None:
    """Nothing hangs: the caller learns that it cannot be asked."""
    with pytest.raises(SQLAlchemyError):
        settled_minutes(f"postgresql+psycopg2://me:secret@127.0.0.1:{free_port()}/fraud_db", datetime.now(UTC))
