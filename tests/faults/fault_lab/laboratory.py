"""What many worlds share: a durable PostgreSQL server, the process that forks runs, two models, a payments stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from fault_lab.model import make_model
from fault_lab.processes import Runner

from fraud_scorer.store.schema.migrate import migrate
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port
from payments_simulator.stream import Stream, World

PAYMENTS_A_MINUTE = 10
TEMPLATE = "faults_template"
SEARCH_PATH = "virtual,public,report,pg_catalog"  # a function of ours is found before PostgreSQL's own
_VIRTUAL_CLOCK = """
    create schema virtual;
    create table virtual.clock (at timestamptz not null);
    insert into virtual.clock values ('-infinity');
    create function virtual.clock_timestamp() returns timestamptz language sql volatile
        as 'select at from virtual.clock';
    create function virtual.now() returns timestamptz language sql volatile as 'select at from virtual.clock';
"""


class Laboratory:
    """Made once a test session or soak. The server keeps what it committed through an immediate stop."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        folder.chmod(0o711)
        self.server = EmbeddedPostgres(folder / "postgres", free_port(), "for-tests-only")
        self.server.start()
        self._trust()
        migrate(self.server.url(TEMPLATE))
        self.runner = Runner()
        self.stream = Stream(World(seed=seed, rate=PAYMENTS_A_MINUTE))
        self.models = [make_model(folder / f"model-{number}", 7 + number) for number in range(2)]
        self._worlds = 0

    def _trust(self) -> None:
        """No passwords on this server: a minute opens a dozen connections, and SCRAM is half of what they cost."""
        rules = self.server.data_dir / "pg_hba.conf"
        rules.write_text("host all all 127.0.0.1/32 trust\n")
        with self.connected("postgres") as cursor:
            cursor.execute("select pg_reload_conf()")

    def new_place(self) -> tuple[str, Path]:
        """A fresh migrated database whose ``now()`` is virtual, and an empty folder."""
        self._worlds += 1
        name = f"world_{self._worlds}"
        with self.connected("postgres") as cursor:
            cursor.execute(f"create database {name} template {TEMPLATE}")
            cursor.execute(f"alter database {name} set search_path = {SEARCH_PATH}")
        with self.connected(name) as cursor:
            cursor.execute(_VIRTUAL_CLOCK)
        folder = self.folder / name
        folder.mkdir()
        return name, folder

    def drop(self, database: str) -> None:
        """Drop a world's database."""
        with self.connected("postgres") as cursor:
            cursor.execute(f"drop database if exists {database} with (force)")

    @contextmanager
    def connected(self, database: str) -> Iterator[Any]:
        """A cursor on the server itself, past every proxy; each statement commits."""
        connection = psycopg2.connect(self.server.url(database).replace("+psycopg2", ""))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def close(self) -> None:
        """End it."""
        self.runner.close()
        self.server.stop("immediate")
