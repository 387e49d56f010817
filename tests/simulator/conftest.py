"""A real simulator on a free port, and the world it serves."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from payments_simulator.api.handed_out import HandedOutList
from payments_simulator.api.server import Settings, application
from payments_simulator.sources import Source
from payments_simulator.stream import Stream, World

NOW = datetime(2026, 11, 20, 10, 32, tzinfo=UTC)


class Simulator:
    """A running simulator whose clock stands at ``now`` (epoch seconds) until it is moved."""

    def __init__(self, url: str, clock: list[float]) -> None:
        self.url = url
        self.clock = clock

    def get(self, **query: Any) -> requests.Response:
        return requests.get(f"{self.url}/current-transactions", params=query, timeout=10)

    def minute(self, minutes_ago: int = 1, **query: Any) -> requests.Response:
        end = NOW - timedelta(minutes=minutes_ago - 1)
        return self.get(start=(end - timedelta(minutes=1)).isoformat(), end=end.isoformat(), **query)

    def payments(self, minutes_ago: int = 1) -> list[dict[str, Any]]:
        return self.rows(self.minute(minutes_ago))

    @staticmethod
    def rows(response: requests.Response) -> list[dict[str, Any]]:
        """A double-encoded answer's rows."""
        response.raise_for_status()
        split = json.loads(response.json())
        return [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]

    def order(self, kind: str, **fault: Any) -> None:
        answer = requests.post(f"{self.url}/_control/faults", json={"kind": kind, **fault}, timeout=10)
        assert answer.status_code == 201, answer.text

    def handed_out(self, since: int = 0) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/_control/handed-out", params={"since": since}, timeout=10)
        return list(answer.json()["answers"])


@contextmanager
def serving(source: Source, settings: Settings, state: Path | None = None) -> Iterator[Simulator]:
    """A real uvicorn on a free port, in a thread."""
    clock = [NOW.timestamp()]
    listening = socket.create_server(("127.0.0.1", 0))
    app = application(source, settings, HandedOutList(state), lambda: clock[0])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Simulator(f"http://127.0.0.1:{listening.getsockname()[1]}", clock)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()


@pytest.fixture(scope="session")
def stream() -> Stream:
    """A world of 20 payments a minute."""
    return Stream(World(seed=11, rate=20))


@pytest.fixture
def serve(stream: Stream) -> Callable[..., AbstractContextManager[Simulator]]:
    """Start a server with a source, a state folder, settings of its own."""

    def start(source: Source | None = None, state: Path | None = None, **settings: Any) -> Any:
        return serving(source or stream, Settings(**settings), state)

    return start


@pytest.fixture(scope="module")
def shared(stream: Stream) -> Iterator[Simulator]:
    """One server for a module's tests; each clears its faults."""
    with serving(stream, Settings()) as simulator:
        yield simulator


@pytest.fixture
def simulator(shared: Simulator) -> Iterator[Simulator]:
    """The module's server, its clock at 10:32, no faults waiting."""
    shared.clock[0] = NOW.timestamp()
    yield shared
    requests.delete(f"{shared.url}/_control/faults", timeout=10)
