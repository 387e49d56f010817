"""Where this release's SQL lies."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fraud_common.errors import SettingsError


@cache
def sql_root() -> Path:
    """The folder of this release's SQL: the checkout's ``sql``, else the wheel's.

    Raises:
        SettingsError: neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parents[1] / "sql", package / "sql"):
        if (folder / "migrations").is_dir():
            return folder
    raise SettingsError("the SQL files of this release are missing", "Install the package again")
