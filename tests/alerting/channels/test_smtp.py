"""A real SMTP conversation with servers of every temper."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from fraud_common.errors import MailRefused, MailServerDown, MailUnavailable
from fraud_scorer.alerting.channels.smtp import SmtpMailer
from fraud_scorer.domain.ports import Message
from fraud_stack.embedded_postgres import free_port


def test_many_messages_over_one_connection(start, mailer_for, message):
    """Each message is accepted when send returns; all go over one connection."""
    mailbox, port = start()
    mailer = mailer_for(port)

    for number in range(3):
        mailer.send(message(f"m{number}@example.org"))

    assert mailbox.message_ids == [f"m{number}@example.org" for number in range(3)]
    assert len(mailbox.peers) == 1


@pytest.mark.parametrize("stage", ["at_mail", "at_rcpt", "at_data"])
@pytest.mark.parametrize(("answer", "error"), [("450 busy", MailUnavailable), ("550 no", MailRefused)])
def test_an_answer_concerns_its_message_only(start, mailer_for, stage, answer, error, message):
    """4xx means later and 5xx never, at whatever stage; the next message passes."""
    mailbox, port = start()
    getattr(mailbox, stage).append(answer)
    mailer = mailer_for(port)

    with pytest.raises(error, match=answer[:3]) as caught:
        mailer.send(message("troubled@example.org"))
    mailer.send(message("next@example.org"))

    assert not isinstance(caught.value, MailServerDown)
    assert mailbox.message_ids == ["next@example.org"]


@pytest.mark.parametrize("answer", ["421 closing", "530 login first", "535 who are you"])
def test_answers_about_the_server(start, mailer_for, answer, message):
    """A server that closes, or wants another login, refuses no message: nothing passes now."""
    mailbox, port = start()
    mailbox.at_rcpt.append(answer)

    with pytest.raises(MailServerDown, match=answer[:3]):
        mailer_for(port).send(message())


@pytest.mark.integration  # the library starts a process or listens
def test_nobody_listens(mailer_for, message):
    """A port without a server is a server that is down."""
    with pytest.raises(MailServerDown, match="ConnectionRefusedError") as caught:
        mailer_for(free_port()).send(message())
    assert "SMTP_HOST" in caught.value.cure


def test_a_slow_answer_is_a_server_that_is_down(start, mailer_for, message):
    """A server that takes too long over a message is not waited for; later the same bytes are sent again."""
    mailbox, port = start()
    mailbox.at_data.append("slow")
    mailer = mailer_for(port, timeout_seconds=0.4)

    with pytest.raises(MailServerDown, match=r"longer than 0\.4 s"):
        mailer.send(message())
    mailer.send(message())

    assert mailbox.message_ids == ["m1@example.org"]


def test_address_that_is_not_ascii(start, mailer_for, message):
    """An address in another script is sent where the server takes it, refused where not."""
    able, able_port = start(enable_SMTPUTF8=True)
    _, unable_port = start(enable_SMTPUTF8=False)
    abroad = message(recipient="analystin-müller@example.org")

    mailer_for(able_port).send(abroad)
    with pytest.raises(MailRefused, match="not ASCII"):
        mailer_for(unable_port).send(abroad)

    assert len(able.accepted) == 1


def test_a_message_that_cannot_be_rendered(start, message):
    """A message of unknown content is refused, not raised through the whole run."""
    _, port = start()

    def fail(message: Message) -> EmailMessage:
        raise KeyError("payments")

    with pytest.raises(MailRefused, match="cannot be rendered \\(KeyError\\)"):
        SmtpMailer("127.0.0.1", port, render=fail).send(message())
