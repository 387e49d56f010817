"""SMTP connections that end at the wrong moment, played by a server line by line."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from fraud_common.errors import MailServerDown, MailUnavailable


class Script(threading.Thread):
    """A server that plays one connection after another by the line: what it reads, and what it does then.

    ``acts``: for each connection a function that gets the socket's file and the socket.
    """

    def __init__(self, *acts: Callable[[Any, socket.socket], None]) -> None:
        super().__init__(daemon=True)
        self._acts = acts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.received: list[bytes] = []
        self.start()

    def run(self) -> None:
        """One act a connection."""
        with self._listener:
            for act in self._acts:
                connection, _ = self._listener.accept()
                with connection, connection.makefile("rb") as lines, suppress(OSError):
                    act(lines, connection)
                    connection.shutdown(socket.SHUT_RDWR)

    def greet(self, lines: Any, connection: socket.socket) -> None:
        """Up to the point where the message itself may come."""
        connection.sendall(b"220 ready\r\n")
        for answer in (b"250 hello\r\n", b"250 OK\r\n", b"250 OK\r\n"):
            lines.readline()
            connection.sendall(answer)
        lines.readline()

    def cut_before_data(self, lines: Any, connection: socket.socket) -> None:
        """Hangs up at DATA."""
        self.greet(lines, connection)

    def cut_after_data(self, lines: Any, connection: socket.socket) -> None:
        """Reads the whole message and hangs up without an answer."""
        self.greet(lines, connection)
        connection.sendall(b"354 go on\r\n")
        self._read_message(lines)

    def accept(self, lines: Any, connection: socket.socket) -> None:
        """Accepts one message, then hangs up."""
        self.cut_after_data(lines, connection)
        connection.sendall(b"250 OK\r\n")

    def drip(self, lines: Any, connection: socket.socket) -> None:
        """Sends a byte of a greeting every tenth of a second, for ever."""
        for _ in range(600):
            connection.sendall(b"2")
            threading.Event().wait(0.1)

    def _read_message(self, lines: Any) -> None:
        body = []
        while (line := lines.readline()) not in (b".\r\n", b""):
            body.append(line)
        self.received.append(b"".join(body))


def script(*names: str) -> Script:
    """A server that plays these acts."""
    server = Script(*[lambda lines, connection, name=name: getattr(server, name)(lines, connection) for name in names])
    return server


def test_cut_before_data(mailer_for, message):
    """A connection cut before the message went out is tried again later."""
    with pytest.raises(MailUnavailable) as caught:
        mailer_for(script("cut_before_data").port).send(message())
    assert not isinstance(caught.value, MailServerDown)


def test_cut_after_data_sends_the_same_bytes_again(mailer_for, message):
    """When the answer to a whole message is lost it is sent again: the same bytes, the same Message-ID."""
    server = script("cut_after_data", "accept")
    mailer = mailer_for(server.port)

    with pytest.raises(MailUnavailable):
        mailer.send(message())
    mailer.send(message())
    server.join(5)

    first, second = server.received
    assert first == second
    assert b"Message-ID: <m1@example.org>" in first


def test_a_kept_connection_that_ended_is_opened_again(mailer_for, message):
    """A server that hung up between two messages costs no message a try."""
    server = script("accept", "accept")
    mailer = mailer_for(server.port)

    mailer.send(message("m1@example.org"))
    mailer.send(message("m2@example.org"))
    server.join(5)

    assert len(server.received) == 2


def test_a_dripping_server_is_cut(mailer_for, message):
    """A server that sends a byte now and then cannot hold a sender longer than a message's limit."""
    with pytest.raises(MailServerDown, match=r"longer than 0\.5 s"):
        mailer_for(script("drip").port, timeout_seconds=0.5).send(message())


def test_close_never_raises(mailer_for, message):
    """Closing twice, or on a server that has gone, is no error."""
    server = script("accept")
    mailer = mailer_for(server.port)
    mailer.send(message())
    server.join(5)

    mailer.close()
    mailer.close()

    assert len(server.received) == 1
