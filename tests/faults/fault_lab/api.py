"""The payments simulator over real HTTP, in a thread, by the world's clock."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import uvicorn

from payments_simulator.api.handed_out import HandedOutList
from payments_simulator.api.server import Settings, application
from payments_simulator.stream import Stream


class Api:
    """A running simulator."""

    def __init__(self, stream: Stream, clock: Callable[[], float]) -> None:
        self._handed_out: list[dict[str, Any]] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        app = application(stream, Settings(), HandedOutList(None), clock)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listening]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def order(self, kind: str, count: int | None = 1, **fault: Any) -> None:
        """Spoil the next answers."""
        body = {"kind": kind, "count": count, **fault}
        answer = requests.post(f"{self.url}/_control/faults", json=body, timeout=10)
        assert answer.status_code == 201, answer.text

    def clear(self) -> None:
        """No more faults."""
        requests.delete(f"{self.url}/_control/faults", timeout=10)

    def handed_out(self) -> list[dict[str, Any]]:
        """Every answer that was given, in order."""
        while True:
            since = {"since": len(self._handed_out)}
            fresh = requests.get(f"{self.url}/_control/handed-out", params=since, timeout=10).json()["answers"]
            self._handed_out += fresh
            if not fresh:
                return list(self._handed_out)

    def close(self) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._listening.close()
