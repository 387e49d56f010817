"""Mail servers that answer as they are told, and mailers to send to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from fraud_scorer.alerting.channels.smtp import SmtpMailer
from fraud_scorer.domain.ports import Message
from fraud_stack.embedded_postgres import free_port

Start = Callable[..., tuple["Mailbox", int]]


class Mailbox:
    """Accepts, unless told to answer otherwise at a stage; ``trouble`` holds one answer a message."""

    def __init__(self) -> None:
        self.accepted: list[bytes] = []
        self.peers: set[Any] = set()
        self.at_mail: list[str] = []
        self.at_rcpt: list[str] = []
        self.at_data: list[str] = []

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender."""
        answer = self.at_mail.pop(0) if self.at_mail else "250 OK"
        if answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The recipient."""
        answer = self.at_rcpt.pop(0) if self.at_rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The message itself."""
        answer = self.at_data.pop(0) if self.at_data else "250 OK"
        if answer == "slow":
            await asyncio.sleep(3)
            return "250 OK"
        if answer == "250 OK":
            self.peers.add(session.peer)
            assert isinstance(envelope.content, bytes)
            self.accepted.append(envelope.content)
        return answer

    @property
    def message_ids(self) -> list[str]:
        """Of what was accepted."""
        return [str(message_from_bytes(raw, policy=SMTP)["Message-ID"]).strip("<>") for raw in self.accepted]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts mail servers that end with the test."""
    controllers = []

    def run(**options: Any) -> tuple[Mailbox, int]:
        mailbox, port = Mailbox(), free_port()
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        controllers.append(controller)
        return mailbox, port

    yield run
    for controller in controllers:
        controller.stop()


def _render(message: Message) -> EmailMessage:
    """A small mail."""
    email = EmailMessage(policy=SMTP)
    email["From"] = "Fraud scorer <fraud-scorer@example.org>"
    email["To"] = message.recipient
    email["Message-ID"] = f"<{message.message_id}>"
    email.set_content("3 suspicious payments")
    return email


@pytest.fixture
def mailer_for() -> Iterator[Callable[..., SmtpMailer]]:
    """Makes mailers that are closed with the test."""
    mailers = []

    def make(port: int, **options: Any) -> SmtpMailer:
        mailers.append(SmtpMailer("127.0.0.1", port, render=_render, **({"timeout_seconds": 5.0} | options)))
        return mailers[-1]

    yield make
    for mailer in mailers:
        mailer.close()


def _message(message_id: str = "m1@example.org", recipient: str = "analyst@example.org") -> Message:
    """A message for one recipient."""
    return Message(message_id, "alert", "email", recipient, {})


@pytest.fixture
def message() -> Callable[..., Message]:
    """Makes a message for one recipient."""
    return _message
