"""Checks before anything starts: ports, disk, checkout and secrets. An error says what is wrong and how to mend it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from fraud_common.errors import SettingsError
from fraud_stack.options import StackOptions

NEEDED_FREE_BYTES = 2 * 1024**3


def check_machine(options: StackOptions, used_ports: list[str]) -> None:
    """Ports free, disk there, checkout whole.

    Raises:
        SettingsError: the first thing that is wrong.
    """
    _check_checkout(options.checkout)
    _check_disk(options.data_dir)
    taken = [name for name in used_ports if is_taken(options.ports[name])]
    if taken:
        said = "; ".join(f"port {options.ports[name]} ({name}) is taken{holder(options.ports[name])}" for name in taken)
        others = ",".join(f"{name}={port}" for name, port in other_ports(options.ports, taken).items())
        raise SettingsError(said, f"Stop what holds it, or choose another: make run PORTS={others}")


def check_secrets(secrets: Path, databases: Iterable[Path]) -> None:
    """Refuse databases whose passwords are gone (``rm -rf .data`` spares those that lie elsewhere).

    Raises:
        SettingsError: a database's folder is there, and the file with its password is not.
    """
    left = [str(folder) for folder in databases if folder.exists()]
    if left and not secrets.exists():
        raise SettingsError(
            f"{' and '.join(left)} hold an earlier run's databases, and {secrets} with their passwords is gone",
            "Put that file back, or remove these folders to begin anew, or choose another place: make run DATA_DIR=...",
        )


def _check_checkout(checkout: Path) -> None:
    missing = [part for part in ("airflow/dags", "airflow/config", "model/artifacts") if not (checkout / part).is_dir()]
    if missing:
        raise SettingsError(f"{checkout} holds no {missing[0]}", "Run `make run` in the repository's folder")


def _check_disk(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(data_dir).free
    except OSError as error:
        raise SettingsError(
            f"the data folder {data_dir} cannot be used: {error.strerror}", "Choose one: make run DATA_DIR=..."
        ) from error
    if free < NEEDED_FREE_BYTES:
        raise SettingsError(
            f"only {free / 1024**3:.1f} GB are free under {data_dir}, and 2 are needed",
            "Make room, or choose another folder: make run DATA_DIR=...",
        )


def is_taken(port: int) -> bool:
    """Whether anything listens on ``port`` of 127.0.0.1, or of all addresses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def other_ports(ports: Mapping[str, int], taken: Iterable[str]) -> dict[str, int]:
    """For each of ``taken`` the next port that is free and that nothing else of the stack uses."""
    used = set(ports.values())
    others: dict[str, int] = {}
    for name in taken:
        others[name] = next(
            number for number in range(ports[name] + 1, 65536) if number not in used and not is_taken(number)
        )
        used.add(others[name])
    return others


def holder(port: int) -> str:
    """The process that listens on ``port``, as ``" by NAME (pid N)"``; empty where the system does not tell."""
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        pids = [c.pid for c in listening if c.laddr and c.laddr.port == port and c.pid]
        return f" by {psutil.Process(pids[0]).name()} (pid {pids[0]})" if pids else ""
    except psutil.Error:
        return ""
