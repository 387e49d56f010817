"""How many bodies the server holds at once: many of the largest must not multiply its memory."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from fraud_scorer.endpoint.app import AT_ONCE, MAX_BODY_BYTES

ROW, PATHS = "1,2,3,4,5,6", ("/invocations", "/endpoints/fraud/invocations")
Serve = Callable[..., Any]


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    """Closed in the end."""
    with ExitStack() as opened:
        yield opened


def half_sent(address: str, opened: ExitStack) -> socket.socket:
    """A request of the largest body, of which the first bytes alone have come."""
    where = urlsplit(address)
    one = opened.enter_context(socket.create_connection((where.hostname, where.port), 30))
    head = ["POST /invocations HTTP/1.1", "Host: x", "Content-Type: text/csv", f"Content-Length: {MAX_BODY_BYTES}"]
    one.sendall("\r\n".join([*head, "", ROW]).encode())
    return one


def asked(address: str, path: str) -> requests.Response:
    """A small request, whole."""
    return requests.post(address + path, ROW, headers={"Content-Type": "text/csv"}, timeout=30)


def is_kept_waiting(url: str) -> bool:
    """Whether a small request gets no answer for a second."""
    try:
        requests.post(url, ROW, headers={"Content-Type": "text/csv"}, timeout=1)
    except requests.ReadTimeout:
        return True
    return False


@pytest.mark.parametrize("path", PATHS)
def test_a_body_too_many_waits_and_is_then_asked_to_come_again(
    artifacts: Path, serve: Serve, sockets: ExitStack, path: str
) -> None:
    """503 with Retry-After, as the runtime says it; it is served when one of those before it is done."""
    with serve(artifacts, patience_seconds=20.0) as address:
        before = [half_sent(address, sockets) for _ in range(AT_ONCE)]
        assert any(is_kept_waiting(address + path) for _ in range(50))  # once the server has seen those before it
        before[0].close()
        assert asked(address, path).status_code == 200
    with serve(artifacts, patience_seconds=0.5) as address:
        for _ in range(50):
            sockets.pop_all().close()
            for _ in range(AT_ONCE * 3):
                half_sent(address, sockets)
            refused = asked(address, path)
            if refused.status_code == 503:
                break
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers.get("x-amzn-ErrorType") == (None if path == PATHS[0] else "ServiceUnavailable")


def test_a_body_that_does_not_come_loses_its_place(artifacts: Path, serve: Serve, sockets: ExitStack) -> None:
    """Else two slow callers shut everybody out."""
    with serve(artifacts, patience_seconds=0.5) as address:
        slow = [half_sent(address, sockets) for _ in range(AT_ONCE)]
        assert [one.recv(12) for one in slow] == [b"HTTP/1.1 408"] * AT_ONCE
        assert asked(address, PATHS[0]).status_code == 200
