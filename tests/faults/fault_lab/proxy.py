"""A TCP proxy that can refuse, black-hole, slow down, cut, or swallow exactly the one answer that matters."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

PIECE = 65_536


@dataclass
class Rule:
    """What happens when ``match`` passes, after ``armed_by`` has passed on the same connection.

    ``side``: who sends the bytes, ``client`` or ``server``. ``action``:
    ``cut`` (the bytes are not passed on, both sides are reset), ``lose_answer`` (passed on; the other side's next
    answer is swallowed, then the client is reset), ``black_hole`` (from here on nothing passes, nothing ends),
    ``cut_after`` (passed on, then both are reset), ``cut_half`` (half of them).
    """

    match: bytes
    action: str
    side: str = "client"
    armed_by: bytes = b""
    times: int = 1
    struck: int = 0


@dataclass
class _Link:
    client: socket.socket
    server: socket.socket
    armed: bool = False
    swallow: bool = False
    ended: set[str] = field(default_factory=set)  # of its two directions
    closed: bool = False
    tail: dict[str, bytes] = field(default_factory=lambda: {"client": b"", "server": b""})


class Proxy:
    """Listens on a free port and passes on to ``target``; ``mode``: pass, refuse, black_hole, slow."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode = "pass"
        self.rules: list[Rule] = []
        self._links: list[_Link] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def heal(self) -> None:
        """Pass everything again; what was black-holed is reset."""
        self.mode, self.rules = "pass", []
        self.cut()

    def cut(self) -> None:
        """Reset every connection."""
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            _reset(link)

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.mode == "refuse":
                _hang_up(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                _hang_up(client)
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(client, server)
            with self._lock:
                self._links = [kept for kept in self._links if not kept.closed] + [link]
            for side in ("client", "server"):
                threading.Thread(target=self._pump, args=(link, side), daemon=True).start()

    def _pump(self, link: _Link, side: str) -> None:
        """One direction, until its source ends; in a black hole nobody learns of that end."""
        source, sink = (link.client, link.server) if side == "client" else (link.server, link.client)
        with suppress(OSError):
            while piece := source.recv(PIECE):
                if self.mode == "black_hole":
                    continue
                if self.mode == "slow":
                    time.sleep(0.2)
                if not self._passed(link, side, piece, sink):
                    break
        if self.mode != "black_hole" and not link.closed:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
        link.ended.add(side)
        if len(link.ended) == 2:
            _reset(link)

    def _passed(self, link: _Link, side: str, piece: bytes, sink: socket.socket) -> bool:
        """Pass a piece on as the rules say; False ends the pump."""
        if link.swallow and side == "server":
            _reset(link)
            return False
        rule = self._struck_by(link, side, piece)
        if rule is None:
            sink.sendall(piece)
            return True
        rule.struck += 1
        if rule.action == "black_hole":
            self.mode = "black_hole"
            return True
        if rule.action == "lose_answer":
            link.swallow = True
            sink.sendall(piece)
            return True
        if rule.action in ("cut_after", "cut_half"):
            sink.sendall(piece if rule.action == "cut_after" else piece[: len(piece) // 2])
            time.sleep(0.05)
        _reset(link)
        return False

    def _struck_by(self, link: _Link, side: str, piece: bytes) -> Rule | None:
        seen = link.tail[side] + piece
        link.tail[side] = seen[-200:]
        for rule in self.rules:
            if rule.armed_by and rule.armed_by in seen:
                link.armed = True
            armed = link.armed or not rule.armed_by
            if rule.side == side and armed and rule.struck < rule.times and rule.match in seen:
                return rule
        return None


def _hang_up(one: socket.socket) -> None:
    """End with a reset: what waits in its buffer is lost."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def _reset(link: _Link) -> None:
    link.closed = True
    _hang_up(link.client)
    _hang_up(link.server)
