"""Processes that end together, however far their descendants have gone."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from fraud_stack.processes import LONGEST_LOG_BYTES, Process, end_all, kill, leftovers, shorten

# a parent that ignores SIGTERM, a child in a process group of its own, and a grandchild that says its number
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
    if os.fork() == 0:
        print("grandchild", os.getpid(), flush=True)
    time.sleep(600)
time.sleep(600)
"""


def process(tmp_path: Path, program: str) -> Process:
    """A Python program as a process of a stack in ``tmp_path``."""
    return Process(
        "one", [sys.executable, "-c", program], {"PATH": "/usr/bin:/bin"}, home=tmp_path, cwd=tmp_path,
        log=tmp_path / "one.log",
    )  # fmt: skip


def grandchild_of(one: Process) -> int:
    """The number that the program printed."""
    while not one.last_lines():
        assert one.exit_code() is None
        time.sleep(0.02)
    return int(one.last_lines()[0].split()[1])


def test_descendants_end_with_their_process(tmp_path: Path) -> None:
    """One that ignores the request is killed, and with it children that have left its process group."""
    one = process(tmp_path, STUBBORN)
    one.start()
    grandchild = grandchild_of(one)
    end_all([one], patience_seconds=0.2)
    assert not psutil.pid_exists(grandchild)
    assert one.exit_code() == -9
    assert leftovers(tmp_path) == []


def test_orphans_of_a_killed_supervisor_are_found(tmp_path: Path) -> None:
    """When parents are gone, what they started is known by the folder that stands in its environment."""
    one = process(tmp_path, STUBBORN)
    one.start()
    grandchild = grandchild_of(one)
    assert one.popen is not None
    one.popen.kill()
    one.popen.wait()
    assert grandchild in {left.pid for left in leftovers(tmp_path)}
    assert leftovers(tmp_path / "another") == []
    kill(leftovers(tmp_path))
    assert not psutil.pid_exists(grandchild)


def test_a_process_that_dies_is_seen_with_its_last_words(tmp_path: Path) -> None:
    """Its exit code and the end of its log are there to be shown."""
    one = process(tmp_path, "print('first'); print(); print('last'); raise SystemExit(3)")
    one.start()
    while one.exit_code() is None:
        time.sleep(0.02)
    assert one.exit_code() == 3
    assert one.last_lines(2) == ["first", "last"]


def test_a_program_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    """Starting it raises, instead of leaving a process that never was."""
    one = Process("one", [str(tmp_path / "nothing")], {}, home=tmp_path, cwd=tmp_path, log=tmp_path / "one.log")
    with pytest.raises(FileNotFoundError):
        one.start()
    assert one.exit_code() is None


def test_a_log_that_grew_too_long_begins_anew(tmp_path: Path) -> None:
    """The old part is kept once; whoever has it open appends to the new beginning."""
    log = tmp_path / "one.log"
    with log.open("ab") as writer:
        writer.truncate(LONGEST_LOG_BYTES + 1)
        shorten(log)
        writer.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "one.log.1").stat().st_size == LONGEST_LOG_BYTES + 1


def test_only_this_starts_words_are_shown(tmp_path: Path) -> None:
    """A log goes on over many starts; an earlier one's trouble is not this one's."""
    log = tmp_path / "one.log"
    log.write_text("Traceback of yesterday\n")
    process = Process("one", ["sh", "-c", "echo today"], os.environ, home=tmp_path, cwd=tmp_path, log=log)
    process.start()
    assert process.popen is not None
    process.popen.wait()
    assert process.last_lines() == ["today"]
    assert "yesterday" in log.read_text()
