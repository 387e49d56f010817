"""What is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from fraud_scorer.errors import SettingsError
from fraud_scorer.operations.stack.checks import check_secrets


def test_databases_without_their_passwords_are_refused(tmp_path: Path) -> None:
    """`rm -rf .data` may leave databases elsewhere: one line says where they are and how to go on."""
    secrets, elsewhere = tmp_path / "local.env", tmp_path / "elsewhere"
    check_secrets(secrets, [elsewhere])
    elsewhere.mkdir()
    with pytest.raises(SettingsError, match="elsewhere hold an earlier run's databases"):
        check_secrets(secrets, [elsewhere])
    secrets.touch()
    check_secrets(secrets, [elsewhere])
