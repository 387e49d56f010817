"""From a decision to the mailbox: a real database, a real mail server, the step between them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session
from sqlalchemy import text

from fraud_common.errors import StoreUnavailable
from fraud_scorer.alerting.channels.smtp import SmtpMailer
from fraud_scorer.alerting.render import render_email
from fraud_scorer.alerting.routing import RoutingRules
from fraud_scorer.domain.ports import Message
from fraud_scorer.steps.alert import AlertCounts, alert
from fraud_scorer.store.engine import create_store_engine
from fraud_scorer.store.outbox import PostgresOutbox

NOW = datetime(2026, 11, 20, 10, 32, 4, tzinfo=UTC)
RENDER = partial(render_email, sender="Fraud scorer <fraud-scorer@example.org>")


class Mailbox:
    """Keeps every mail it accepts."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Accept."""
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        return "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        """Parsed."""
        return [message_from_bytes(raw, policy=SMTP) for raw in self.raw]  # type: ignore[misc]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    """The mail server's port, whether it runs or not."""
    return free_port()


@pytest.fixture
def start_server(port: int) -> Iterator[Any]:
    """Starts the mail server."""
    started = []

    def start() -> Mailbox:
        mailbox = Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=port)
        controller.start()
        started.append(controller)
        return mailbox

    yield start
    for controller in started:
        controller.stop()


class Desk:
    """An outbox with a clock that a test moves."""

    def __init__(self, url: str, outbox_class: type[PostgresOutbox] = PostgresOutbox) -> None:
        self.now = NOW
        self.engine = create_store_engine(url)
        self.outbox = outbox_class(self.engine, clock=lambda: self.now, jitter=lambda: 1.0)
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "insert into run_ledger (batch_id, kind, minute, status, received, valid)"
                    " values ('2026-11-20T10:31Z', 'minute', '2026-11-20T10:31Z', 'done', 3, 3)"
                    " on conflict do nothing"
                )
            )

    @property
    def alerted(self) -> int:
        """What the ledger counts."""
        with self.engine.connect() as connection:
            return int(connection.execute(text("select alerted from run_ledger")).scalar_one())


def send(desk: Desk, port: int) -> AlertCounts:
    """One run of alert with a mailer of its own."""
    with SmtpMailer("127.0.0.1", port, render=RENDER) as mailer:
        return alert(desk.outbox, {"email": mailer})


def test_flagged_payments_stand_in_the_mailbox(desk, postgres_url, start_server, port):
    """What was flagged is mailed once, counted in the ledger, and neither a replay nor another run mails it again."""
    mailbox, store = start_server(), Desk(postgres_url)
    messages = desk.add("t1").add("t2").add("honest", flagged=False).compose()

    store.outbox.write(messages)
    assert send(store, port) == AlertCounts(sent=1)
    store.outbox.write(messages)
    assert send(store, port) == AlertCounts()

    [mail] = mailbox.mails
    assert mail["Subject"].startswith("2 suspicious payments, 1,934.20 USD")
    assert mail["Message-ID"] == f"<{messages[0].message_id}>"
    assert store.alerted == 2


def test_an_hour_without_mail_server(make_desk, postgres_url, start_server, port):
    """While the server is down a run costs one try; when it is back everything goes out, each mail once."""
    desk, store = make_desk(rules=RoutingRules(otherwise=("a@example.org", "b@example.org", "c@example.org"))), None
    store = Desk(postgres_url)
    store.outbox.write(desk.add("t1").compose())
    for _ in range(60):
        assert send(store, port) in (AlertCounts(retry_later=1, down=("email",)), AlertCounts())
        store.now += timedelta(minutes=1)

    mailbox = start_server()
    for _ in range(3):
        send(store, port)
        store.now += timedelta(minutes=1)

    assert sorted(mail["To"] for mail in mailbox.mails) == ["a@example.org", "b@example.org", "c@example.org"]
    assert store.alerted == 1


class LosesAMark(PostgresOutbox):
    """An outbox whose database goes away right after the mail server said yes."""

    lost = False

    def sent(self, message_id: str, lease: str) -> bool:
        """Fails the first time."""
        if not self.lost:
            self.lost = True
            raise StoreUnavailable("gone")
        return super().sent(message_id, lease)


def test_a_lost_mark_repeats_the_same_mail(desk, postgres_url, start_server, port):
    """Accepted and not marked: sent again when the lease has run out, the same bytes under the same Message-ID."""
    mailbox, store = start_server(), Desk(postgres_url, LosesAMark)
    store.outbox.write(desk.add("t1").compose())

    with pytest.raises(StoreUnavailable):
        send(store, port)
    assert send(store, port) == AlertCounts()
    store.now += timedelta(seconds=61)
    assert send(store, port) == AlertCounts(sent=1)

    first, second = mailbox.raw
    assert first == second
    assert store.alerted == 1


def test_two_senders_at_once(postgres_url, start_server, port):
    """Two runs of alert at the same time share the messages: each is accepted once."""
    mailbox, store = start_server(), Desk(postgres_url)
    content = {"title": "t", "lines": [], "facts": {}, "action": "", "page_url": "", "made_at": NOW.isoformat()}
    store.outbox.write(
        [Message(f"m{number}@example.org", "operator", "email", "op@example.org", content) for number in range(20)]
    )

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda _: send(store, port), range(2)))

    assert sum(count.sent for count in counts) == 20
    assert sorted(str(mail["Message-ID"]) for mail in mailbox.mails) == sorted(
        f"<m{number}@example.org>" for number in range(20)
    )
