"""`make run`, for real: PostgreSQL twice, the simulator over HTTP, Airflow's scheduler, a mail server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller
from dotenv import dotenv_values
from sqlalchemy import NullPool, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding
from fraud_stack.embedded_postgres import data_folder, free_port
from fraud_stack.options import DEFAULT_PORTS
from fraud_stack.preflight import is_taken
from fraud_stack.processes import leftovers
from fraud_stack.services import AIRFLOW_LOGIN

sys.path.insert(0, str(Path(__file__).parents[1] / "use_cases" / "pipeline"))

from canaries import hits

ROOT = Path(__file__).parents[2]
STACK = [sys.executable, "-m", "fraud_stack"]
LONGEST_SECONDS = 220


class Accepted:
    """A mail server's handler that keeps what it accepted."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Accept."""
        self.mails.append(message_from_bytes(envelope.content))
        return "250 accepted"


class Run:
    """One `make run` in a folder of its own, with the test's mail server in the mailbox's place."""

    def __init__(self, data_dir: Path, smtp_port: int) -> None:
        self.data_dir = data_dir
        self.ports = {name: free_port() for name in DEFAULT_PORTS}
        self.output = data_dir.with_suffix(".out")
        chosen = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(smtp_port),
            "FRAUD_THRESHOLD": "0",
        }  # flags all, too few to be a flood
        ports = ",".join(f"{name}={port}" for name, port in self.ports.items())
        argv = [*STACK, "start", "--data-dir", str(data_dir)]
        argv += ["--ports", ports, "--pace", "8", "--history-days", "0"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                argv, cwd=ROOT, env=os.environ | chosen, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def says(self) -> str:
        """What it has printed so far."""
        return self.output.read_text()

    def value(self, name: str) -> str:
        """A setting of ``local.env``; empty while there is none."""
        return str(dotenv_values(self.data_dir / "local.env", interpolate=False).get(name) or "")

    def spoil(self) -> bool:
        """A record of each answer has no amount that can be read; whether the simulator could be told."""
        fault = {"kind": "malformed_rows", "count": None, "params": {"reason": "amount_text"}}
        with suppress(requests.RequestException):
            url = f"http://127.0.0.1:{self.ports['payments']}/_control/faults"
            return requests.post(url, json=fault, timeout=5).ok
        return False

    def cards(self) -> list[str]:
        """Card numbers that came in, as the API sent them."""
        landing = DiskLanding(self.data_dir / "landing", Cipher.from_setting(self.value("FRAUD_LANDING_KEYS")))
        found: set[str] = set()
        for one in landing.completions():
            for part in landing.parts(one.batch):
                table = json.loads(landing.read(one.batch, part))
                table = json.loads(table) if isinstance(table, str) else table
                found |= {str(row[table["columns"].index("cc_num")]) for row in table["data"]}
        return sorted(found)

    def written(self) -> dict[str, bytes]:
        """Each file in the data folder but the databases' own, and each table of both databases."""
        home = data_folder(self.data_dir)
        found = {
            str(path.relative_to(self.data_dir)): path.read_bytes()
            for path in self.data_dir.rglob("*")
            if path.is_file() and home not in path.parents
        }
        password, port = self.value("STACK_AIRFLOW_METADATA_PASSWORD"), self.ports["airflow-db"]
        url = f"postgresql+psycopg2://{AIRFLOW_LOGIN}:{password}@127.0.0.1:{port}/airflow"
        for database in (url, self.value("FRAUD_DB_OWNER_URL")):
            engine = create_engine(database, poolclass=NullPool)
            for table in inspect(engine).get_table_names():
                with engine.connect() as connection:
                    rows = connection.execute(text(f'select t::text from "{table}" as t')).scalars()
                    found[f"{engine.url.database}.{table}"] = "\n".join(rows).encode()
        return found

    def ask(self, statement: str) -> list[Any]:
        """Rows of fraud_db; none while it cannot be asked yet."""
        url = self.value("FRAUD_DB_URL")
        try:
            with create_engine(url or "postgresql+psycopg2://", poolclass=NullPool).connect() as connection:
                return list(connection.execute(text(statement)))
        except SQLAlchemyError:
            return []

    def wait_for(self, found: Callable[[], Any], what: str) -> Any:
        """What ``found`` finds; fails with everything that was printed when the time is over."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            if result := found():
                return result
            assert self.process.poll() is None, f"it ended before {what}:\n{self.says()}"
            time.sleep(0.5)
        pytest.fail(f"no {what} in time:\n{self.says()}")

    def end(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)

    def clean(self) -> None:
        """`make clean YES=1`: root's databases lie outside the data folder."""
        command = [*STACK, "clean", "--data-dir", str(self.data_dir), "--yes"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def mail_server() -> Iterator[tuple[Accepted, int]]:
    """A mail server and its port."""
    handler = Accepted()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller.port
    controller.stop()


@pytest.fixture
def run(tmp_path: Path, mail_server: tuple[Accepted, int]) -> Iterator[Run]:
    """A running stack; ended, whatever became of the test."""
    tmp_path.chmod(0o711)
    run = Run(tmp_path / "data", mail_server[1])
    yield run
    if run.process.poll() is None:
        run.process.terminate()
        run.process.wait(timeout=60)
    run.clean()


@pytest.mark.e2e
@pytest.mark.timeout(LONGEST_SECONDS + 60)
def test_a_scheduled_minute_goes_from_the_api_to_the_mailbox(run: Run, mail_server: tuple[Accepted, int]) -> None:
    """Airflow itself runs a minute, from HTTP to rows and a mail; Ctrl-C leaves no process behind, clean no data."""
    run.wait_for(run.spoil, "simulator")
    done = "select batch_id, received, inserted, flagged from run_ledger where status = 'done' and inserted > 0"
    batch_id, received, inserted, flagged = run.wait_for(lambda: run.ask(done), "scored minute")[0]
    assert received >= inserted >= flagged > 0
    stored = f"select trans_num, card_last4 from payments_scored where first_batch_id = '{batch_id}' and flagged"
    payments = run.ask(stored)
    assert len(payments) == flagged

    accepted = mail_server[0].mails
    run.wait_for(lambda: accepted, "mail")
    assert accepted[0]["To"] == "analyst@localhost"
    assert re.fullmatch(r"<[^>]+>", str(accepted[0]["Message-ID"]))
    run.wait_for(lambda: batch_id[11:16] in run.says(), "line about the minute")
    assert "user admin, password " in run.says()

    cards, written = run.cards(), run.written()
    assert len(cards) > 1
    assert any(b'"event":"transform: {' in text for name, text in written.items() if name.startswith("logs/airflow/"))
    assert batch_id.encode() in written["airflow.xcom"]
    assert run.ask("select 1 from quarantine")
    found = {name: hits(content, cards[:4]) for name, content in written.items()}
    assert {name: one for name, one in found.items() if one} == {}

    run.end()
    assert run.process.returncode == 0, run.says()
    assert leftovers(run.data_dir) == []
    assert [name for name, port in run.ports.items() if is_taken(port)] == []
    home = data_folder(run.data_dir)
    run.clean()
    assert not run.data_dir.exists()
    assert not home.exists()
