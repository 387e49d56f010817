"""# daily_report: each morning, yesterday's payments and frauds by mail, drift, and the day's housekeeping.

At `DAILY_REPORT_AT` (07:00) on the clock of `FRAUD_TIME_ZONE`; both are read when this file is parsed, so a change
in `.env` is in force a minute later.

| task | does | if it fails |
|---|---|---|
| `drift` | compares yesterday, and days that were missed, with the model's training, feature by feature | the mail goes without its line on drift; the next morning's run, or `fraud-scorer drift`, does it |
| `report` | writes the mail on yesterday to the outbox, one a recipient of `ALERT_RECIPIENTS` (and the webhook) | is tried every five minutes for an hour |
| `send` | sends what waits | nothing is lost: `fraud_pipeline`'s next `alert` sends it |
| `housekeeping` | purges what is older than the settings `FRAUD_…_KEEP_DAYS` allow, for fifteen minutes at most | the next morning's does it |

The report on a day is written once and then frozen: clearing `report` or running it again mails nobody twice. A
recipient who is new since gets theirs. Before the first payment ever there is nothing to report, and no mail.

## A morning that was missed

When Airflow comes back late, the last morning's run starts at once. For mornings before that one:

* **one day**: `fraud-scorer daily-report --day 2026-11-19`, or trigger this DAG with the day:
  `airflow dags trigger daily_report --conf '{"day": "2026-11-19"}'`
* **many days**: `airflow backfill create --dag-id daily_report --from-date 2026-11-10T00:00Z
  --to-date 2026-11-19T23:59Z` (the report on a day is made by the next day's run)

Triggered without a day it reports on yesterday. `fraud-scorer daily-report --dry-run` prints what it would say.

## When not to

* Do not wait for late labels to send it again: the page behind its link has what became known since.
* Do not move its tasks to the pools of live minutes: a morning would hold up their mails.
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, Param, TriggerRule, task

from common.tasks import airflow_errors, limits
from fraud_common.errors import SettingsError
from fraud_scorer.settings import load_settings

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

logger = logging.getLogger("daily_report")
Wired = Callable[..., "Parts"]  # handed the names of the connections that the task uses
PARAMS = {
    "day": Param(
        None,
        type=["null", "string"],
        title="Day",
        description="The day to report on, such as 2026-11-19; empty: yesterday",
        examples=["2026-11-19"],
    )
}


def schedule(at: str, time_zone: str) -> CronTriggerTimetable:
    """Every day at ``at`` (HH:MM) on the clock of ``time_zone``."""
    hour, minute = at.split(":")
    return CronTriggerTimetable(f"{int(minute)} {int(hour)} * * *", timezone=time_zone)


def wired_parts(*connections: str) -> Parts:
    """The adapters that the settings and, where they are set, Airflow's ``connections`` choose.

    Imported here, in the task's process: parsing this file must stay cheap.
    """
    from common.connections import parts

    return parts(*connections)


def day_of(dag_run: Any, params: Mapping[str, Any], time_zone: str) -> date:
    """The day that was asked for, else the day before the run's own time: a cleared run keeps its day.

    Raises:
        SettingsError: what was asked for is no day.
    """
    if asked := params["day"]:
        try:
            return date.fromisoformat(asked)
        except ValueError:
            raise SettingsError(f"{asked!r} is not a day", 'Trigger it with {"day": "2026-11-19"}') from None
    before: date = dag_run.run_after.astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1)
    return before


# Airflow fills in the context by the arguments' names; tests hand in parts of their own as `wired`.


def drift(wired: Wired = wired_parts) -> None:
    """Compare whole days that were not compared yet with the model's training."""
    from fraud_scorer.use_cases.drift import drift as compare

    with airflow_errors():
        result = compare(wired("fraud_db"))
        logger.info("drift: %s", {"days": [done["day"] for done in result["days"]], "note": result["note"]})


def report(dag_run: Any = None, params: Any = None, wired: Wired = wired_parts) -> None:
    """Write the mail on the run's day, once a recipient."""
    from fraud_scorer.use_cases.morning_report import daily_report

    with airflow_errors():
        parts = wired("fraud_db")
        logger.info("report: %s", daily_report(parts, day_of(dag_run, params, parts.settings.fraud_time_zone)))


def send(wired: Wired = wired_parts) -> None:
    """Send what waits."""
    from fraud_scorer.use_cases.pipeline.minute import Pipeline

    with airflow_errors():
        logger.info("send: %s", Pipeline(wired("fraud_db", "smtp_default")).alert("daily_report"))


def housekeeping(wired: Wired = wired_parts) -> None:
    """Purge data that is older than the settings allow."""
    from fraud_scorer.use_cases.housekeeping import run_housekeeping

    with airflow_errors():
        logger.info("housekeeping: %s", run_housekeeping(wired("fraud_db")))


settings = load_settings()
with DAG(
    dag_id="daily_report",
    description="Mails yesterday's payments and frauds each morning, and keeps house",
    doc_md=__doc__,
    schedule=schedule(settings.daily_report_at, settings.fraud_time_zone),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    dagrun_timeout=timedelta(hours=3),
    max_active_runs=1,
    params=PARAMS,
    default_args={
        "owner": "payments",
        "pool": "fraud_backfill",  # never in a live minute's way
        "priority_weight": 10,  # but before the minutes of a backfill
    },
    tags=["fraud", "payments"],
) as dag:
    # fraud_db may be away for an hour
    often = limits(tries=13, pause_seconds=300, longest_seconds=180)
    written = task(**often, trigger_rule=TriggerRule.ALL_DONE)(report)()
    sent = task(**limits(tries=3, pause_seconds=30, longest_seconds=60))(send)()
    # first, for the mail's line on it; without it the mail goes nevertheless
    compared = task(**limits(tries=2, pause_seconds=60, longest_seconds=600))(drift)()
    compared >> written >> sent
    # hangs on none of them: what is kept too long is forgotten even if no mail can be made
    task(**limits(tries=3, pause_seconds=300, longest_seconds=1800))(housekeeping)()
