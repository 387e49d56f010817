"""What lies between two tasks is lost while the store is known to Airflow alone: each task reaches the same one."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psycopg2
import pytest
from cryptography.fernet import Fernet

from fraud_scorer import wiring
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer
from fraud_scorer.settings import load_settings

ROOT = Path(__file__).parents[2]
MINUTE = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
PAYMENT = {"trans_num": "t1", "current_time": 1795170720000, "cc_num": 4532015112830366, "merchant": "Kub", "amt": 12.5}


@pytest.fixture
def stage(
    connections: ModuleType, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The stage of an installation whose settings name another store than Airflow's connection; one minute landed."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "FRAUD_DATA_DIR": str(tmp_path), "FRAUD_LANDING": "", "FRAUD_ARTIFACTS": str(ROOT / "model" / "artifacts"),
        "FRAUD_LANDING_KEYS": Fernet.generate_key().decode(), "SCORER": "local",
        "FRAUD_CARD_KEYS": f"k1:{secrets.token_hex(32)}",
        "FRAUD_DB_URL": "postgresql+psycopg2://nobody@127.0.0.1:9/nothing",
        "AIRFLOW_CONN_FRAUD_DB": postgres_url.replace("+psycopg2", ""),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    landing, batch = wiring.Parts(load_settings()).files.landing, Batch.of_minute(MINUTE)
    landing.land(batch, Answer(json.dumps([PAYMENT]).encode(), 200, "", MINUTE + timedelta(minutes=1)))
    landing.close(batch, now=MINUTE + timedelta(minutes=1))
    yield tmp_path / "stage"
    load_settings.cache_clear()


@pytest.mark.parametrize("lost_before", ["score", "load"])
def test_a_lost_stage_is_made_again_from_the_same_store(
    dag_module: ModuleType, stage: Path, postgres_url: str, lost_before: str
) -> None:
    """Its files vanish before the task: it transforms (and scores) again, and the payment is stored."""
    context: dict[str, Any] = {"dag_run": SimpleNamespace(run_type="scheduled"), "data_interval_start": MINUTE}
    for step in ("transform", "score", "load"):
        if step == lost_before:
            shutil.rmtree(stage)
        given = {name: context[name] for name in context if name != "dag_run" or step != "load"}
        getattr(dag_module, step)(**given)
    with psycopg2.connect(postgres_url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("select trans_num, scored_by from payments_scored")
        assert cursor.fetchall() == [("t1", "local")]
    connection.close()
