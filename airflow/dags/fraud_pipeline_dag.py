"""# fraud_pipeline: every minute, from the payments API to the mailbox.

`extract → transform → score → load → alert`, once a minute. The run of 10:31 starts at 10:32 and asks for the
payments of 10:31. What became of a minute stands in the run ledger: `fraud-scorer status`, or the table `run_ledger`.

| task | does | if it fails |
|---|---|---|
| `extract` | lands the API's answer on disk; waits for nothing | mail that waits goes; a windowed API is asked later |
| `transform` | checks the waiting batches, adds features; also if `extract` failed | the next run takes them |
| `score` | decides, on SageMaker or on the local model | the next run takes them |
| `load` | writes, one transaction a batch | nothing was written; the next run takes them |
| `alert` | sends what waits, then copies to the bucket (if set); also if a step failed | both wait for the next run |

So after an outage there is nothing to do: one `transform → score → load` takes every landed minute, oldest first.
A run whose batches another one took over says so in the log of its `load`, and that run loads them. A run that was
killed or ran out of time is followed by one that takes half as many batches, down to one.

## Run a minute again

The API is not asked twice, no payment is stored twice and no mail is sent twice, whatever you choose. A minute that was
never loaded has its turn: what landed before it and still waits is loaded first, by the same run.

* **one minute, or one of its tasks**: clear it (Grid → task → Clear). A run that should have begun more than three
  minutes ago works on its own minute alone (and what must come before it); the live runs take what waits. Stage files
  that are gone are made again from the landed bytes.
* **a range, by Airflow**, also minutes that never ran:
  `airflow backfill create --dag-id fraud_pipeline --from-date 2026-11-20T10:00Z --to-date 2026-11-20T10:59Z
  --reprocess-behavior completed`
* **a range, from landed bytes only**: Trigger with `from` (included) and `to` (excluded), at most six hours; with
  `rescore` the model in force decides anew, and the old decisions go to the history:
  `airflow dags trigger fraud_pipeline --conf '{"from": "2026-11-20T10:00Z", "to": "2026-11-20T11:00Z"}'`
* **more than six hours**: `fraud-scorer replay --from … --to … [--rescore]`, which shows its progress.

A trigger without `from` and `to` is refused by a red `extract` (Airflow lets no scheduled DAG require a param; what is
no time with a zone is refused before there is a run): there is nothing it could mean, nothing was done, and the run
may be deleted.
Under `make run` Airflow's command line is `make airflow ARGS="backfill create ..."`.

## When not to

* Do not clear hours of runs at once: Airflow gives them the DAG's run slots before new minutes. Use a backfill.
* Do not set `catchup`: an API without windows would answer with today's payments.
* Do not give the pool `fraud_scoring` more slots: runs would take each other's batches over, for nothing.

## Airflow's connections

Where they are set (pages, command line, `AIRFLOW_CONN_…`, a secrets backend) the tasks use `fraud_db`, `smtp_default`
and `aws_default` before every setting. What runs outside Airflow (`fraud-scorer`, its watchdog, the dashboard) does
not see them: set `FRAUD_DB_URL` and `SMTP_…` for those too. Each task's log names the connections it used.

## Pools (`airflow/config/pools.json`)

Live minutes use `fraud_extract`, `fraud_scoring` and `fraud_alert`, one slot each. Everything old or started by hand
is moved to the one slot of `fraud_backfill` (`airflow/config/airflow_local_settings.py`). Their sum is
`[core] parallelism`: no backfill can keep a live minute waiting. A missing pool holds its tasks back for ever:
`airflow pools import airflow/config/pools.json`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, chain, task
from airflow.sdk.exceptions import AirflowSkipException

from common.tasks import airflow_errors, limits
from fraud_common.errors import SettingsError
from fraud_scorer.domain.batches import LIVE, Batch, parse_minute

if TYPE_CHECKING:
    from fraud_scorer.use_cases.pipeline.minute import Pipeline

logger = logging.getLogger("fraud_pipeline")
Wired = Callable[..., "Pipeline"]  # handed the names of the connections that the task uses
LONGEST_REPLAY = timedelta(hours=6)
REFUSAL = "fraud_pipeline runs by itself every minute; started by hand it replays, and then needs from and to"
CURE = (
    'Trigger it with {"from": "2026-11-20T10:00Z", "to": "2026-11-20T11:00Z"}, add "rescore": true to decide anew; '
    "to run a minute's own tasks again, clear them, or use `airflow backfill create`"
)
# A scheduled DAG's params must have defaults that are valid, so none can be required: what is written there is checked
# before the run is made, and what is left empty by `extract`.
TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$"
PARAMS = {
    "from": Param(
        None,
        type=["null", "string"],
        pattern=TIME,
        title="Replay from (needed: a run started by hand replays)",
        description="First minute to replay, with its zone: 2026-11-20T10:00Z",
        examples=["2026-11-20T10:00Z"],
    ),
    "to": Param(
        None,
        type=["null", "string"],
        pattern=TIME,
        title="Replay to (needed)",
        description="First minute not to replay any more; at most six hours after from",
        examples=["2026-11-20T11:00Z"],
    ),
    "rescore": Param(
        False,
        type="boolean",
        title="Decide anew",
        description="Score with the model in force and keep the old decisions in the history",
    ),
}


def wired_pipeline(*connections: str) -> Pipeline:
    """The pipeline on the settings and, where they are set, Airflow's ``connections``.

    Imported here, in the task's process: parsing this file must stay cheap.
    """
    from common.connections import parts
    from fraud_scorer.use_cases.pipeline.minute import Pipeline

    return Pipeline(parts(*connections))


def is_replay(dag_run: Any) -> bool:
    """Whether a run was started by hand, that is neither by its schedule nor by a backfill."""
    return dag_run.run_type not in ("scheduled", "backfill")


def batch_of(interval_start: datetime | None) -> Batch:
    """The batch of the run whose interval starts then."""
    if interval_start is None:
        raise SettingsError("this run has no data interval", "Let it run by its schedule, or use `airflow backfill`")
    return Batch.of_minute(interval_start)


def own_only(dag_run: Any, batch: Batch) -> list[Batch] | None:
    """The minute that a backfill or an old run (cleared, or late) works on, loaded or not; None: all that wait.

    Old is what `airflow_local_settings` moves to the pool of old runs.
    """
    due = getattr(dag_run, "run_after", None)
    is_old = due is not None and due < datetime.now(UTC) - LIVE
    return [batch] if is_old or getattr(dag_run, "run_type", "") == "backfill" else None


def run_of(dag_run: Any, interval_start: datetime | None) -> tuple[Any, ...]:
    """The steps' arguments: the run's name; for a run that is not live, its minute; False if nobody asked for it."""
    batch = batch_of(interval_start)
    only = own_only(dag_run, batch)
    if only is None:
        return (batch.batch_id,)
    return (batch.batch_id, only) if dag_run.run_type == "backfill" else (batch.batch_id, only, False)


def asked_replay(params: Mapping[str, Any]) -> tuple[datetime, datetime, bool]:
    """From, to and rescore of a run started by hand.

    Raises:
        SettingsError: they are missing or make no sense; says what to write instead.
    """
    if not params["from"] or not params["to"]:
        raise SettingsError(REFUSAL, CURE)
    start, end = parse_minute(params["from"]), parse_minute(params["to"])
    if not start < end <= start + LONGEST_REPLAY:
        raise SettingsError(
            "to must be later than from, by six hours at most",
            "For more, use `fraud-scorer replay --from ... --to ...`, which shows its progress",
        )
    return start, end, bool(params["rescore"])


# Airflow fills in the context by the arguments' names; tests hand in a pipeline of their own as `wired`.


def extract(
    dag_run: Any = None, params: Any = None, data_interval_start: Any = None, wired: Wired = wired_pipeline
) -> str:
    """Land this minute's answers; a run started by hand is checked, and lands nothing."""
    with airflow_errors("replay" if is_replay(dag_run) else "extract"):
        if is_replay(dag_run):
            start, end, _rescore = asked_replay(params)
            return f"{Batch.of_minute(start).batch_id}/{Batch.of_minute(end).batch_id}"
        batch = batch_of(data_interval_start)
        logger.info("extract: %s", wired().extract(batch))
        return batch.batch_id


