"""`fraud-scorer status` is asked often and by people who wait: it starts without the libraries that score."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from cryptography.fernet import Fernet

HEAVY = ("boto3", "joblib", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "xgboost")
ASK = f"""
import sys
from typer.testing import CliRunner
from fraud_scorer.cli import app
done = CliRunner().invoke(app, sys.argv[1:])
print(done.exit_code, done.output, done.exception)
print("loaded:", *[name for name in {HEAVY!r} if name in sys.modules])
"""


def test_status_tells_what_a_minute_lacks(tmp_path: Path, postgres_url: str) -> None:
    """Pages that were not followed and optional values that were dropped, by reason, the most frequent first."""
    with psycopg2.connect(postgres_url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into run_ledger (batch_id, kind, minute, status, note, dropped)"
            " values ('2026-11-20T10:31Z', 'minute', '2026-11-20T10:31Z', 'done',"
            " 'has_more is true', '{\"dob_not_a_date\": 3, \"zip_too_long\": 1200}')"
        )
    connection.close()
    settings = {"FRAUD_DB_URL": postgres_url, "FRAUD_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "400",
                "FRAUD_LANDING_KEYS": Fernet.generate_key().decode()}  # fmt: skip
    asked = subprocess.run(
        [sys.executable, "-c", ASK, "status"], cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True
    )
    assert "has_more is true; optional values dropped: zip_too_long 1,200, dob_not_a_date 3" in asked.stdout, (
        asked.stderr
    )


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"]])
def test_status_loads_nothing_that_scores(tmp_path: Path, postgres_url: str, arguments: list[str]) -> None:
    """Of the libraries that take seconds to import where nothing is compiled, none; with an endpoint set, too."""
    settings = {
        "FRAUD_DB_URL": postgres_url, "FRAUD_DATA_DIR": str(tmp_path / "data"), "SAGEMAKER_ENDPOINT": "fraud",
        "FRAUD_LANDING_KEYS": Fernet.generate_key().decode(),
    }  # fmt: skip
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *arguments], cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True
    )
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("0 ")
    assert "batches to load" in asked.stdout
    assert asked.stdout.endswith("loaded:\n")
