"""Whether the dashboard does its work: exit code 0 if it answers and its role can read the report views.

`python health.py [PORT]`, where the dashboard runs: docker-compose.yml's health check. It runs every few seconds, so it
loads nothing that takes long: neither Streamlit nor pandas.
"""

from __future__ import annotations

import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import psycopg2

from fraud_dashboard.settings import DRIVER, read_settings

QUERY = Path(__file__).resolve().parent / "queries" / "report_state.sql"
PATIENCE_SECONDS = 3


def trouble(port: int) -> str:
    """What is wrong, in a sentence; empty: nothing."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=PATIENCE_SECONDS):
            pass
    except OSError as error:
        return f"port {port} does not answer: {error}"
    limit = f"-c statement_timeout={PATIENCE_SECONDS * 1000}"
    try:
        url = read_settings().db_url.replace(DRIVER, "postgresql://", 1)
        with closing(psycopg2.connect(url, connect_timeout=PATIENCE_SECONDS, options=limit)) as connection:
            connection.cursor().execute(QUERY.read_text(encoding="utf-8"))
    except Exception as error:
        return f"the report cannot be read: {type(error).__name__}"
    return ""


if __name__ == "__main__":
    found = trouble(int(sys.argv[1]) if len(sys.argv) > 1 else 8501)
    sys.exit(found or 0)
