"""The options of a stack: folders, ports, the pace of payments, the length of the history."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fraud_common.errors import SettingsError

DEFAULT_PORTS: Mapping[str, int] = {
    "airflow": 8080,
    "dashboard": 8501,
    "payments": 8090,
    "mailbox": 8025,
    "smtp": 1025,
    "imap": 1143,
    "fraud-db": 5433,
    "airflow-db": 5434,
    "endpoint": 8091,
}

ENDPOINT_NAME = "fraud-scorer-local"


@dataclass(frozen=True)
class StackOptions:
    """Where the stack lives and what it plays.

    Args:
        checkout: the repository: where `airflow/`, `fraud-dashboard/` and `model/` lie.
        data_dir: everything the stack writes, but for databases that root's PostgreSQL could not reach there.
        pace: payments a minute.
        history_days: days of the simulator's past that the first start imports; 0: none.
        scorer: auto, local or sagemaker, as in the settings.
        endpoint: start a local twin of the SageMaker endpoint and score on it, through boto3.
        ports: by name, see `DEFAULT_PORTS`.
        without: services that are left out, by name.
    """

    checkout: Path
    data_dir: Path
    pace: int = 20
    history_days: int = 8
    scorer: str = "auto"
    endpoint: bool = False
    ports: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_PORTS))
    without: frozenset[str] = frozenset()

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.data_dir / "logs"


def parse_ports(text: str) -> dict[str, int]:
    """The ports with some changed: ``airflow=8081,dashboard=8502``.

    >>> parse_ports("airflow=8081")["airflow"], parse_ports("")["dashboard"]
    (8081, 8501)

    Raises:
        SettingsError: an unknown name, no number, or one number twice.
    """
    ports = dict(DEFAULT_PORTS)
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        if name not in ports:
            near = difflib.get_close_matches(name, ports, n=1)
            hint = f"; did you mean {near[0]}" if near else ""
            raise SettingsError(f"{name!r} is no port's name{hint}", f"The names are {', '.join(ports)}")
        if not number.isdigit() or not 0 < int(number) < 65536:
            raise SettingsError(f"{number!r} is no port", "Write it as airflow=8081,dashboard=8502")
        ports[name] = int(number)
    doubles = sorted({number for number in ports.values() if list(ports.values()).count(number) > 1})
    if doubles:
        raise SettingsError(f"port {doubles[0]} is given twice", "Choose another")
    return ports
