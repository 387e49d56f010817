"""Whether the stack that the settings point at runs: a command that reaches nothing then says how to start it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from dotenv import dotenv_values

from fraud_common.errors import FraudScorerError, StoreUnavailable
from fraud_scorer.settings import Settings, generated_file

LOCK = "stack.lock"
NOT_HERE = "no stack was started on {folder}, and FRAUD_DB_URL is not set"
ELSEWHERE = "one with another data folder is found by `fraud-scorer --data-dir DIR ...` (or FRAUD_DATA_DIR=DIR)"


def runs(data_dir: Path) -> bool:
    """Whether a stack runs on ``data_dir``; True also where nobody can tell."""
    try:
        lock = (data_dir / LOCK).open("rb")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def start_command(data_dir: Path) -> str:
    """What starts the stack of ``data_dir``."""
    return "make run" if data_dir == Path(".data").absolute() else f"make run DATA_DIR={data_dir}"


def stopped(settings: Settings) -> tuple[str, str]:
    """What is wrong and its cure, if the settings mean a stack of `make run` and it does not run; else two blanks."""
    file = generated_file().absolute()
    made = dotenv_values(file, interpolate=False)
    url = settings.fraud_db_url.get_secret_value()
    if made.get("FRAUD_DB_URL") == url and not runs(file.parent):
        return f"the stack of {file.parent} is not running", f"Start it: {start_command(file.parent)}; {ELSEWHERE}"
    if not made and url == Settings.model_fields["fraud_db_url"].default.get_secret_value():
        return NOT_HERE.format(folder=file.parent), f"Start one: {start_command(file.parent)}; {ELSEWHERE}"
    return "", ""


def belongs_to_it(name: str) -> bool:
    """Whether the setting ``name`` (in capitals) is as `make run` wrote it, not as the user chose it."""
    made = dotenv_values(generated_file(), interpolate=False).get(name)
    users = dotenv_values(".env", interpolate=False).get(name)
    return (os.environ.get(name) or users or made or "") == (made or "")


def with_its_cause(error: FraudScorerError, settings: Settings) -> FraudScorerError:
    """``error``, or what caused it: the stack does not run (and maybe another one's database answers in its place)."""
    if not isinstance(error, StoreUnavailable) and "refused the login" not in error.what:
        return error
    what, cure = stopped(settings)
    return type(error)(what, cure) if what else error
