"""What is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from fraud_common.errors import SettingsError
from fraud_stack.embedded_postgres import free_port
from fraud_stack.preflight import check_secrets, other_ports


def test_databases_without_their_passwords_are_refused(tmp_path: Path) -> None:
    """`rm -rf .data` may leave databases elsewhere: one line says where they are and how to go on."""
    secrets, elsewhere = tmp_path / "local.env", tmp_path / "elsewhere"
    check_secrets(secrets, [elsewhere])
    elsewhere.mkdir()
    with pytest.raises(SettingsError, match="elsewhere hold an earlier run's databases"):
        check_secrets(secrets, [elsewhere])
    secrets.touch()
    check_secrets(secrets, [elsewhere])


def test_suggested_ports_fit_together() -> None:
    """What is proposed can be pasted: no port twice, none that another service of the stack has."""
    ports = {"fraud-db": free_port(), "airflow-db": 0}
    ports["airflow-db"] = ports["fraud-db"] + 1
    others = other_ports(ports, ports)
    assert len({*others.values(), *ports.values()}) == 4
