"""`fraud-scorer daily-report`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
import structlog
from typer.testing import CliRunner

from fraud_common.errors import SettingsError
from fraud_scorer.cli import app
from fraud_scorer.settings import load_settings


@pytest.fixture
def run(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    """The command line on a database that holds one payment of three days ago."""
    monkeypatch.setenv("FRAUD_DB_URL", postgres_url)
    monkeypatch.setenv("FRAUD_TIME_ZONE", "UTC")
    load_settings.cache_clear()
    connection = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into payments_scored (trans_num, event_time, first_batch_id, first_landing_seq, batch_id,"
            " landing_seq, body_hash, amount_cents, currency, card_token, card_key_id, card_last4, merchant)"
            " values ('p', %s, 'b', 1, 'b', 1, '', 1250, 'USD', 't', 'k', '4512', 'Kuhn LLC')",
            [datetime.now(UTC) - timedelta(days=3)],
        )
    connection.close()
    with structlog.testing.capture_logs():  # the command line's own start sends them to standard error
        yield CliRunner()
    load_settings.cache_clear()


def test_a_dry_run_prints_the_mail_and_writes_nothing(run: CliRunner) -> None:
    """So that the report can be looked at before anybody gets it; then it is written once."""
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    shown = run.invoke(app, ["daily-report", "--day", day, "--dry-run"])
    assert "1 payment, none flagged" in shown.output
    assert f"?day={day}" in shown.output

    first = run.invoke(app, ["daily-report", "--day", day, "--json"])
    assert json.loads(first.output) == {"day": day, "messages": 1, "note": ""}
    again = run.invoke(app, ["daily-report", "--day", day])
    assert "was written before" in again.output


def test_without_a_day_it_is_yesterday(run: CliRunner) -> None:
    """By the report's calendar."""
    before = datetime.now(UTC).date()
    done = run.invoke(app, ["daily-report", "--json"])
    after = datetime.now(UTC).date()  # another day, at midnight
    assert json.loads(done.output)["day"] in {str(today - timedelta(days=1)) for today in (before, after)}


def test_a_text_that_is_no_day_is_refused(run: CliRunner) -> None:
    """With the way to write it."""
    done = run.invoke(app, ["daily-report", "--day", "yesterday"])
    assert isinstance(done.exception, SettingsError)
    assert "2026-11-19" in str(done.exception)
