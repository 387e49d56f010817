"""`make env`: fills what is empty, keeps what stands there."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from fraud_stack.fill_env import SECRETS, fill

ROOT = Path(__file__).parents[2]


def test_every_secret_is_filled_once(tmp_path: Path) -> None:
    """The first time all of them, for their owner alone; the second time none."""
    shutil.copy(ROOT / ".env.example", tmp_path)
    assert fill(tmp_path) == list(SECRETS)
    first = dotenv_values(tmp_path / ".env", interpolate=False)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert fill(tmp_path) == []
    assert dotenv_values(tmp_path / ".env", interpolate=False) == first
    assert {name for name, value in first.items() if value != dotenv_values(ROOT / ".env.example")[name]} == set(
        SECRETS
    )
    for name in ("FRAUD_LANDING_KEYS", "AIRFLOW__CORE__FERNET_KEY"):
        Fernet(str(first[name]))


def test_what_stands_in_env_is_kept_and_what_make_run_made_is_taken_over(tmp_path: Path) -> None:
    """A value of the user's is never replaced; keys are those that landed bytes were encrypted with already."""
    (tmp_path / ".env").write_text("SMTP_HOST=mail.example.com\nFRAUD_CARD_KEYS=mine:0123\nFRAUD_LANDING_KEYS=\n")
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "local.env").write_text("FRAUD_CARD_KEYS='local1:ab'\nFRAUD_LANDING_KEYS='made-before'\n")
    assert "FRAUD_CARD_KEYS" not in fill(tmp_path)
    values = dotenv_values(tmp_path / ".env", interpolate=False)
    assert values["SMTP_HOST"] == "mail.example.com"
    assert values["FRAUD_CARD_KEYS"] == "mine:0123"
    assert values["FRAUD_LANDING_KEYS"] == "made-before"
    assert values["DOCKER_AIRFLOW_PASSWORD"]


def test_it_needs_python_alone(tmp_path: Path) -> None:
    """Before anything is installed: nothing but the standard library is imported."""
    shutil.copy(ROOT / ".env.example", tmp_path)
    script = ROOT / "src/fraud_stack/fill_env.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(".env: filled FRAUD_CARD_KEYS")


def test_its_card_key_stands_beside_the_one_of_make_run(tmp_path: Path) -> None:
    """`make run` puts its own key behind the user's: the two must not share an id."""
    from fraud_scorer.ingest.card_tokens import CardTokens
    from fraud_stack.local_env import in_force, write_local_env
    from fraud_stack.options import StackOptions

    shutil.copy(ROOT / ".env.example", tmp_path)
    fill(tmp_path)
    both = in_force(write_local_env(StackOptions(tmp_path, tmp_path / ".data")), tmp_path)["FRAUD_CARD_KEYS"]
    assert CardTokens.from_setting(both).key_id == "env1"
