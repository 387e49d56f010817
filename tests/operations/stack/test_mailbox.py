"""The mailbox of `make run`."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

from fraud_scorer.operations.database.embedded_postgres import free_port
from fraud_scorer.operations.stack.health import is_ready
from fraud_scorer.operations.stack.mailbox import KeptMails


def start(folder: Path, smtp: int, http: int) -> subprocess.Popen[bytes]:
    """A mailbox on free ports, ready."""
    argv = [sys.executable, "-m", "fraud_scorer.operations.stack.mailbox", str(folder), "--host", "127.0.0.1"]
    ports = ["--smtp-port", str(smtp), "--http-port", str(http), "--imap-port", "0", "--password", "for-tests-only"]
    process = subprocess.Popen([*argv, *ports])
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
