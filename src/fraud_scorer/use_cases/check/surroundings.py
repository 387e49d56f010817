"""What can be seen from here beside the settings: the environment, the files of the working folder, Airflow's own."""

from __future__ import annotations

import configparser
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fraud_common.env_file import read_env_file
from fraud_scorer.settings import KNOWN_PREFIXES, Settings, env_files

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

AIRFLOW_CONFIG = Path("airflow/config/airflow.cfg")
COMPOSE_FILES = re.compile(r"(docker-)?compose(\.[\w.-]+)?\.ya?ml")
VARIABLE = re.compile(r"\$\{(\w+)(?::?[-?]([^${}]*))?\}")  # the innermost one


@dataclass(frozen=True)
class Surroundings:
    """``environment`` holds names of ours, Airflow's and PostgreSQL's, each with its strongest value."""

    settings: Settings
    environment: Mapping[str, str]
    folder: Path

    def values(self) -> dict[str, str]:
        """Every value that is in force here, by its name in the environment; the settings go first."""
        in_force = {name: getattr(self.settings, name) for name in Settings.model_fields}
        plain = {
            name.upper(): value.get_secret_value() if hasattr(value, "get_secret_value") else str(value or "")
            for name, value in in_force.items()
        }
        return dict(self.environment) | {name: value for name, value in plain.items() if value}

    def database_urls(self) -> Iterator[tuple[str, URL]]:
        """Each address of a PostgreSQL database that stands here, parsed."""
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        for name, value in sorted(self.values().items()):
            if re.match(r"postgres(ql)?(\+\w+)?://", value):
                try:
                    yield name, make_url(value)
                except (ArgumentError, ValueError):
                    continue  # the settings refuse theirs at the start; another program's is that program's to refuse

    def airflow_sees(self, section: str, name: str) -> str | None:
        """An option of Airflow's; None where nothing of Airflow can be seen from here."""
        variable = f"AIRFLOW__{section}__{name}".upper()
        for given in (variable, f"{variable}_CMD", f"{variable}_SECRET"):
            if self.environment.get(given):
                return self.environment[given]
        file = Path(self.environment.get("AIRFLOW_CONFIG") or self.folder / AIRFLOW_CONFIG)
        if not file.is_file():
            return "" if any(one.startswith("AIRFLOW__") for one in self.environment) else None
        config = configparser.ConfigParser(interpolation=None)
        config.read(file, encoding="utf-8")
        return config.get(section, name, fallback="")

    def compose_services(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The services of each compose file in the folder, variables put in."""
        import yaml

        for file in sorted(path for path in self.folder.iterdir() if COMPOSE_FILES.fullmatch(path.name)):
            document = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            for name, service in (document.get("services") or {}).items():
                yield f"{name} in {file.name}", service or {}

    def put_in(self, text: str) -> str:
        """``text`` of a compose file with ``${NAME:-default}`` put in."""
        while found := VARIABLE.search(text):
            value = self.environment.get(found[1]) or found[2] or ""
            text = text[: found.start()] + value + text[found.end() :]
        return text


def seen_from_here(settings: Settings) -> Surroundings:
    """What this process sees: its environment, then ``.env``, then what ``make run`` generated."""
    in_files = {name: value for path in env_files() for name, value in read_env_file(path).items()}
    given = {name: value for name, value in os.environ.items() if value}
    prefixes = (*KNOWN_PREFIXES, "STACK_", "PGHOST", "PGSSL")
    return Surroundings(
        settings, {name: v for name, v in (in_files | given).items() if name.startswith(prefixes)}, Path.cwd()
    )


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine for certain: a loopback address, ``localhost`` or a socket's folder.

    >>> [is_loopback(host) for host in ("127.0.0.9", "[::1]", "localhost", "/run/postgresql", "0.0.0.0", "db")]
    [True, True, True, True, False, False]
    """
    host = host.strip("[]").lower()
    if host.startswith(("/", "@")) or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sends_in_clear(url: str) -> bool:
    """Whether ``url`` is plain http to beyond this machine."""
    address = urlsplit(url.strip())
    return address.scheme.lower() == "http" and not is_loopback(address.hostname or "")
