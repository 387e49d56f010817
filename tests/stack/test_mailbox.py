"""The mailbox of `make run`."""

from __future__ import annotations

import os
import smtplib
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from fraud_stack.embedded_postgres import free_port
from fraud_stack.health import is_ready
from fraud_stack.mailbox import KeptMails


def start(folder: Path, smtp: int, http: int) -> subprocess.Popen[bytes]:
    """A mailbox on free ports, ready."""
    argv = [sys.executable, "-m", "fraud_stack.mailbox", str(folder), "--host", "127.0.0.1"]
    ports = ["--smtp-port", str(smtp), "--http-port", str(http), "--imap-port", "0"]
    process = subprocess.Popen([*argv, *ports], env={**os.environ, "MAIL_PASSWORD": "for-tests-only"})
    while not (is_ready(f"tcp:{smtp}") and is_ready(f"http://127.0.0.1:{http}/")):
        assert process.poll() is None
        time.sleep(0.1)
    return process


def test_an_accepted_mail_survives_the_mailbox_being_killed(tmp_path: Path) -> None:
    """What the server answered 250 to is on disk at once, and is in the mailbox again after a restart."""
    smtp, http = free_port(), free_port()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "scorer@localhost", "analyst@localhost", "1 payment looks like fraud"
    mail["Message-ID"] = "<one@localhost>"
    mail.set_content("Zwölf Euro")
    process = start(tmp_path, smtp, http)
    try:
        with smtplib.SMTP("127.0.0.1", smtp, timeout=10) as client:
            client.send_message(mail)
    finally:
        process.kill()
        process.wait()
    (kept,) = KeptMails(tmp_path).all()
    assert kept["Message-ID"] == "<one@localhost>"
    again = start(tmp_path, smtp, http)
    again.terminate()
    assert again.wait(timeout=20) == 0
    assert len(KeptMails(tmp_path).all()) == 1


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A mailbox's web port."""
    http = free_port()
    process = start(tmp_path_factory.mktemp("mailbox"), free_port(), http)
    yield http
    process.kill()
    process.wait()


def ask(port: int, path: str, **headers: str) -> tuple[int, str]:
    """The status and the head of one answer; a web socket is asked for at its own path."""
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}  # fmt: skip
    given = {"Host": f"127.0.0.1:{port}", **(upgrade if path == "/websocket" else {}), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        head = b"".join(iter(client.makefile("rb").readline, b"\r\n")).decode()
    return int(head.split()[1]), head


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:3000", "http://127.0.0.1", "file://", "http://[::1]:1"]
)
def test_another_sites_page_reads_no_mail(page: int, origin: str) -> None:
    """The web socket lists, writes and deletes mails: only the mailbox's own page opens it."""
    assert ask(page, "/websocket", Origin=origin)[0] == 403
    assert ask(page, "/", Origin=origin)[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "127.0.0.1:1:2", ""])
def test_a_rebound_name_reads_no_mail(page: int, host: str) -> None:
    """A name that DNS may point anywhere, with the Origin that its page has."""
    host = host.format(port=page)
    assert ask(page, "/websocket", Host=host, Origin=f"http://{host}")[0] == 403
    assert ask(page, "/", Host=host)[0] == 403


def test_the_mailboxs_own_page_reads_mails_and_is_framed_by_nobody(page: int) -> None:
    """By address and by name; a client that is no browser sends no Origin."""
    for host in (f"127.0.0.1:{page}", f"localhost:{page}"):
        assert ask(page, "/websocket", Host=host, Origin=f"http://{host}")[0] == 101
    assert ask(page, "/websocket")[0] == 101
    status, head = ask(page, "/")
    assert (status, "X-Frame-Options: DENY" in head) == (200, True)


def test_a_kept_mail_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask: it tells of a customer's payments."""
    kept = KeptMails(tmp_path / "mailbox")
    kept.keep(EmailMessage())
    (path,) = kept.folder.iterdir()
    assert (stat.S_IMODE(kept.folder.stat().st_mode), stat.S_IMODE(path.stat().st_mode)) == (0o700, 0o600)
