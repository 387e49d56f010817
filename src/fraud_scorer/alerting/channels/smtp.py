"""A mail server behind ``ports.Mailer``: one connection for many messages, bounded in time.

Delivery is at-least-once. When the connection is cut after the whole message went out and before the server's answer
came, nobody can know whether it was accepted: the message counts as not sent and is sent again, with the same
Message-ID and the same bytes, which lets a mailbox fold the repeat.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Literal

from fraud_common.errors import MailRefused, MailServerDown, MailUnavailable
from fraud_scorer.domain.ports import Message

Security = Literal["none", "starttls", "tls"]
READY = 220
CLOSING = 421  # "service not available, closing the channel"
LOGIN_NEEDED = frozenset({530, 534, 535, 538})  # about us, not about the message
GOODBYE_SECONDS = 2.0
CURE = "Set SMTP_HOST, SMTP_PORT, SMTP_SECURITY, SMTP_USER and SMTP_PASSWORD to those of your mail server"


class SmtpMailer(AbstractContextManager["SmtpMailer"]):
    """Sends messages of channel ``email``.

    Connects at the first message and keeps the connection; a context manager that closes it. Not for several threads.

    Args:
        host: the mail server.
        port: its port.
        render: makes the e-mail of a message; the same message must give the same bytes.
        security: ``none``, ``starttls`` (required, never skipped) or ``tls``.
        user: empty: no login.
        password: the login's.
        timeout_seconds: of one message in all, connecting included; must be shorter than its lease.
        tls: the TLS context; None: the system's authorities, host name checked.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        render: Callable[[Message], EmailMessage],
        security: Security = "none",
        user: str = "",
        password: str = "",
        timeout_seconds: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._render = render
        self._security = security
        self._user, self._password = user, password
        self._timeout_seconds = timeout_seconds
        self._tls = tls
        self._server: smtplib.SMTP | None = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, message: Message) -> None:
        """Accepted by the server when this returns.

        Raises:
            MailRefused: the server said 5xx to this message, or it cannot be rendered or addressed.
            MailUnavailable: the server said 4xx, or the connection was cut.
            MailServerDown: no connection, no TLS, no login, or no answer in time.
        """
        email = self._rendered(message)
        sender, recipient = parseaddr(str(email["From"]))[1], parseaddr(message.recipient)[1]
        with self._bounded():
            self._deliver(sender, recipient, email)

    def probe(self) -> None:
        """Connect, secure, log in: whether the server would talk to us; nothing is sent. Raises MailServerDown."""
        with self._bounded():
            self._connect()

    def close(self) -> None:
        """Say goodbye; never raises."""
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException), self._deadline(GOODBYE_SECONDS):
                self._server.quit()
            self._drop()

    def _rendered(self, message: Message) -> EmailMessage:
        try:
            return self._render(message)
        except Exception as error:
            raise MailRefused(
                f"message {message.message_id} cannot be rendered ({type(error).__name__})",
                "It was written by another release; see `fraud-scorer alerts list`",
            ) from error

    def _deliver(self, sender: str, recipient: str, email: EmailMessage) -> None:
        options = [] if recipient.isascii() else ["SMTPUTF8"]
        server = self._begin(sender, options)
        self._judge("recipient", *server.rcpt(recipient))
        try:
            said: tuple[int, bytes | str] = server.data(email.as_bytes())
        except smtplib.SMTPDataError as error:
            said = error.smtp_code, error.smtp_error
        self._judge("message", *said)

    def _begin(self, sender: str, options: list[str]) -> smtplib.SMTP:
        """A connection on which the sender was accepted: the kept one, or a new one where that has ended."""
        if self._server is not None:
            with suppress(ConnectionError, smtplib.SMTPServerDisconnected):
                code, answer = self._mail(self._server, sender, options)
                if code != CLOSING:
                    self._judge("sender", code, answer)
                    return self._server
        server = self._connect()
        self._judge("sender", *self._mail(server, sender, options))
        return server

    def _mail(self, server: smtplib.SMTP, sender: str, options: list[str]) -> tuple[int, bytes]:
        try:
            return server.mail(sender, options)
        except smtplib.SMTPNotSupportedError:
            raise MailRefused("the mail server takes no address that is not ASCII") from None

    def _judge(self, what: str, code: int, answer: bytes | str) -> None:
        if 200 <= code < 300:
            return
        words = answer if isinstance(answer, str) else answer.decode("utf-8", "replace")
        said = f"the mail server answered {code} to the {what}: {words[:200]}"
        if code == CLOSING or code in LOGIN_NEEDED:
            self._drop()
            raise MailServerDown(said, CURE)
        self._reset()
        if code >= 500:
            raise MailRefused(said, "Mend the address or the server, then `fraud-scorer alerts retry`")
        raise MailUnavailable(said)

    def _connect(self) -> smtplib.SMTP:
        self._drop()
        server = self._server = self._unconnected()
        try:
            code, answer = server.connect(self._host, self._port)
            if code != READY:
                raise smtplib.SMTPConnectError(code, answer)
            self._secure(server)
            assert server.sock is not None
            server.sock.settimeout(self._timeout_seconds + 5)  # from here on the deadline comes first
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._drop()
            raise MailServerDown(f"the mail server {self._host}:{self._port}: {_reason(error)}", CURE) from None
        return server

    def _unconnected(self) -> smtplib.SMTP:
        server = (
            smtplib.SMTP_SSL(timeout=self._timeout_seconds, context=self._context())
            if self._security == "tls"
            else smtplib.SMTP(timeout=self._timeout_seconds)
        )
        server._host = self._host  # type: ignore[attr-defined]  # TLS checks it; connect() forgets to set it
        return server

    def _secure(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            server.starttls(context=self._context())
            server.ehlo()
        if self._user:
            server.login(self._user, self._password)

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """One message's time and errors; the connection is dropped where it can no longer be trusted."""
        try:
            with self._deadline(self._timeout_seconds):
                yield
        except TimeoutError:
            self._drop()
            raise MailServerDown(f"the mail server took longer than {self._timeout_seconds:g} s", CURE) from None
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise MailUnavailable(f"the connection to the mail server was cut ({type(error).__name__})") from None

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """End the conversation after ``seconds`` in all: a socket's own timeout starts anew with every byte.

        Raises:
            TimeoutError: the time ran out.
        """
        done, expired = threading.Event(), threading.Event()

        def watch() -> None:
            patience = seconds
            while not done.wait(patience):
                expired.set()
                patience = 0.1  # the connection may only now come about
                self._cut()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        except (OSError, smtplib.SMTPException, MailServerDown):
            if expired.is_set():
                raise TimeoutError from None
            raise
        finally:
            done.set()
            watcher.join()

    def _cut(self) -> None:
        sock = self._server.sock if self._server is not None else None
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _reset(self) -> None:
        try:
            assert self._server is not None
            self._server.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


def _reason(error: Exception) -> str:
    """The cause of a failed connection, without the bytes we sent (a login's answer may repeat the user)."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"login refused ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"answered {error.smtp_code}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"
