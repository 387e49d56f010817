"""What stands before every request: a client that sets Host and Origin itself, as a rebound name makes a browser do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from fraud_dashboard.access.request_guard import Hosts, hosts_in_force, refusal
from fraud_dashboard.access.sign_in import LOOPBACK

DASHBOARD = Path(__file__).resolve().parents[2] / "fraud-dashboard"
SOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}  # fmt: skip
Ask = Callable[..., tuple[int, str]]
HERE = Hosts(LOOPBACK)


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit reads its configuration once, from where it is first asked."""
    monkeypatch.chdir(DASHBOARD)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The app as `make run` starts it, without a sign-in. It needs no database to refuse."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DASHBOARD_")}
    environment = {**clean, "DASHBOARD_DB_URL": "postgresql+psycopg2://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free)]
    server = subprocess.Popen(command, cwd=DASHBOARD, env=environment)
    while not _is_up(free):
        assert server.poll() is None
        time.sleep(0.2)
    yield free
    server.terminate()
    server.wait(timeout=30)


def _is_up(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
            return True
    except OSError:
        return False


@pytest.fixture
def ask(port: int) -> Ask:
    """The status and the head of one answer, in lower case."""

    def asked(path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        given = {"Host": f"127.0.0.1:{port}", "Connection": "close", **headers}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode())
            lines_of_head = list(iter(client.makefile("rb").readline, b"\r\n"))
        return int(lines_of_head[0].split()[1]), b"".join(lines_of_head).decode(errors="replace").lower()

    return asked


def test_a_page_of_ours_is_answered_and_framed_by_nobody(ask: Ask) -> None:
    """Whatever the path: the page, a script's place, the health check, what does not exist."""
    for path in ("/", "/review", "/_stcore/health", "/_stcore/host-config", "/static/none.js", "/media/none"):
        status, head = ask(path)
        assert status in (200, 404), path
        assert "x-frame-options: deny" in head, path
        assert "content-security-policy: frame-ancestors 'none'" in head, path
        assert "x-content-type-options: nosniff" in head, path


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.7:{port}",
     "127.0.0.1:1@evil.example", "evil.example/127.0.0.1", "127.0.0.1,evil.example", "[::2]", "0.0.0.0"],
)  # fmt: skip
def test_a_rebound_name_is_refused_before_anything_is_read(ask: Ask, port: int, host: str) -> None:
    """A web socket and a page, with the Origin that such a page has: the same foreign name."""
    host = host.format(port=port)
    assert ask("/", Host=host)[0] in (400, 403)
    assert ask("/_stcore/stream", Host=host, Origin=f"http://{host}", **SOCKET)[0] in (400, 403)
    assert ask("/_stcore/stream", Host=host, **SOCKET)[0] in (400, 403)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:3000", "http://127.0.0.1", "file://", "http://[::1]:1"]
)
def test_a_foreign_pages_web_socket_is_refused(ask: Ask, origin: str) -> None:
    """Another app of this machine is foreign too; so is a page without an origin."""
    assert ask("/_stcore/stream", Origin=origin, **SOCKET)[0] == 403
    assert ask("/_stcore/upload_file/a/b", method="PUT", Origin=origin, **{"Content-Length": "0"})[0] == 403


def test_our_own_web_socket_opens(ask: Ask, port: int) -> None:
    """By address and by name, from the page that stands there; a client that is no browser sends no Origin."""
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}"):
        assert ask("/_stcore/stream", Host=host, Origin=f"http://{host.lower()}", **SOCKET)[0] == 101
    assert ask("/_stcore/stream", **SOCKET)[0] == 101


@pytest.mark.parametrize(
    ("environment", "host", "answered"),
    [
        ({}, "fraud.example.com", False),
        ({"DASHBOARD_ALLOWED_HOSTS": "Fraud.Example.com, dashboard"}, "fraud.example.com:443", True),
        ({"DASHBOARD_ALLOWED_HOSTS": "fraud.example.com, dashboard"}, "dashboard:8501", True),
        ({"DASHBOARD_ALLOWED_HOSTS": "fraud.example.com"}, "evil.example", False),
        ({"DASHBOARD_TRUST_NETWORK": "true"}, "10.0.0.7:8501", True),
        ({"DASHBOARD_TRUST_NETWORK": "true"}, "[fd00::7]:8501", True),
        ({"DASHBOARD_TRUST_NETWORK": "true"}, "evil.example", False),
        ({"DASHBOARD_QUERY_SECONDS": "soon", "DASHBOARD_TRUST_NETWORK": "true"}, "10.0.0.7", False),
    ],
)
def test_further_names_are_those_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], host: str, answered: bool
) -> None:
    """No name may be pointed here by DNS unless it is named; an address cannot be pointed."""
    monkeypatch.setenv("DASHBOARD_DB_URL", "postgresql+psycopg2://u@127.0.0.1/d")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (refusal(Headers({"host": host}), hosts_in_force()) == "") is answered


def test_a_sign_ins_own_host_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host of its redirect_uri: under another name its cookie would be refused anyway."""
    monkeypatch.setenv("DASHBOARD_DB_URL", "postgresql+psycopg2://u@127.0.0.1/d")
    monkeypatch.setattr("streamlit.secrets", {"auth": {"redirect_uri": "https://fraud.example.com/oauth2callback"}})
    hosts = hosts_in_force()
    assert hosts.names == LOOPBACK | {"fraud.example.com"}
    origin = {"host": "127.0.0.1:8501", "origin": "https://fraud.example.com"}
    assert not refusal(Headers(origin), hosts), "a proxy that writes a Host of its own"
    assert "Another site" in refusal(Headers({**origin, "origin": "https://evil.example"}), hosts)


def test_two_hosts_are_none() -> None:
    """A request that names two is refused: what stands between might believe the other."""
    assert refusal(Headers(raw=[(b"host", b"127.0.0.1"), (b"host", b"evil.example")]), HERE)
    assert refusal(Headers(), HERE)
