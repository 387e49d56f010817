"""Machines that land in one bucket, over real HTTP: a gate before moto's S3 that behaves as it is told."""

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from cryptography.fernet import Fernet

from fraud_common.object_store import s3_client
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.landing.replicator import Replicator

CIPHER = Cipher.from_setting(Fernet.generate_key().decode())
NOW = datetime(2026, 11, 20, 10, 32, 1, tzinfo=UTC)
BATCH = Batch.of_id("2026-11-20T10:31Z")
HISTORY = Batch.of_history("0123456789ab", date(2026, 11, 1))
BODY = b'{"cc_num": 4532015112830366}'
ADDRESS = "s3://landed/ours"
SECRET = "verysecretaccesskey"


def minute(number: int) -> Batch:
    """The n-th minute from BATCH on."""
    return Batch.of_minute(BATCH.minute + timedelta(minutes=number))


@dataclass
class Request:
    """What came to the gate."""

    method: str
    path: str
    content: bytes


Behaviour = Callable[["Handler", Request], bool]  # True: it answered, or cut the connection, itself


class Gate(ThreadingHTTPServer):
    """Stands before moto's S3 and lets requests through, or behaves as it is told."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind.removeprefix("http://")
        self.reset()

    def reset(self) -> None:
        self.requests: list[Request] = []
        self.behaviour: Behaviour = lambda *_: False
        self.released = threading.Event()
        self.ignored_headers: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Gate

    def _pass(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = Request(self.command, self.path, content)
        self.server.requests.append(request)
        if not self.server.behaviour(self, request):
            self.answer(*self.forward(request))

    def do_GET(self) -> None:
        self._pass()

    def do_PUT(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def forward(self, request: Request) -> tuple[int, bytes, str]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in self.server.ignored_headers}
        behind = http.client.HTTPConnection(self.server.behind, timeout=30)
        behind.request(request.method, request.path, request.content, headers)
        answer = behind.getresponse()
        told = answer.status, answer.read(), answer.getheader("Content-Type", "")
        behind.close()
        return told

    def answer(self, status: int, content: bytes, content_type: str = "application/xml") -> bool:
        self.send_response(status)
        for name, value in (("Content-Length", str(len(content))), ("Content-Type", content_type)):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        return True

    def error(self, status: int, code: str) -> bool:
        return self.answer(status, f"<Error><Code>{code}</Code><Message>as you see</Message></Error>".encode())

    def silence(self) -> bool:
        self.server.released.wait(60)
        return self.cut()

    def cut(self) -> bool:
        self.close_connection = True
        self.connection.shutdown(2)
        return True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@cache
def client_through(url: str, read_seconds: float) -> Any:
    """Our client to the gate; one for all tests, as reading the service's description takes a second."""
    assert url
    return s3_client(read_seconds=read_seconds)


@cache
def client_behind(url: str) -> Any:
    """A client to moto itself."""
    return boto3.session.Session().client("s3", endpoint_url=f"http://{url}")


@dataclass
class Machine:
    """One installation: a folder of its own and the bucket of all."""

    landing: DiskLanding
    replicator: Replicator

    def land(self, *batches: Batch, now: datetime = NOW) -> None:
        for batch in batches:
            self.landing.land(batch, answer(batch))
            self.landing.land(batch, answer(batch, b"second"))
            self.landing.close(batch, now=now)

    def bodies(self) -> dict[str, list[bytes]]:
        """What every batch that it knows says, in order of landing."""
        known = [done for done in self.landing.completions() if done.status == "landed"]
        return {done.batch.batch_id: [self.landing.read(done.batch, part) for part in done.parts] for done in known}


def answer(batch: Batch, what: bytes = BODY) -> Answer:
    """An answer of the API for this batch."""
    return Answer(what + batch.batch_id.encode(), 200, "application/json", NOW)


def markers(stored: dict[str, bytes]) -> dict[str, int]:
    """The closed batches in the bucket with their numbers; each has all its parts."""
    found = {}
    for name, content in stored.items():
        if name.startswith("ours/closed/"):
            marker = json.loads(content)
            found[marker["batch_id"]] = marker["landing_seq"]
            for part in marker["parts"]:
                assert f"ours/{part['path'][:-5]}-{part['sha256'][:16]}.part" in stored, name
    return found
