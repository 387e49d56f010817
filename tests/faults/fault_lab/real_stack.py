"""The whole stack under the real scheduler, by the real clock: what the invariants need to look at it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import requests
from dotenv import dotenv_values
from fault_lab.mail import MailServer
from fault_lab.model import THRESHOLD, make_model
from fault_lab.proxy import Proxy

from fraud_scorer.domain.batches import Batch
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding
from fraud_stack.embedded_postgres import EmbeddedPostgres, data_folder, free_port
from fraud_stack.options import DEFAULT_PORTS
from fraud_stack.processes import leftovers

ROOT = Path(__file__).parents[3]
START_SECONDS = 300.0
LAG = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
WATCHDOGS = re.compile(r"^watch-.+-\d{8}T\d{6}\.(began|over)\.email@")


class RealApi:
    """The stack's own payments simulator."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._handed_out: list[dict[str, Any]] = []

    def handed_out(self) -> list[dict[str, Any]]:
        """Every answer that was given, in order."""
        while True:
            since = {"since": len(self._handed_out)}
            fresh = requests.get(f"{self.url}/_control/handed-out", params=since, timeout=10).json()["answers"]
            self._handed_out += fresh
            if not fresh:
                return list(self._handed_out)

    def order(self, kind: str) -> None:
        """Spoil every answer from now on."""
        requests.post(f"{self.url}/_control/faults", json={"kind": kind, "count": None}, timeout=10).raise_for_status()

    def clear(self) -> None:
        """No more faults."""
        requests.delete(f"{self.url}/_control/faults", timeout=10)


class RealStack:
    """`make run` in a folder of its own, with a small model, and a mail server of the test's behind a proxy."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)
        self.data_dir = folder / "data"
        self.output = folder / "stack.out"
        self.ports = {name: free_port() for name in DEFAULT_PORTS}
        self.mail = MailServer()
        self.smtp = Proxy(self.mail.port)
        self.model = make_model(folder / "model")
        self.models = [make_model(folder / "same-model")]
        self.api = RealApi(f"http://127.0.0.1:{self.ports['payments']}")
        self.landed: dict[str, Any] = {}
        self.first = datetime.now(UTC).replace(second=0, microsecond=0)
        self.process = self._started()
        self._landing: DiskLanding | None = None

    def _started(self) -> subprocess.Popen[bytes]:
        chosen = {
            "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.smtp.port), "FRAUD_ARTIFACTS": str(self.model),
            "FRAUD_THRESHOLD": str(THRESHOLD),
        }  # fmt: skip
        ports = ",".join(f"{name}={port}" for name, port in self.ports.items())
        argv = [sys.executable, "-m", "fraud_stack", "start", "--data-dir", str(self.data_dir)]
        argv += ["--ports", ports, "--pace", "10", "--history-days", "0", "--scorer", "local"]
        with self.output.open("ab") as output:
            return subprocess.Popen(
                argv, cwd=ROOT, env=os.environ | chosen, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def start_again(self) -> None:
        """`make run`, once more, on the same folder."""
        self.process = self._started()

    # --- what the invariants ask ----------------------------------------------------------------------------------
    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    @property
    def values(self) -> dict[str, str]:
        """``local.env``."""
        return {
            name: str(value) for name, value in dotenv_values(self.data_dir / "local.env", interpolate=False).items()
        }

    @property
    def landing(self) -> DiskLanding:
        """What landed."""
        if self._landing is None:
            key = self.values["FRAUD_LANDING_KEYS"]
            self._landing = DiskLanding(self.data_dir / "landing", Cipher.from_setting(key))
        return self._landing

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of fraud_db."""
        connection = psycopg2.connect(self.values["FRAUD_DB_URL"].replace("+psycopg2", ""), connect_timeout=3)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def waiting(self) -> list[str]:
        """Minutes whose end is two minutes past and that are not through; messages that wait."""
        lines = dict(self.rows("select batch_id, status from run_ledger"))
        found, minute = [], self.first
        while minute + MINUTE + LAG < self.now:
            batch_id = Batch.of_minute(minute).batch_id
            if lines.get(batch_id) not in ("done", "failed", "missed"):
                found.append(f"minute {batch_id} {lines.get(batch_id, 'unknown')}")
            minute += MINUTE
        found += [f"batch {name} landed" for name, status in lines.items() if status == "landed"]
        pending = self.rows("select message_id from outbox where status = 'pending'")
        return found + [f"message {name} pending" for (name,) in pending]

    def sent_by_watchdog(self, message_id: str) -> bool:
        """Whether it is the watchdog's own: it goes past the outbox, for `fraud_db` may be what is down."""
        return bool(WATCHDOGS.search(message_id))

    # --- waiting --------------------------------------------------------------------------------------------------
    def until(self, found: Callable[[], Any], seconds: float) -> float:
        """Seconds until ``found`` finds something; raises AssertionError when the time is over."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            with suppress(psycopg2.Error, requests.RequestException, KeyError):
                if found():
                    return time.monotonic() - began
            time.sleep(1.0)
        raise AssertionError(f"not within {seconds:.0f} s:\n" + self.output.read_text()[-2000:])

    def done_since(self, moment: datetime) -> bool:
        """A minute that began after ``moment`` is done, and no older one waits."""
        fresh = self.rows("select 1 from run_ledger where status = 'done' and minute >= %s", moment)
        return bool(fresh) and not self.waiting()

    def first_minute_done(self) -> None:
        """Up, and the first minute is through; the world begins there."""
        self.until(lambda: self.rows("select 1 from run_ledger where status = 'done'"), START_SECONDS)
        self.first = self.rows("select min(minute) from run_ledger")[0][0]

    # --- breaking -------------------------------------------------------------------------------------------------
    def found(self, *words: str) -> list[psutil.Process]:
        """The stack's processes whose command line holds these words."""
        return [one for one in leftovers(self.data_dir) if all(word in " ".join(_command(one)) for word in words)]

    def scheduler(self) -> psutil.Process:
        """Airflow's scheduler."""
        candidates = self.found("airflow", "scheduler")
        return next(one for one in candidates if one.pid == os.getsid(one.pid))

    def kill(self, *words: str) -> str:
        """SIGKILL to the processes of these words."""
        return kill_all(self.found(*words))

    def database(self, name: str) -> EmbeddedPostgres:
        """``fraud-db`` or ``airflow-db``."""
        user = "airflow" if name == "airflow-db" else "fraud"
        secret = f"STACK_{name.upper().replace('-', '_')}_PASSWORD"
        home = data_folder(self.data_dir) / name
        return EmbeddedPostgres(home, self.ports[name], self.values[secret], user=user)

    def hold(self, *names: str) -> None:
        """The supervisor leaves these alone."""
        (self.data_dir / "hold").write_text("\n".join(names))

    def close(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        kill_all(leftovers(self.data_dir))
        self.smtp.close()
        self.mail.close()


def kill_all(processes: list[psutil.Process]) -> str:
    """SIGKILL to each of these."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    return f"{len(processes)} processes killed"


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
