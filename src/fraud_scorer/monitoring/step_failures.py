"""Records on disk why a step of the pipeline failed last, so that the watchdog's mail can name the cause.

A file a step, ``<data_dir>/failures/<step>.json``, written when it fails and removed when it works again. It needs no
database and no valid settings, because those may be what is wrong.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from dotenv import dotenv_values

from fraud_common.errors import FraudScorerError, SettingsError
from fraud_scorer.landing.files import disk_faults, write_whole
from fraud_scorer.settings import USERS_FILE, load_settings, named_data_dir

log = structlog.get_logger()
FOLDER = "failures"
# Of a run, in order, and the command that is all of them. What `alert` cannot send, the ledger tells.
STEPS = ("extract", "transform", "score", "load", "run_minute")


@dataclass(frozen=True)
class Failure:
    """A step's last failure: what happened and what to do, as its error says; no payment's data."""

    step: str
    at: datetime
    what: str
    cure: str


@contextmanager
def record_failure(step: str) -> Iterator[None]:
    """Record in the data folder why ``step`` fails, or that it works (only for `STEPS`). The error goes on."""
    if step not in STEPS:
        yield
        return
    try:
        yield
    except BaseException as error:  # also a task that is out of time
        _write(_failure(step, error))
        raise
    with suppress(OSError):
        (_data_dir() / FOLDER / f"{step}.json").unlink(missing_ok=True)


def read_failures(data_dir: Path) -> list[Failure]:
    """The failures of the steps that have not worked since, in the order of a run; unreadable ones are left out."""
    found = []
    for step in STEPS:
        with suppress(OSError, ValueError, TypeError, KeyError):
            content = json.loads((data_dir / FOLDER / f"{step}.json").read_text(encoding="utf-8"))
            found.append(Failure(**content | {"at": datetime.fromisoformat(content["at"]).astimezone(UTC)}))
    return found


def _failure(step: str, error: BaseException) -> Failure:
    """Of an error that is not ours the kind alone: nobody knows what its text holds."""
    now = datetime.now(UTC)
    if isinstance(error, FraudScorerError):
        return Failure(step, now, error.what, error.cure)
    what = f"an error that nobody foresaw ({type(error).__name__})"
    return Failure(step, now, what, f"See the log of the last {step}, in Airflow or where it was started")


def _write(failure: Failure) -> None:
    """Whatever is wrong with the disk, the error that is noted stays the one that is raised."""
    folder = _data_dir() / FOLDER
    try:
        with disk_faults(folder):
            content = json.dumps(asdict(failure), default=datetime.isoformat).encode()
            write_whole(folder, content, prefix=".failure-").rename_to(f"{failure.step}.json")
    except FraudScorerError as error:
        log.warning("Why the step failed could not be written down.", action=failure.step, fault=error.what)


def _data_dir() -> Path:
    """As the settings say; while they are wrong, as the environment or ``.env`` names it."""
    try:
        return load_settings().fraud_data_dir
    except SettingsError:
        named = os.environ.get("FRAUD_DATA_DIR") or dotenv_values(USERS_FILE, interpolate=False).get("FRAUD_DATA_DIR")
        return Path(named) if named else named_data_dir()
