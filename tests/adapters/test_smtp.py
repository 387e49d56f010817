"""A real SMTP conversation with servers of every temper."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fraud_scorer.adapters.smtp import SmtpMailer
from fraud_scorer.errors import MailRefused, MailServerDown, MailUnavailable
from fraud_scorer.ports import Message

SECRET = "correct horse"


def render(message: Message) -> EmailMessage:
    """A small mail."""
    email = EmailMessage(policy=SMTP)
    email["From"] = "Fraud scorer <fraud-scorer@example.org>"
    email["To"] = message.recipient
    email["Message-ID"] = f"<{message.message_id}>"
    email.set_content("3 suspicious payments")
    return email


def message(message_id: str = "m1@example.org", recipient: str = "analyst@example.org") -> Message:
    """A message for one recipient."""
    return Message(message_id, "alert", "email", recipient, {})


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


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Start = Callable[..., tuple[Mailbox, int]]


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


@pytest.fixture
def mailer_for() -> Iterator[Callable[..., SmtpMailer]]:
    """Makes mailers that are closed with the test."""
    mailers = []

    def make(port: int, **options: Any) -> SmtpMailer:
        mailers.append(SmtpMailer("127.0.0.1", port, render=render, **({"timeout_seconds": 5.0} | options)))
        return mailers[-1]

    yield make
    for mailer in mailers:
        mailer.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate of 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + signed.public_bytes(pem))
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_many_messages_over_one_connection(start, mailer_for):
    """Each message is accepted when send returns; all go over one connection."""
    mailbox, port = start()
    mailer = mailer_for(port)

    for number in range(3):
        mailer.send(message(f"m{number}@example.org"))

    assert mailbox.message_ids == [f"m{number}@example.org" for number in range(3)]
    assert len(mailbox.peers) == 1


@pytest.mark.parametrize("stage", ["at_mail", "at_rcpt", "at_data"])
@pytest.mark.parametrize(("answer", "error"), [("450 busy", MailUnavailable), ("550 no", MailRefused)])
def test_an_answer_concerns_its_message_only(start, mailer_for, stage, answer, error):
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
def test_answers_about_the_server(start, mailer_for, answer):
    """A server that closes, or wants another login, refuses no message: nothing passes now."""
    mailbox, port = start()
    mailbox.at_rcpt.append(answer)

    with pytest.raises(MailServerDown, match=answer[:3]):
        mailer_for(port).send(message())


def test_nobody_listens(mailer_for):
    """A port without a server is a server that is down."""
    with pytest.raises(MailServerDown, match="ConnectionRefusedError") as caught:
        mailer_for(free_port()).send(message())
    assert "SMTP_HOST" in caught.value.cure


def test_a_slow_answer_is_a_server_that_is_down(start, mailer_for):
    """A server that takes too long over a message is not waited for; later the same bytes are sent again."""
    mailbox, port = start()
    mailbox.at_data.append("slow")
    mailer = mailer_for(port, timeout_seconds=0.4)

    with pytest.raises(MailServerDown, match=r"longer than 0\.4 s"):
        mailer.send(message())
    mailer.send(message())

    assert mailbox.message_ids == ["m1@example.org"]


def test_login(start, mailer_for, certificate):
    """The right login passes; a wrong or missing one is said, without the password, and loses no message."""

    def check(server: Any, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword) -> AuthResult:
        return AuthResult(success=login.password == SECRET.encode(), handled=False)

    tls = {"security": "starttls", "tls": ssl.create_default_context(cafile=str(certificate))}
    mailbox, port = start(authenticator=check, auth_required=True, tls_context=server_tls(certificate))
    with pytest.raises(MailServerDown, match=r"login refused \(535\)") as caught:
        mailer_for(port, user="scorer", password="wrong secret", **tls).send(message())
    with pytest.raises(MailServerDown, match="530"):
        mailer_for(port, **tls).send(message())
    mailer_for(port, user="scorer", password=SECRET, **tls).send(message())

    assert "wrong secret" not in str(caught.value)
    assert mailbox.message_ids == ["m1@example.org"]


def test_starttls(start, mailer_for, certificate):
    """With STARTTLS the mail passes under TLS, checked against the server's name."""
    mailbox, port = start(tls_context=server_tls(certificate), require_starttls=True)
    trusting = ssl.create_default_context(cafile=str(certificate))

    mailer_for(port, security="starttls", tls=trusting).send(message())

    assert mailbox.message_ids == ["m1@example.org"]


def test_starttls_is_never_skipped(start, mailer_for, certificate):
    """A server that does not offer STARTTLS, or whose certificate nobody vouches for, gets no mail."""
    plain_box, plain_port = start()
    tls_box, tls_port = start(tls_context=server_tls(certificate))

    for port in (plain_port, tls_port):
        with pytest.raises(MailServerDown):
            mailer_for(port, security="starttls").send(message())
    assert plain_box.accepted + tls_box.accepted == []


def test_tls_from_the_start(start, mailer_for, certificate):
    """Security ``tls`` speaks TLS from the first byte."""
    mailbox, port = start(ssl_context=server_tls(certificate))
    trusting = ssl.create_default_context(cafile=str(certificate))

    mailer_for(port, security="tls", tls=trusting).send(message())

    assert mailbox.message_ids == ["m1@example.org"]


def test_address_that_is_not_ascii(start, mailer_for):
    """An address in another script is sent where the server takes it, refused where not."""
    able, able_port = start(enable_SMTPUTF8=True)
    _, unable_port = start(enable_SMTPUTF8=False)
    abroad = message(recipient="analystin-müller@example.org")

    mailer_for(able_port).send(abroad)
    with pytest.raises(MailRefused, match="not ASCII"):
        mailer_for(unable_port).send(abroad)

    assert len(able.accepted) == 1


def test_a_message_that_cannot_be_rendered(start):
    """A message of unknown content is refused, not raised through the whole run."""
    _, port = start()

    def fail(message: Message) -> EmailMessage:
        raise KeyError("payments")

    with pytest.raises(MailRefused, match="cannot be rendered \\(KeyError\\)"):
        SmtpMailer("127.0.0.1", port, render=fail).send(message())


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


def test_cut_before_data(mailer_for):
    """A connection cut before the message went out is tried again later."""
    with pytest.raises(MailUnavailable) as caught:
        mailer_for(script("cut_before_data").port).send(message())
    assert not isinstance(caught.value, MailServerDown)


def test_cut_after_data_sends_the_same_bytes_again(mailer_for):
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


def test_a_kept_connection_that_ended_is_opened_again(mailer_for):
    """A server that hung up between two messages costs no message a try."""
    server = script("accept", "accept")
    mailer = mailer_for(server.port)

    mailer.send(message("m1@example.org"))
    mailer.send(message("m2@example.org"))
    server.join(5)

    assert len(server.received) == 2


def test_a_dripping_server_is_cut(mailer_for):
    """A server that sends a byte now and then cannot hold a sender longer than a message's limit."""
    with pytest.raises(MailServerDown, match=r"longer than 0\.5 s"):
        mailer_for(script("drip").port, timeout_seconds=0.5).send(message())


def test_close_never_raises(mailer_for):
    """Closing twice, or on a server that has gone, is no error."""
    server = script("accept")
    mailer = mailer_for(server.port)
    mailer.send(message())
    server.join(5)

    mailer.close()
    mailer.close()

    assert len(server.received) == 1
