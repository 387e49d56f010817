"""One installation in a world of virtual minutes: real PostgreSQL, HTTP, SMTP and processes; only the clock is ours.

The machine's clock, the payments API's and PostgreSQL's ``now()`` and ``clock_timestamp()`` (through a schema in front
of ``pg_catalog``) show the same virtual time. PostgreSQL and the mail server are reached through proxies.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
from cryptography.fernet import Fernet
from fault_lab.api import Api
from fault_lab.laboratory import SEARCH_PATH, Laboratory
from fault_lab.mail import MailServer
from fault_lab.model import THRESHOLD
from fault_lab.processes import Outcome, Run
from fault_lab.proxy import Proxy

from fraud_scorer.domain.batches import Batch
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding

START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
LANDING_KEY = Fernet.generate_key().decode()
CARD_KEYS = f"k1:{secrets.token_hex(32)}"
MOST_API_BYTES = 8_000_000
LONGEST_REPLAY_SECONDS = 900.0
MINUTE = timedelta(minutes=1)
Points = Sequence[dict[str, Any]]


class World:
    """One world. ``now`` is the virtual time, always a second after a minute's end."""

    def __init__(self, lab: Laboratory, *, start: datetime = START, **settings: Any) -> None:
        self.lab, self.first = lab, start
        self.now = start + timedelta(seconds=1)
        self.database, self.folder = lab.new_place()
        self.api = Api(lab.stream, lambda: self.now.timestamp())
        self.mail = MailServer()
        self.db = Proxy(lab.server.port)
        self.smtp = Proxy(self.mail.port)
        self.models = [shutil.copytree(model, self.folder / model.name) for model in lab.models]
        self.model = self.folder / "model"
        shutil.copytree(lab.models[0], self.model)
        self.clock_jump_seconds = 0
        self.file_limit = 0
        self.standing: list[dict[str, Any]] = []  # points of every run
        self.usual_seconds = 1.0  # real ones, of a minute
        self.processes = 0
        self.environment: dict[str, str] = {}  # what runs see besides the settings
        self.deck: list[str] = []  # kinds of spoilt answers that a soak has yet to draw
        self.settings = self._settings() | settings
        self.landing = DiskLanding(self.folder / "data" / "landing", Cipher.from_setting(LANDING_KEY))
        self.landed: dict[str, Any] = {}  # what the oracle has read already
        self._tell_time()

    def _settings(self) -> dict[str, Any]:
        url = self.lab.server.url(self.database).replace(f":{self.lab.server.port}/", f":{self.db.port}/")
        return {
            "payments_api_url": f"{self.api.url}/current-transactions?start={{start}}&end={{end}}",
            "payments_api_timeout_seconds": 1.0,
            "payments_api_budget_seconds": 5.0,
            "payments_api_max_bytes": MOST_API_BYTES,
            "payments_api_look_back_minutes": 120,
            "fraud_db_url": url,
            "fraud_data_dir": str(self.folder / "data"),
            "fraud_landing_keys": LANDING_KEY,
            "fraud_card_keys": CARD_KEYS,
            "fraud_artifacts": str(self.model),
            "fraud_threshold": THRESHOLD,
            "scorer": "local",
            "smtp_port": self.smtp.port,
            "smtp_timeout_seconds": 2.0,
        }

    # --- time ---------------------------------------------------------------------------------------------------
    @property
    def machine_time(self) -> datetime:
        """What the pipeline's machine believes the time to be."""
        return self.now + timedelta(seconds=self.clock_jump_seconds)

    @property
    def batch(self) -> Batch:
        """The minute that has just ended by the machine's clock."""
        return Batch.of_minute(self.machine_time - MINUTE)

    def next_minute(self) -> Batch:
        """A minute later."""
        self.now += MINUTE
        self._tell_time()
        return self.batch

    def _tell_time(self) -> None:
        with suppress(psycopg2.OperationalError):  # it is down, and asks for no time
            self.rows("update virtual.clock set at = %s", self.machine_time)

    # --- runs ---------------------------------------------------------------------------------------------------
    def start(self, *calls: tuple[Any, ...], points: Points = ()) -> Run:
        """A process that makes these calls of the pipeline and strikes at these points."""
        order = {
            "calls": calls, "points": [*points, *self.standing], "at": self.machine_time.isoformat(),
            "settings": self.settings, "environment": self.environment, "file_limit": self.file_limit,
            "clock_jump_seconds": self.clock_jump_seconds,
            "engine_limits": {
                "connect_seconds": 2, "transaction_seconds": 4.0, "lock_seconds": 10.0, "search_path": SEARCH_PATH,
            },
        }  # fmt: skip
        self.processes += 1
        return self.lab.runner.start(self.folder, order)

    def run(self, *calls: tuple[Any, ...], points: Points = ()) -> Outcome:
        """The same, waited for."""
        return self.start(*calls, points=points).wait()

    def minute(self, points: Points = ()) -> Outcome:
        """The next minute, all in one process."""
        began = time.monotonic()
        outcome = self.run(("run_minute", self.next_minute().batch_id), points=points)
        if outcome.code == 0:
            self.usual_seconds = 0.8 * self.usual_seconds + 0.2 * (time.monotonic() - began)
        return outcome

    def minutes(self, count: int) -> list[Outcome]:
        """So many."""
        return [self.minute() for _ in range(count)]

    def minute_apart(self, **points: Points) -> Outcome:
        """The next minute, each step in a process of its own, as the DAG has it; ``points`` by step.

        transform also runs after a failed extract, score and load only after what comes before them, alert always.
        Gives the first outcome that is no success.
        """
        batch_id = self.next_minute().batch_id
        outcomes = [self.run(("extract", batch_id), points=points.get("extract", ()))]
        for step in ("transform", "score", "load"):
            outcomes.append(self.run((step, batch_id), points=points.get(step, ())))
            if outcomes[-1].code:
                break
        outcomes.append(self.run(("alert", batch_id), points=points.get("alert", ())))
        return next((outcome for outcome in outcomes if outcome.code), outcomes[-1])

    def replay(self, minutes: int = 10, **options: Any) -> Outcome:
        """The last so many minutes again."""
        start = max(self.first, self.now - minutes * MINUTE)
        run = self.start(("replay", start.isoformat(), (self.now + MINUTE).isoformat(), options))
        return run.wait(seconds=LONGEST_REPLAY_SECONDS)

    def settle(self, most: int = 6) -> int:
        """Minutes without a fault until nothing waits any more; how many it took (``most`` + 1: never)."""
        for number in range(1, most + 1):
            self.minute()
            if not self.waiting():
                return number
        return most + 1

    # --- looking ------------------------------------------------------------------------------------------------
    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database, past the proxy."""
        with self.lab.connected(self.database) as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    def waiting(self) -> list[str]:
        """What an onlooker would call unfinished: minutes not closed, batches not loaded, messages not sent."""
        closed = self.landing.closed_minutes(self.first)
        minutes = int((self.now - self.first) / MINUTE)
        found = [f"minute {self.first + number * MINUTE:%H:%M} not closed" for number in range(minutes)
                 if self.first + number * MINUTE not in closed]  # fmt: skip
        known = dict(self.rows("select batch_id, status from run_ledger"))
        marked = [done.batch.batch_id for done in self.landing.completions()]
        found += [
            f"batch {name} {known.get(name, 'unknown')}" for name in marked if known.get(name) in (None, "landed")
        ]
        found += [f"open batch {batch.batch_id}" for batch in self.landing.open_batches()]
        pending = self.rows("select message_id from outbox where status = 'pending'")
        return found + [f"message {name} pending" for (name,) in pending]

    def sent_by_watchdog(self, message_id: str) -> bool:
        """No: none watches a world of virtual minutes."""
        return False

    def close(self) -> None:
        """End it and forget it."""
        self.db.close()
        self.smtp.close()
        self.mail.close()
        self.api.close()
        self.lab.drop(self.database)
        shutil.rmtree(self.folder, ignore_errors=True)