def transform(
    dag_run: Any = None, params: Any = None, data_interval_start: Any = None, wired: Wired = wired_pipeline
) -> None:
    """Claim every waiting batch, check it and compute features; or do a whole replay from landed bytes."""
    with airflow_errors("replay" if is_replay(dag_run) else "transform"):
        if is_replay(dag_run):
            start, end, rescore = asked_replay(params)
            logger.info("replay: %s", wired("fraud_db", "aws_default").replay(start, end, rescore=rescore))
            return
        logger.info("transform: %s", wired("fraud_db").transform(*run_of(dag_run, data_interval_start)))


def score(dag_run: Any = None, data_interval_start: Any = None, wired: Wired = wired_pipeline) -> None:
    """Score the batches that transform prepared; lost stage files are made again."""
    if is_replay(dag_run):
        raise AirflowSkipException("transform has replayed the whole range")
    with airflow_errors("score"):
        logger.info("score: %s", wired("fraud_db", "aws_default").score(*run_of(dag_run, data_interval_start)))


def load(dag_run: Any = None, data_interval_start: Any = None, wired: Wired = wired_pipeline) -> None:
    """Write the decisions to fraud_db, one transaction per batch; lost stage files are made again."""
    with airflow_errors("load"):
        logger.info("load: %s", wired("fraud_db", "aws_default").load(*run_of(dag_run, data_interval_start)))


def alert(dag_run: Any = None, data_interval_start: Any = None, wired: Wired = wired_pipeline) -> None:
    """Send every mail that waits, this run's and earlier ones'."""
    with airflow_errors("alert"):
        run = "replay" if is_replay(dag_run) else batch_of(data_interval_start).batch_id
        logger.info("alert: %s", wired("fraud_db", "smtp_default").alert(run))


def alert_meanwhile(context: Mapping[str, Any], wired: Wired = wired_pipeline) -> None:
    """Send what waits while `extract` waits for its second try: Airflow calls this between the two."""
    alert(context["dag_run"], context["data_interval_start"], wired)


with DAG(
    dag_id="fraud_pipeline",
    description="Scores each minute's payments and mails what looks like fraud",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("* * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    # a run lives 17 minutes at most, so a slow minute never keeps the next one from landing
    dagrun_timeout=timedelta(minutes=17),
    max_active_runs=18,
    params=PARAMS,
    default_args={"owner": "payments", "weight_rule": "upstream"},  # finish a run before the next one begins
    tags=["fraud", "payments"],
) as dag:
    chain(
        task(**limits(tries=2, longest_seconds=50), pool="fraud_extract", on_retry_callback=alert_meanwhile)(extract)(),
        # whatever became of this minute's extract, batches of earlier minutes may wait
        task(**limits(tries=3, longest_seconds=100), pool="fraud_scoring", trigger_rule="all_done")(transform)(),
        task(**limits(tries=2, longest_seconds=60), pool="fraud_scoring")(score)(),
        task(**limits(tries=3, longest_seconds=100), pool="fraud_scoring")(load)(),
        # a teardown runs whatever happened before it, and leaves the run's colour to load
        task(**limits(tries=2, longest_seconds=50), pool="fraud_alert")(alert)().as_teardown(),
    )
