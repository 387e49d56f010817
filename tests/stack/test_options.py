"""What can be chosen about a stack, and what must be so before it starts."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from fraud_common.errors import SettingsError
from fraud_stack.options import DEFAULT_PORTS, StackOptions, parse_ports
from fraud_stack.preflight import check_machine, is_taken

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("airflw=8081", "did you mean airflow"),
        ("airflow=http", "'http' is no port"),
        ("airflow=0", "'0' is no port"),
        ("airflow=8501", "8501 is given twice"),
    ],
)
def test_wrong_ports_are_refused_with_the_cure(text: str, said: str) -> None:
    """A misspelt name, a number that is none and a double use are each named."""
    with pytest.raises(SettingsError, match=said):
        parse_ports(text)


def test_ports_not_named_keep_their_default() -> None:
    """Only what is named changes."""
    assert parse_ports(" airflow=8081 , smtp=2525 ") == {**DEFAULT_PORTS, "airflow": 8081, "smtp": 2525}


def test_a_taken_port_is_named_with_its_holder_and_a_free_one(tmp_path: Path) -> None:
    """The line says which port, who holds it, and what to type to use another."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        options = StackOptions(ROOT, tmp_path, ports={"airflow": port})
        assert is_taken(port)
        with pytest.raises(SettingsError) as refused:
            check_machine(options, ["airflow"])
    assert f"port {port} (airflow) is taken by" in refused.value.what
    assert f"(pid {os.getpid()})" in refused.value.what
    assert "make run PORTS=airflow=" in refused.value.cure
    assert not is_taken(port)


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    """The stack is started in the repository's folder, or not at all."""
    with pytest.raises(SettingsError, match="repository's folder"):
        check_machine(StackOptions(tmp_path, tmp_path, ports={}), [])


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file in the way is named, and how to choose another folder."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="DATA_DIR"):
        check_machine(StackOptions(ROOT, tmp_path / "file" / "data", ports={}), [])
