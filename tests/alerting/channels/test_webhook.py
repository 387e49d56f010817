"""A chat webhook behind the same port as mail."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fraud_common.errors import MailRefused, MailServerDown, MailUnavailable
from fraud_scorer.alerting.channels.webhook import WebhookMailer
from fraud_scorer.domain.ports import Message

SECRET_PATH = "/services/T000/B000/very-secret"
MESSAGE = Message("m1@example.org", "alert", "slack", "slack", {"text": "3 suspicious payments"})


class Webhook(ThreadingHTTPServer):
    """Answers as told, and keeps what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        self.status, self.delay_seconds = 200, 0.0
        self.received: list[tuple[str, object]] = []
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    """One call."""

    server: Webhook

    def do_POST(self) -> None:
        """Keep and answer."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.server.delay_seconds)
        self.server.received.append((self.path, body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A webhook on this machine."""
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def mailer(port: int, timeout_seconds: float = 5.0) -> WebhookMailer:
    """A mailer for the webhook on this port."""
    address = f"http://127.0.0.1:{port}{SECRET_PATH}"
    return WebhookMailer(
        address,
        setting="ALERT_SLACK_WEBHOOK",
        render=lambda message: dict(message.content),
        timeout_seconds=timeout_seconds,
    )


def test_accepted(webhook):
    """The rendered body arrives as JSON."""
    slack = mailer(webhook.server_port)
    slack.send(MESSAGE)
    slack.close()

    assert webhook.received == [(SECRET_PATH, {"text": "3 suspicious payments"})]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, MailUnavailable),
        (500, MailUnavailable),
        (404, MailRefused),
        (403, MailRefused),
        (302, MailRefused),
        (307, MailRefused),
        (308, MailRefused),
    ],
)
def test_answers(webhook, status, error):
    """Busy means later, refused means never; no redirect is followed, and no error tells the address."""
    webhook.status = status
    slack = mailer(webhook.server_port)

    with pytest.raises(error, match=str(status)) as caught:
        slack.send(MESSAGE)
    slack.close()

    assert not isinstance(caught.value, MailServerDown)
    assert "secret" not in repr(caught.value)
    assert len(webhook.received) == 1


def test_slow_or_not_there(webhook):
    """No answer in time, and nobody listening, are a server that is down; the address is not told."""
    webhook.delay_seconds = 0.6
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        unused = int(probe.getsockname()[1])

    for slack in (mailer(webhook.server_port, timeout_seconds=0.2), mailer(unused)):
        with pytest.raises(MailServerDown) as caught:
            slack.send(MESSAGE)
        slack.close()
        assert "secret" not in repr(caught.value)
        assert caught.value.__suppress_context__


def test_a_message_that_cannot_be_rendered(webhook):
    """A message of unknown content is refused."""

    def fail(message: Message) -> dict[str, object]:
        raise KeyError("payments")

    slack = WebhookMailer("http://127.0.0.1", setting="ALERT_SLACK_WEBHOOK", render=fail)
    with pytest.raises(MailRefused, match="KeyError"):
        slack.send(MESSAGE)
    slack.close()
