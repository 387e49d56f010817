"""The check whether a service answers."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy: it is this machine


def is_ready(health: str, *, patience_seconds: float = 2.0) -> bool:
    """``health``: an http address that answers 200, ``tcp:PORT`` that accepts, or nothing (always ready)."""
    if not health:
        return True
    try:
        if health.startswith("tcp:"):
            socket.create_connection(("127.0.0.1", int(health[4:])), patience_seconds).close()
            return True
        with _direct.open(health, timeout=patience_seconds) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
