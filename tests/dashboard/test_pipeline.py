"""The pipeline page: a cell a minute, and what needs someone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


Open = Callable[..., Any]
Text = Callable[[Any], str]


def test_an_empty_ledger_says_what_comes_next(store: Any, open_page: Open, text: Text) -> None:
    """Before the first minute."""
    assert "No minute has landed yet" in text(open_page("pipeline"))


def test_what_a_minute_lacks_stands_beside_its_state(store: Any, open_page: Open, text: Text) -> None:
    """Pages that were not followed and optional values that were left out, both, in words."""
    store.minute("2026-11-20T07:29:00Z", note="an answer is not all that the payments API has (has_more is true)")
    store.cursor.execute(
        """update run_ledger set dropped = '{"dob_not_a_date": 3, "coordinates_out_of_range": 1200}'"""
    )
    read = text(open_page("pipeline"))
    assert "an answer is not all that the payments API has (has_more is true)" in read
    assert "left out of payments as unusable: 1,200 × coordinates out of range, 3 × dob not a date" in read


def test_a_database_that_is_down_has_one_heading(
    store: Any, open_page: Open, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is the matter, not the name of a page that has nothing to show."""
    monkeypatch.setenv("DASHBOARD_DB_URL", "postgresql+psycopg2://fraud_dashboard:x@127.0.0.1:1/fraud_db")
    page = open_page("pipeline")
    assert [title.value for title in page.title] == ["The database does not answer"]


def test_each_minute_is_a_cell_of_its_state(store: Any, open_page: Open, text: Text) -> None:
    """Done, late, by the local model, missed, failed and waiting are told by sign and by words."""
    store.minute("2026-11-20T07:24:00Z", lag_seconds=300.0)
    store.minute("2026-11-20T07:25:00Z", scored_by="local-fallback")
    store.minute("2026-11-20T07:26:00Z", "missed")
    store.minute("2026-11-20T07:27:00Z", "failed", error="the answer is not JSON")
    store.minute("2026-11-20T07:28:00Z", "landed", landed_at=NOW - timedelta(seconds=60))
    store.minute("2026-11-20T07:29:00Z")
    read = text(open_page("pipeline"))
    for cell in (
        'late" title="07:24',
        'fallback" title="07:25',
        'missed" title="07:26',
        'failed" title="07:27',
        'waiting" title="07:28',
        'done" title="07:29',
    ):
        assert cell in read
    assert "1 minute missed: nothing landed" in read


def test_a_fresh_start_is_not_called_late_or_missing(store: Any, open_page: Open, text: Text) -> None:
    """Minutes before the first ever have no cell; a caught-up one whose payments were all there is not late."""
    store.minute("2026-11-20T07:24:00Z", lag_seconds=300.0, unchanged=20)
    store.minute("2026-11-20T07:25:00Z", lag_seconds=300.0, unchanged=5, inserted=15)
    store.minute("2026-11-20T07:29:00Z", inserted=20)
    read = text(open_page("pipeline"))
    assert 'done" title="07:24' in read
    assert 'late" title="07:25' in read
    assert 'unknown" title="07:26' in read
    assert 'title="07:23' not in read
    assert "of 5 since 07:24, the first ever" in read
    assert '<div class="label">Typical lag</div><div class="value">3 min</div>' in read


def test_who_scored_is_told_as_it_was_chosen(store: Any, open_page: Open, text: Text) -> None:
    """The local model by choice, the endpoint, or the one in place of the other."""
    store.minute("2026-11-20T07:27:00Z")
    assert "as set; no endpoint is asked" in text(open_page("pipeline"))
    store.cursor.execute("update run_ledger set scored_by = 'sagemaker'")
    assert "stand in for no minute" in text(open_page("pipeline"))
    store.minute("2026-11-20T07:28:00Z", scored_by="local-fallback")
    read = text(open_page("pipeline"))
    assert '<div class="label">By the local model</div><div class="value">1 minute</div>' in read
    assert "place, because it failed" in read


def test_what_needs_someone_names_its_command(store: Any, open_page: Open, text: Text) -> None:
    """Failed batches, stuck mails, an open breaker, quarantine."""
    store.minute("2026-11-20T07:28:00Z", "failed", error="the answer is not JSON")
    store.minute("2026-11-20T07:29:00Z")
    store.insert(
        "outbox", message_id="m", kind="alert", channel="email", recipient="a@b", content="{}",
        created_at=NOW - timedelta(hours=1), last_error="connection refused",
    )  # fmt: skip
    store.insert("circuit_breaker", endpoint="fraud", failed_runs=4, open_until=NOW + timedelta(minutes=3))
    store.insert("quarantine", batch_id="2026-11-20T07:29Z", part=1, row_index=3, reason="amount_not_a_number",
                 detail="the amount is NaN", record=b"x", created_at=NOW)  # fmt: skip
    read = text(open_page("pipeline"))
    assert "fraud-scorer replay --from 2026-11-20T07:28Z --to 2026-11-20T07:29Z" in read
    assert "1 message by email not sent yet, the oldest for 60 min" in read
    assert "The endpoint fraud failed 4 minutes in a row" in read
    assert "1 record still open in quarantine" in read
    assert "amount not a number" in read


def test_a_silent_pipeline_is_told(store: Any, open_page: Open, text: Text) -> None:
    """No minute for a while: the scheduler may be down."""
    store.minute("2026-11-20T06:29:00Z")
    assert "No minute was recorded for 60 min." in text(open_page("pipeline"))


def test_nothing_to_do_is_said(store: Any, open_page: Open, text: Text) -> None:
    """A quiet page says that it is quiet."""
    store.minute("2026-11-20T07:29:00Z")
    assert "Nothing needs anyone" in text(open_page("pipeline"))
