"""`.env` means the same under `make run` and under docker compose, or it is refused with the cure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.settings import load_settings

pytestmark = pytest.mark.usefixtures("nothing_set")
PASSWORD = "ab$cd"


@pytest.mark.parametrize("value", ["ab$cd", "ab${cd}ef", "$$", "ab$", "a$1 # b", "x'y$z'"])
@pytest.mark.parametrize("quoted", ["{}", '"{}"'])
def test_a_dollar_outside_single_quotes_is_refused(tmp_path: Path, value: str, quoted: str) -> None:
    """Compose would put a variable in: the setting is named with the cure, its value is not."""
    (tmp_path / ".env").write_text(f"SMTP_USER=robot\nSMTP_PASSWORD={quoted.format(value)}\n")
    with pytest.raises(SettingsError, match=r"SMTP_PASSWORD in \.env .* single quotes, NAME='\.\.\.'") as told:
        load_settings()
    assert value not in str(told.value)


@pytest.mark.parametrize("value", ["ab$cd", "ab${cd}ef", "${HOME}", "$$", "a # b$"])
def test_in_single_quotes_it_arrives_as_it_stands(tmp_path: Path, value: str) -> None:
    """Nothing is put in; as compose reads it."""
    (tmp_path / ".env").write_text(f"SMTP_PASSWORD='{value}'\n")
    assert load_settings().smtp_password.get_secret_value() == value


@pytest.mark.parametrize(
    "line", ["# SMTP_PASSWORD=ab$cd", "SMTP_PASSWORD=abcd # costs $5", "HOME_OF_MINE=$HOME/x", "SMTP_PASSWORD="]
)
def test_other_lines_are_no_concern(tmp_path: Path, line: str) -> None:
    """Comments, and names that nobody here reads."""
    (tmp_path / ".env").write_text(f"{line}\n")
    load_settings()


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what stands there may hold anything: a shell has read it already."""
    (tmp_path / ".env").write_text("SMTP_USER=file\nSMTP_HOST=mail.example.org\nFRAUD_THRESHOLD=\n")
    monkeypatch.setenv("SMTP_USER", "env$ironment")
    monkeypatch.setenv("SMTP_HOST", "")
    settings = load_settings()
    assert (settings.smtp_user, settings.smtp_host) == ("env$ironment", "mail.example.org")


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("DOCKER_FRAUD_DB_PASSWORD=ab$cd", 2, "error: DOCKER_FRAUD_DB_PASSWORD in .env holds a $"),
        ("SMTP_PASSWORD='ab$cd'", 0, ""),
        (None, 0, ""),
    ],
)
def test_compose_asks_before_anything_starts(tmp_path: Path, line: str | None, code: int, told: str) -> None:
    """What the service env-check runs; of every name that compose hands on."""
    if line:
        (tmp_path / ".env").write_text(f"{line}\n")
    command = [sys.executable, "-m", "fraud_scorer.use_cases.check.env_files", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr.startswith(told)) == (code, True)
    assert PASSWORD not in done.stderr
