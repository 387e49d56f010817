"""Tests are told apart by what they use, and a unit test is held to it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import kinds
import pytest

TESTS = Path(__file__).parent


class Handler(BaseHTTPRequestHandler):
    """A server's."""


@dataclass
class Endpoint:
    """Listens as soon as it is made."""

    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))


def starts(command: str) -> None:
    """A helper that a test may call."""
    subprocess.run([command], check=True)


def by_a_helper() -> None:
    """Names no process itself."""
    starts("true")


def by_a_class() -> Endpoint:
    """Nor a socket."""
    return Endpoint()


def by_a_base() -> type:
    """Nor a server."""
    return Handler


def by_an_import() -> object:
    """Where it is needed."""
    from moto.server import ThreadedMotoServer

    return ThreadedMotoServer


def by_an_inner_function() -> Callable[[], None]:
    """As fixtures do that give a function."""

    def start() -> None:
        starts("true")

    return start


@pytest.fixture
def served() -> None:
    """A fixture that starts something."""
    starts("true")


def by_itself(path: Path) -> str:
    """Files are no server."""
    return path.read_text()


@pytest.mark.parametrize(
    "function", [starts, by_a_helper, by_a_class, by_a_base, by_an_import, by_an_inner_function, served]
)
def test_what_reaches_a_process_a_socket_or_a_server_is_an_integration_test(function: Callable[..., object]) -> None:
    """By itself, by its helpers, or by a fixture."""
    plain = getattr(function, "_get_wrapped_function", lambda: function)()
    assert kinds.kind_of(TESTS / "test_x.py", [], [plain]) == "integration"


@pytest.mark.parametrize(
    ("path", "fixtures", "kind"),
    [
        ("test_x.py", ["tmp_path"], "unit"),
        ("steps/test_x.py", ["tmp_path", "postgres_url", "postgres_server"], "integration"),
        ("dashboard/browser/test_x.py", [], "integration"),
        ("faults/test_x.py", ["postgres_server"], "faults"),
        ("e2e/test_x.py", [], "e2e"),
    ],
)
def test_the_folder_and_the_servers_decide_first(path: str, fixtures: list[str], kind: str) -> None:
    """The rest is a unit test."""
    assert kinds.kind_of(TESTS / path, fixtures, [by_itself]) == kind


def test_every_test_has_a_kind(request: pytest.FixtureRequest) -> None:
    """And a unit test has no other."""
    for item in request.session.items:
        found = {kind for kind in kinds.KINDS if item.get_closest_marker(kind)}
        assert found == {"unit"} or (found and "unit" not in found), item.nodeid


@pytest.mark.parametrize("name", ["browser", "moto", "postgres_server"])
def test_the_servers_are_fixtures_that_exist(name: str) -> None:
    """One that is renamed is noticed."""
    assert name in kinds.SERVERS
    assert any(f"\ndef {name}(" in path.read_text(encoding="utf-8") for path in TESTS.rglob("conftest.py"))


def test_a_unit_test_that_starts_a_process_or_listens_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where our library does it, which no reading of the tests would show."""
    seen: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(kinds, "_watched", seen)
        starts("true")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
        call = kinds.pytest_runtest_call()
        next(call)
        with pytest.raises(AssertionError, match="a unit test does"):
            call.send(None)
    assert {"subprocess.Popen", "socket.bind"} <= set(seen)
