"""Sockets that can be shut down from outside, to end a call that would outlive its deadline."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter


class TrackedSockets:
    """The sockets that a requests session opens."""

    def __init__(self) -> None:
        self._open: list[Any] = []
        self._closing = False

    def watch(self, session: requests.Session) -> None:
        """Keep track of every socket that ``session`` opens from now on."""
        adapter = _TrackingAdapter(self)
        session.mount("http://", adapter)
        session.mount("https://", adapter)

    def add(self, opened: Any) -> None:
        """Note an open socket; shut it down at once if the deadline has passed while it was being opened."""
        self._open.append(opened)
        if self._closing:
            self.shut_down()

    def shut_down(self) -> None:
        """End every read and write that is waiting on one of them."""
        self._closing = True
        for opened in list(self._open):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


class _TrackingAdapter(HTTPAdapter):
    def __init__(self, sockets: TrackedSockets) -> None:
        self._sockets = sockets
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _tracked(pool.ConnectionCls, self._sockets)
        return pool


def _tracked(connection_class: Any, sockets: TrackedSockets) -> Any:
    class Tracked(connection_class):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    return Tracked
