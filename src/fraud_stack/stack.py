"""A stack: its processes and databases, started as much at once as their order allows, and their end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from fraud_common.errors import FraudScorerError
from fraud_common.text import count_text
from fraud_stack.databases import AIRFLOW, FRAUD, databases, prepare_airflow_db, prepare_fraud_db
from fraud_stack.errors import ProcessFailed, StopRequested
from fraud_stack.health import is_ready
from fraud_stack.local_env import write_private
from fraud_stack.options import StackOptions
from fraud_stack.processes import Process, end_all
from fraud_stack.recent_minutes import imported_days
from fraud_stack.services import Service, airflow_db_url, airflow_release, history_days, jobs, servers
from fraud_stack.terminal import Terminal


class Stack:
    """Every process of one data folder.

    Args:
        options: where, and what to play.
        values: ``local.env``'s, with what the user chose on top.
        terminal: where progress is shown.
    """

    def __init__(self, options: StackOptions, values: Mapping[str, str], terminal: Terminal) -> None:
        self.options = options
        self.values = values
        self.terminal = terminal
        self.stopping = threading.Event()
        self.databases = {
            name: server for name, server in databases(options, values).items() if name not in options.without
        }
        self.services = servers(options, values)
        self.jobs = jobs(options, values)
        self.processes: dict[str, Process] = {}
        self._ending = threading.Lock()

    def start(self) -> None:
        """Everything is up, history is in, and the scheduler runs when this returns.

        Raises:
            ProcessFailed: one of them did not come up.
            StopRequested: told to stop meanwhile.
        """
        self._write_airflow_login()
        with ThreadPoolExecutor(8, thread_name_prefix="start") as threads:
            running = self._start_all(threads)
            try:
                while not all(future.done() for future in running):
                    self._refuse_if_stopping()
                    failed = next((future for future in running if future.done() and future.exception()), None)
                    if failed:
                        failed.result()
                    time.sleep(0.05)
            except BaseException:
                self.stopping.set()
                raise
        for future in running:
            future.result()
        self.server("airflow-scheduler")
        self.server("airflow-clean")
        self.server("watch")

    def _start_all(self, threads: ThreadPoolExecutor) -> list[Future[None]]:
        """The chains that run beside each other; each waits for what it needs of another."""
        store: Future[None] = threads.submit(self._store)
        past: Future[None] = threads.submit(self._make_history)
        lone = [threads.submit(self.server, name) for name in ("payments", "mailbox", "endpoint")]
        return [
            store,
            past,
            *lone,
            threads.submit(self._airflow),
            threads.submit(self._after, [store], lambda: self.server("dashboard")),
            threads.submit(self._after, [store, past], self._import_history),
        ]

    def _after(self, needed: list[Future[None]], act: Callable[[], None]) -> None:
        for future in needed:
            while not future.done():
                self._refuse_if_stopping()
                time.sleep(0.05)
            if future.exception():
                return  # said by the one that failed
        act()

    def _store(self) -> None:
        self.database(FRAUD)
        if FRAUD in self.databases:
            prepare_fraud_db(self.databases[FRAUD], self.values)
        self.job("migrate", "bringing fraud_db to the newest schema", "fraud_db is at the newest schema")

    def _airflow(self) -> None:
        self.database(AIRFLOW)
        prepare_airflow_db(self.databases[AIRFLOW], airflow_db_url(self.options, self.values))
        prepared, release = self.databases[AIRFLOW].data_dir / "prepared-for", airflow_release(self.options)
        fresh = not (prepared.exists() and prepared.read_text() == release)
        if fresh:
            self.job("airflow-migrate", "preparing Airflow's metadata", "Airflow's metadata is ready")
        self.server("airflow-dags")
        self.server("airflow-api", wait=False)
        if fresh:
            self.job("airflow-pools", "making Airflow's pools", "Airflow's pools are there")
            prepared.write_text(release)
        self._wait_for("airflow-api")

    @property
    def _history_marker(self) -> Path:
        return self.options.data_dir / "history.imported"

    def _wants_history(self) -> bool:
        return self.options.history_days > 0 and "payments" in self.services and not self._history_marker.exists()

    def _make_history(self) -> None:
        if self._wants_history():
            days = history_days(self.options)
            past = f"{days:.3g} day{'' if days == 1 else 's'} of past payments"
            self.job("history-make", f"making {past}", f"{past} are made")

    def _import_history(self) -> None:
        if not self._wants_history():
            return
        what = "importing them as history"
        self.terminal.doing(what)
        process = self.launch(self.jobs["history-import"])
        shown = 0
        while process.exit_code() is None:
            self._refuse_if_stopping()
            days = self._imported_days()
            if days > shown:
                shown = days
                self.terminal.say(
                    f"  {self.terminal.seconds():5.1f} s  history: {count_text(days, 'calendar day')} imported"
                )
            time.sleep(0.5)
        self._must_have_succeeded(process)
        self._history_marker.write_text("the simulator's past is in fraud_db; remove this file to import it again\n")
        self.terminal.done(what, "history is in")

    def _imported_days(self) -> int:
        try:
            return imported_days(self.values["FRAUD_DB_URL"])
        except Exception:  # only a figure on the terminal: the import itself says what is wrong
            return 0

    def database(self, name: str) -> None:
        """Start one PostgreSQL server."""
        if name not in self.databases:
            return
        self._refuse_if_stopping()
        what = f"starting PostgreSQL ({name})"
        self.terminal.doing(what)
        with self._ending:
            self._refuse_if_stopping()
            self.databases[name].start()
        self.terminal.done(what, f"PostgreSQL ({name}) accepts connections")

    def job(self, name: str, what: str, found: str) -> None:
        """Run one job to its end."""
        self.terminal.doing(what)
        process = self.launch(self.jobs[name])
        while process.exit_code() is None:
            self._refuse_if_stopping()
            if process.running_seconds() > self.jobs[name].start_seconds:
                process.end(2)
                raise ProcessFailed(
                    f"{name} took longer than {self.jobs[name].start_seconds:.0f} s", f"See {process.log}"
                )
            time.sleep(0.05)
        self._must_have_succeeded(process)
        self.terminal.done(what, found)

    def server(self, name: str, *, wait: bool = True) -> None:
        """Start one server, and wait until it is ready."""
        if name not in self.services:
            return
        self.terminal.doing(f"starting {name}")
        self.launch(self.services[name])
        if wait:
            self._wait_for(name)

    def _wait_for(self, name: str) -> None:
        if name not in self.services:
            return
        process, service = self.processes[name], self.services[name]
        while not is_ready(service.health):
            self._refuse_if_stopping()
            if process.exit_code() is not None or process.running_seconds() > service.start_seconds:
                how = "ended" if process.exit_code() is not None else f"was not ready in {service.start_seconds:.0f} s"
                raise ProcessFailed(f"{name} {how}", f"See {process.log}", tuple(process.last_lines()))
            time.sleep(0.1)
        self.terminal.done(f"starting {name}", f"{name} is {'up' if service.health else 'started'}")

    def launch(self, service: Service) -> Process:
        """Start a process and wait for nothing."""
        process = Process(
            service.name, service.argv, service.environment, home=self.options.data_dir,
            cwd=self.options.checkout / service.folder, log=self.options.logs / f"{service.name}.log",
        )  # fmt: skip
        with self._ending:
            self._refuse_if_stopping()
            try:
                process.start()
            except OSError as error:
                raise ProcessFailed(
                    f"{service.argv[0]} cannot be started: {error.strerror}", "Run `make install`"
                ) from error
            self.processes[service.name] = process
        return process

    def _must_have_succeeded(self, process: Process) -> None:
        if process.exit_code() != 0 and not self.stopping.is_set():
            lines = tuple(process.last_lines())
            raise ProcessFailed(f"{process.name} failed ({process.exit_code()})", f"See {process.log}", lines)

    def _refuse_if_stopping(self) -> None:
        if self.stopping.is_set():
            raise StopRequested

    def _write_airflow_login(self) -> None:
        login = {"admin": self.values["STACK_AIRFLOW_PASSWORD"]}
        write_private(self.options.data_dir / "airflow" / "passwords.json", json.dumps(login))

    def end(self) -> None:
        """End every process, then the databases, cleanly. Nothing is started any more from here on."""
        self.stopping.set()
        with self._ending:
            end_all(self.processes.values())
            with ThreadPoolExecutor(2) as threads:
                endings = [threads.submit(server.stop) for server in self.databases.values()]
        for ending in endings:
            error = ending.exception()
            if isinstance(error, FraudScorerError):
                self.terminal.trouble(error.what, error.cure)
            elif error:
                raise error
