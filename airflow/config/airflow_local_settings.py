"""What Airflow imports at its start: heavy imports once, and a lane of their own for old runs.

Airflow finds this file because `airflow/config` is on PYTHONPATH.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from fraud_scorer.domain.batches import LIVE

__all__ = ["task_instance_mutation_hook"]

BACKFILL_POOL = "fraud_backfill"
HEAVY = (
    "boto3",
    "css_inline",
    "jinja2",
    "joblib",
    "pandas",
    "psycopg2",
    "pyarrow.parquet",
    "requests",
    "sklearn.compose",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "xgboost",
    "fraud_scorer.scoring.artifacts",
    "fraud_scorer.landing.disk",
    "fraud_scorer.scoring.local",
    "fraud_scorer.sources.payments_api",
    "fraud_scorer.store.outbox",
    "fraud_scorer.store.payments",
    "fraud_scorer.scoring.sagemaker",
    "fraud_scorer.alerting.channels.smtp",
    "fraud_scorer.landing.stage_files",
    "fraud_scorer.alerting.compose",
    "fraud_scorer.alerting.render",
    "fraud_scorer.use_cases.pipeline.minute",
    "fraud_scorer.settings",
    "fraud_scorer.settings.connections",
    "fraud_scorer.wiring",
)


def task_instance_mutation_hook(task_instance: Any, dag_run: Any = None) -> None:
    """Move what is old or started by hand to ``fraud_backfill``, whatever started it: backfill, clear or a person."""
    if task_instance.dag_id != "fraud_pipeline" or dag_run is None:
        return
    started_by_hand = dag_run.run_type == "manual"
    if started_by_hand or dag_run.run_after < datetime.now(UTC) - LIVE:
        task_instance.pool = BACKFILL_POOL


def import_heavy_libraries() -> None:
    """Import what the steps need, so that LocalExecutor's forks find it in memory: saves seconds in every task.

    Importing is safe before a fork; computing is not (XGBoost's OpenMP threads would not survive it), so no model is
    loaded here.
    """
    for name in HEAVY:
        import_module(name)


# only where tasks are forked from: API server, DAG processor and command line stay light
if "scheduler" in sys.argv[1:2]:
    try:
        import_heavy_libraries()
    except Exception:
        # a scheduler that does not start tells nobody why; a task that fails for the same reason does
        logging.getLogger(__name__).exception("the heavy libraries cannot be imported: every task will say why")
