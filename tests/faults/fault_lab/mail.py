"""A real SMTP server that keeps what it accepted, and refuses on demand."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import cached_property
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from fraud_stack.embedded_postgres import free_port


@dataclass(frozen=True)
class Accepted:
    """One mail that the server said yes to."""

    message_id: str
    recipient: str
    content: bytes

    @cached_property
    def text(self) -> str:
        """The body as a reader sees it."""
        body = message_from_bytes(self.content, policy=policy.default).get_body(("html", "plain"))
        return str(body.get_content()) if body else ""


class MailServer:
    """``accepted`` in order; ``refusals`` are answers given, one a mail, instead of accepting (after DATA)."""

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        self.refusals: list[str] = []
        self.sender_refusals: list[str] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=30)
        self._controller.start()
        self.port = int(self._controller.port)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Judge the sender."""
        if self.sender_refusals:
            return self.sender_refusals.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Judge the mail."""
        if self.refusals:
            return self.refusals.pop(0)
        content = bytes(envelope.content or b"")
        message_id = str(message_from_bytes(content)["Message-ID"]).strip("<> ")
        self.accepted += [Accepted(message_id, recipient, content) for recipient in envelope.rcpt_tos]
        return "250 OK"

    def close(self) -> None:
        """End it."""
        self._controller.stop()
