"""Whether the dashboard does its work: exit code 0 if it answers and its role can read the report views.

`python health.py [PORT]`, where the dashboard runs: docker-compose.yml's health check.
"""

from __future__ import annotations

import sys
import urllib.request

from sqlalchemy import NullPool, create_engine, text

from desk.database import CONNECT_SECONDS, QUERIES
from desk.settings import read_settings


def trouble(port: int) -> str:
    """What is wrong, in a sentence; empty: nothing."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=CONNECT_SECONDS):
            pass
    except OSError as error:
        return f"port {port} does not answer: {error}"
    patience = {"connect_timeout": CONNECT_SECONDS, "options": f"-c statement_timeout={CONNECT_SECONDS * 1000}"}
    try:
        engine = create_engine(read_settings().db_url, poolclass=NullPool, connect_args=patience)
        with engine.connect() as connection:
            connection.execute(text((QUERIES / "report_state.sql").read_text(encoding="utf-8"))).one()
    except Exception as error:
        return f"the report cannot be read: {type(error).__name__}"
    return ""


if __name__ == "__main__":
    found = trouble(int(sys.argv[1]) if len(sys.argv) > 1 else 8501)
    sys.exit(found or 0)
