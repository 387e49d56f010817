"""What the stack writes is its owner's alone."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from fraud_stack.local_env import write_local_env
from fraud_stack.lock import only_one
from fraud_stack.options import StackOptions
from fraud_stack.private_files import make_private, private_files
from fraud_stack.processes import Process
from fraud_stack.services import jobs, servers

WRITES = "import pathlib; pathlib.Path('made/by').mkdir(parents=True); pathlib.Path('made/by/a child').write_text('x')"


def open_to_others(folder: Path) -> list[str]:
    """What below ``folder`` anybody but its owner could read, write or list."""
    return [
        str(path) for path in folder.rglob("*") if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


def test_what_a_stack_and_its_processes_write_is_private(tmp_path: Path) -> None:
    """Secrets, lock, logs, and whatever a child makes; also where the shell's umask is open."""
    before = os.umask(0o022)
    try:
        home = tmp_path / "data"
        options = StackOptions(tmp_path, home)
        with private_files(), only_one(home):
            make_private(home)
            values = write_local_env(options)
            simulator = jobs(options, values)["history-make"]
            argv = [*simulator.argv[:2], "--days", "0.01", "--out", str(home / "payments" / "history.parquet")]
            for name, command in (("child", [sys.executable, "-c", WRITES]), ("history", argv)):
                process = Process(name, command, os.environ, home=home, cwd=home, log=home / "logs" / f"{name}.log")
                process.start()
                assert process.popen
                assert process.popen.wait(timeout=120) == 0, process.last_lines()
        assert (home / "made" / "by" / "a child").exists()
        assert (home / "payments" / "history.parquet").exists()
        assert not open_to_others(home)
        assert not stat.S_IMODE(home.stat().st_mode) & 0o066
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_process_started_outside_of_a_stack_writes_privately_too(tmp_path: Path) -> None:
    """Its log and its files, whatever the umask of who starts it."""
    (tmp_path / "home").mkdir()
    process = Process("one", [sys.executable, "-c", WRITES], os.environ, home=tmp_path / "home", cwd=tmp_path / "home",
                      log=tmp_path / "home" / "logs" / "one.log")  # fmt: skip
    process.start()
    assert process.popen
    assert process.popen.wait(timeout=60) == 0
    assert not open_to_others(tmp_path / "home")


def test_what_an_earlier_release_left_open_is_closed(tmp_path: Path) -> None:
    """Mails, history and logs; nothing behind a link, nothing of PostgreSQL's, and what runs still runs."""
    home, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in ("mailbox", "logs/airflow", "fraud-db", "postgres-programs-1"):
        (home / folder).mkdir(parents=True)
        (home / folder / "file").write_text("x")
        (home / folder / "file").chmod(0o755)
    elsewhere.write_text("x")
    elsewhere.chmod(0o644)
    (home / "logs" / "link").symlink_to(elsewhere)
    make_private(home)
    assert stat.S_IMODE((home / "mailbox" / "file").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "logs" / "airflow").stat().st_mode) == 0o700
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
    assert stat.S_IMODE((home / "postgres-programs-1" / "file").stat().st_mode) == 0o755


def test_no_command_line_of_the_stack_shows_a_secret(tmp_path: Path) -> None:
    """Every user of the machine can read it: `ps`."""
    options = StackOptions(tmp_path, tmp_path / "data", endpoint=True)
    values = write_local_env(options)
    secrets = [value for name, value in values.items() if "PASSWORD" in name or ("KEY" in name and "AWS" not in name)]
    assert len(secrets) > 5
    for service in (*servers(options, values).values(), *jobs(options, values).values()):
        assert not [secret for secret in secrets if secret in " ".join(service.argv)], service.name
