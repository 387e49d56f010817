"""What each task asks of the pipeline, and how its errors reach Airflow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from fraud_common.errors import ArtifactError, StoreUnavailable
from fraud_scorer.domain.batches import Batch
from fraud_scorer.monitoring.step_failures import read_failures

MINUTE = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
BATCH = "2026-11-20T10:31Z"
NO_PARAMS = {"from": None, "to": None, "rescore": False}
HOUR = {"from": "2026-11-20T10:00Z", "to": "2026-11-20T11:00Z", "rescore": False}
STEPS = ["transform", "score", "load", "alert"]


class FakePipeline:
    """Notes each call; fails with ``error`` if it has one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._error = error

    def __getattr__(self, name: str) -> Callable[..., dict[str, int]]:
        def call(*arguments: Any, **options: Any) -> dict[str, int]:
            self.calls.append((name, *arguments, *options.items()))
            if self._error:
                raise self._error
            return {"done": 1}

        return call


def run(
    dag_module: ModuleType,
    step: str,
    pipeline: FakePipeline,
    run_type: str,
    params: Any = None,
    *,
    minutes_ago: int = 0,
) -> Any:
    """Call one task's function as Airflow would; the run was due so long ago."""
    context = {
        "dag_run": SimpleNamespace(run_type=run_type, run_after=datetime.now(UTC) - timedelta(minutes=minutes_ago)),
        "params": params or NO_PARAMS,
        "data_interval_start": MINUTE,
    }
    function = getattr(dag_module, step)
    wanted = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = {name: value for name, value in context.items() if name in wanted}
    return function(**given, wired=lambda *_: pipeline)


def test_a_scheduled_run_works_on_its_interval(dag_module: ModuleType) -> None:
    """Extract lands the interval's batch and hands on nothing but its id; the others get the run's name."""
    pipeline = FakePipeline()
    assert run(dag_module, "extract", pipeline, "scheduled") == BATCH
    assert [run(dag_module, step, pipeline, "scheduled") for step in STEPS] == [None] * 4
    assert pipeline.calls == [
        ("extract", Batch.of_minute(MINUTE)),
        ("transform", BATCH),
        ("score", BATCH),
        ("load", BATCH),
        ("alert", BATCH),
    ]


def test_waiting_mail_leaves_before_extract_tries_again(dag_module: ModuleType) -> None:
    """What Airflow calls between extract's tries sends the mail that waits."""
    pipeline = FakePipeline()
    context = {"dag_run": SimpleNamespace(run_type="scheduled"), "data_interval_start": MINUTE, "ti": object()}
    dag_module.alert_meanwhile(context, lambda *_: pipeline)
    assert pipeline.calls == [("alert", BATCH)]


@pytest.mark.parametrize(("run_type", "minutes_ago"), [("backfill", 0), ("backfill", 60), ("scheduled", 4)])
def test_a_backfill_and_an_old_run_work_on_their_own_minute_only(
    dag_module: ModuleType, run_type: str, minutes_ago: int
) -> None:
    """Each step names its batch, so that it takes nothing from a live run; a backfill alone was asked for."""
    pipeline = FakePipeline()
    told = ([Batch.of_minute(MINUTE)],) if run_type == "backfill" else ([Batch.of_minute(MINUTE)], False)
    for step in ("transform", "score", "load"):
        run(dag_module, step, pipeline, run_type, minutes_ago=minutes_ago)
    assert pipeline.calls == [(step, BATCH, *told) for step in ("transform", "score", "load")]


def test_a_run_started_by_hand_replays(dag_module: ModuleType) -> None:
    """With from and to, transform replays the range from landed bytes, score and load have nothing to do."""
    pipeline = FakePipeline()
    params = HOUR | {"rescore": True}
    assert run(dag_module, "extract", pipeline, "manual", params) == "2026-11-20T10:00Z/2026-11-20T11:00Z"
    run(dag_module, "transform", pipeline, "manual", params)
    with pytest.raises(AirflowSkipException):
        run(dag_module, "score", pipeline, "manual", params)
    run(dag_module, "alert", pipeline, "manual", params)
    start, end = datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert pipeline.calls == [("replay", start, end, ("rescore", True)), ("alert", "replay")]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (NO_PARAMS, "needs from and to.*airflow backfill create"),
        ({**HOUR, "to": None}, "needs from and to"),
        ({**HOUR, "from": "yesterday"}, "is not a time"),
        ({**HOUR, "from": "2026-11-20T10:00"}, "names no zone"),
        ({**HOUR, "to": "2026-11-20T10:00Z"}, "later than from"),
        ({**HOUR, "to": "2026-11-20T16:01Z"}, "fraud-scorer replay"),
    ],
)
@pytest.mark.parametrize("step", ["extract", "transform"])
def test_a_run_started_by_hand_without_sense_is_refused(
    dag_module: ModuleType, step: str, params: Any, said: str
) -> None:
    """It fails at once, is not retried, asks nothing of the pipeline, and says what to write instead."""
    pipeline = FakePipeline()
    with pytest.raises(AirflowFailException, match=said):
        run(dag_module, step, pipeline, "manual", params)
    assert pipeline.calls == []


@pytest.mark.parametrize("step", ["extract", *STEPS])
@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (StoreUnavailable("fraud_db does not answer"), StoreUnavailable),
        (ArtifactError("model.ubj was altered", "Restore it"), AirflowFailException),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
def test_errors_reach_airflow_as_what_they_ask_for(
    dag_module: ModuleType, step: str, error: Exception, seen: type[Exception]
) -> None:
    """What heals by itself is retried, what does not fails at once."""
    with pytest.raises(seen):
        run(dag_module, step, FakePipeline(error), "scheduled")


def test_why_a_task_failed_is_there_for_the_watchdog(dag_module: ModuleType, data_dir: Path) -> None:
    """Until it works again; a run started by hand is its user's alone."""
    down = StoreUnavailable("fraud_db cannot be reached", "Start it")
    for step, run_type in (("transform", "scheduled"), ("load", "scheduled"), ("extract", "manual")):
        with pytest.raises((StoreUnavailable, AirflowFailException)):
            run(dag_module, step, FakePipeline(down), run_type)
    assert [(one.step, one.what) for one in read_failures(data_dir)] == [("transform", down.what), ("load", down.what)]
    run(dag_module, "transform", FakePipeline(), "scheduled")
    assert [one.step for one in read_failures(data_dir)] == ["load"]
