"""Points at which a run can be made to die, fail or stand still: before and after each call of each port.

A point is named after port and method, ``store.load:before``, or after the SQL that is about to be sent,
``sql.insert into payments_scored:before``, or ``commit:before``. Nothing of the library is patched: its parts are made
by its own wiring and handed to it in a wrapper (`LabParts`).
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import psycopg2.extensions
from sqlalchemy import event

from fraud_scorer.settings import Settings
from fraud_scorer.settings.connections import AwsAccess
from fraud_scorer.steps.extract import Clock
from fraud_scorer.store.engine import create_store_engine
from fraud_scorer.wiring import Parts
from fraud_scorer.wiring.alerting import Alerting
from fraud_scorer.wiring.database import Database
from fraud_scorer.wiring.files import Files
from fraud_scorer.wiring.scoring import Scoring
from fraud_scorer.wiring.source import Source


class InjectedFault(RuntimeError):
    """An error that nobody expected."""


@dataclass
class Order:
    """What to do where ``point`` (a pattern) is reached.

    ``act``: ``kill`` (SIGKILL), ``segv`` (SIGSEGV), ``memory`` (a limit is met), ``raise``, or ``stop`` (until
    continued). At the ``nth`` time; with ``batch`` (an id) each time that the call is about that batch.
    """

    point: str
    act: str = "kill"
    nth: int = 1
    batch: str = ""


class Gate:
    """Counts the points that a run passes, and acts where it was ordered to."""

    def __init__(self, orders: list[Order]) -> None:
        self._orders = orders
        self._left = [order.nth for order in orders]
        self.struck: list[str] = []

    def reach(self, point: str, batch: str = "") -> None:
        """Pass this point, or not; ``batch``: the one that the call is about."""
        for number, order in enumerate(self._orders):
            if order.batch not in ("", batch) or not fnmatchcase(point, order.point):
                continue
            self._left[number] -= 1
            if self._left[number] == 0 or order.batch:
                self._act(order, point)

    def _act(self, order: Order, point: str) -> None:
        self.struck.append(point)
        if order.act == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif order.act == "segv":
            signal.signal(signal.SIGSEGV, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGSEGV)
        elif order.act == "memory":
            _run_out_of_memory()
        elif order.act == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            raise InjectedFault(point)


def _run_out_of_memory() -> None:
    """Ask for more than the process may have; the limit is what it was afterwards."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 33, before[1]))
    try:
        bytearray(1 << 34)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _batch_id(about: object = None, *_: object) -> str:
    """The batch that a call is about: itself, or the work on it."""
    return str(getattr(getattr(about, "batch", about), "batch_id", ""))


class Watched:
    """``real``, with a point before and after each of its calls."""

    def __init__(self, name: str, real: Any, gate: Gate) -> None:
        self._name, self._real, self._gate = name, real, gate

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._real, attribute)
        return self._watched(attribute, value) if callable(value) else value

    def _watched(self, attribute: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            batch = _batch_id(*args)
            self._gate.reach(f"{self._name}.{attribute}:before", batch)
            result = call(*args, **kwargs)
            self._gate.reach(f"{self._name}.{attribute}:after", batch)
            return result

        return watched


class LabParts(Parts):
    """The parts that the settings choose, each watched by ``gate``."""

    def __init__(self, settings: Settings, clock: Clock, gate: Gate, engine_limits: dict[str, Any]) -> None:
        super().__init__(settings, clock)
        self.source = LabSource(settings, self.clock, gate)
        self.files = LabFiles(settings, gate)
        self.database = LabDatabase(settings, gate, engine_limits)
        self.scoring = LabScoring(settings, self.aws, self.database, gate)
        self.alerting = LabAlerting(settings, gate)


class LabSource(Source):
    """The source, watched."""

    def __init__(self, settings: Settings, clock: Clock, gate: Gate) -> None:
        super().__init__(settings, clock)
        self._gate = gate

    @cached_property
    def api(self) -> Any:
        """The payments API, watched."""
        return Watched("api", super().api, self._gate)


class LabFiles(Files):
    """Landing and stage, watched."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        super().__init__(settings)
        self._gate = gate

    @cached_property
    def landing(self) -> Any:
        """The landing, watched."""
        return Watched("landing", super().landing, self._gate)

    @cached_property
    def stage(self) -> Any:
        """The stage, watched."""
        return Watched("stage", super().stage, self._gate)


class LabScoring(Scoring):
    """The scorer, watched."""

    def __init__(self, settings: Settings, aws: AwsAccess, database: Database, gate: Gate) -> None:
        super().__init__(settings, aws, database)
        self._gate = gate

    @cached_property
    def scorer(self) -> Any:
        """The scorer, watched."""
        return Watched("scorer", super().scorer, self._gate)


class LabAlerting(Alerting):
    """The channels, watched."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        super().__init__(settings)
        self._gate = gate

    @contextmanager
    def mailers(self) -> Iterator[dict[str, Any]]:
        """The channels, watched."""
        with super().mailers() as channels:
            yield {name: Watched(name, mailer, self._gate) for name, mailer in channels.items()}


class LabDatabase(Database):
    """``fraud_db``, watched."""

    def __init__(self, settings: Settings, gate: Gate, engine_limits: dict[str, Any]) -> None:
        super().__init__(settings)
        self._gate, self._engine_limits = gate, engine_limits

    @cached_property
    def store(self) -> Any:
        """The store, watched."""
        return Watched("store", super().store, self._gate)

    @cached_property
    def outbox(self) -> Any:
        """The outbox, watched."""
        return Watched("outbox", super().outbox, self._gate)

    @cached_property
    def engine(self) -> Any:
        """``fraud_db`` with shorter patience (a black hole costs seconds, not a minute), each statement watched."""
        engine = create_store_engine(self.settings.fraud_db_url.get_secret_value(), **self._engine_limits)
        gate = self._gate

        class Cursor(psycopg2.extensions.cursor):
            def execute(self, statement: Any, values: Any = None) -> None:
                text = str(statement)
                gate.reach(f"sql.{text}:before")
                super().execute(statement, values)
                gate.reach(f"sql.{text}:after")

            def copy_expert(self, statement: Any, *rest: Any, **named: Any) -> None:
                gate.reach(f"sql.{statement}:before")
                super().copy_expert(statement, *rest, **named)
                gate.reach(f"sql.{statement}:after")

        @event.listens_for(engine, "connect")
        def watch(connection: psycopg2.extensions.connection, _record: object) -> None:
            connection.cursor_factory = Cursor

        @event.listens_for(engine, "commit")
        def committing(_connection: object) -> None:
            gate.reach("commit:before")

        return engine
