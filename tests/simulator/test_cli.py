"""The command line, as a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import requests

from payments_simulator.cli import main

PROGRAM = [sys.executable, "-c", "from payments_simulator.cli import main; main()"]


def run(*arguments: str) -> int:
    """The command's exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Help names every option with its sentence."""
    assert run("serve", "--help") == 0
    shown = capsys.readouterr().out
    for option in ("--rate", "--seed", "--cards", "--replay", "--spree", "--state"):
        assert option in shown


def test_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The past is written where it was asked for, and one line says what it is."""
    out = tmp_path / "past.csv"
    assert run("history", "--days", "0.5", "--until", "2026-11-20T10:31Z", "--out", str(out), "--seed", "5") == 0
    frame = pd.read_csv(out)
    said = capsys.readouterr().out
    assert said.startswith(f"{len(frame):,} payments from 2026-11-19T22:31:00Z until 2026-11-20T10:31:00Z")


@pytest.mark.integration  # the library starts a process or listens
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["history", "--out", "x.csv", "--until", "2026-11-20T10:31"], "names no zone"),
        (["history", "--out", "x.csv", "--until", "now"], "is no time"),
        (["serve", "--port", "0", "--replay", "absent.csv"], "there is no file absent.csv"),
        (["serve", "--port", "0", "--replay", "absent.csv", "--spree"], "--spree needs"),
        (["serve", "--port", "0", "--time-zone", "Mars/Olympus"], "is no time zone"),
    ],
)
def test_mistakes(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake is one line that says what is wrong and what to do, without a traceback."""
    assert run(*arguments) == 1
    complaint = capsys.readouterr().err
    assert said in complaint
    assert len(complaint.strip().splitlines()) == 1


def test_serve_and_taken_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server answers, ends at Ctrl-C with its port free; meanwhile a second one says that the port is taken."""
    command = [*PROGRAM, "serve", "--port", "0", "--spree", "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[2].removesuffix("/current-transactions")
        port = int(url.rsplit(":", 1)[1])
        try:
            assert requests.get(f"{url}/health", timeout=20).json()["status"] == "ok"
            assert requests.get(f"{url}/current-transactions", timeout=10).status_code == 200
            assert run("serve", "--port", str(port)) == 1
            assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
        finally:
            server.send_signal(signal.SIGINT)
            rest = server.stdout.read()
    assert "Traceback" not in rest
    assert (tmp_path / "staged.json").exists()
    assert (tmp_path / "handed_out.jsonl").exists()
    socket.create_server(("127.0.0.1", port)).close()
