"""A real SMTP conversation under TLS, and with a login."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fraud_common.errors import MailServerDown

SECRET = "correct horse"


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


def test_login(start, mailer_for, certificate, message):
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


def test_starttls(start, mailer_for, certificate, message):
    """With STARTTLS the mail passes under TLS, checked against the server's name."""
    mailbox, port = start(tls_context=server_tls(certificate), require_starttls=True)
    trusting = ssl.create_default_context(cafile=str(certificate))

    mailer_for(port, security="starttls", tls=trusting).send(message())

    assert mailbox.message_ids == ["m1@example.org"]


def test_starttls_is_never_skipped(start, mailer_for, certificate, message):
    """A server that does not offer STARTTLS, or whose certificate nobody vouches for, gets no mail."""
    plain_box, plain_port = start()
    tls_box, tls_port = start(tls_context=server_tls(certificate))

    for port in (plain_port, tls_port):
        with pytest.raises(MailServerDown):
            mailer_for(port, security="starttls").send(message())
    assert plain_box.accepted + tls_box.accepted == []


def test_no_password_is_said_where_starttls_was_stripped(start, mailer_for, message):
    """A server (or who sits before it) that offers a login in clear and no STARTTLS hears neither."""
    asked: list[str] = []

    def hear(server: Any, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword) -> AuthResult:
        asked.append(mechanism)
        return AuthResult(success=True)

    mailbox, port = start(authenticator=hear, auth_require_tls=False)
    with pytest.raises(MailServerDown):
        mailer_for(port, security="starttls", user="scorer", password=SECRET).send(message())
    assert asked == []
    mailer_for(port, security="none", user="scorer", password=SECRET).send(message())  # it would have listened
    assert asked
    assert len(mailbox.accepted) == 1


def test_tls_from_the_start(start, mailer_for, certificate, message):
    """Security ``tls`` speaks TLS from the first byte."""
    mailbox, port = start(ssl_context=server_tls(certificate))
    trusting = ssl.create_default_context(cafile=str(certificate))

    mailer_for(port, security="tls", tls=trusting).send(message())

    assert mailbox.message_ids == ["m1@example.org"]
