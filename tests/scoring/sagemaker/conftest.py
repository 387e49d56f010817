"""A SageMaker endpoint that misbehaves on order, over real HTTP, and boto3 pointed at it with dummy credentials."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from fraud_scorer.domain.ports import RawScores
from fraud_scorer.scoring.sagemaker.client import Limits, SageMakerScorer
from fraud_scorer.scoring.sagemaker.variant import variant_name

MODEL_HASH = "ab" * 32
VARIANT = variant_name(MODEL_HASH)
WIDTH = 3
ENDPOINT = "fraud-test"


@dataclass
class Request:
    """What the client sent."""

    line: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[socket.socket, "RawEndpoint"], None]


@dataclass
class RawEndpoint:
    """A server that plays one script a request, byte for byte; the last script is played again and again."""

    scripts: list[Script] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def play(self, *scripts: Script) -> None:
        """The answers from now on."""
        self.scripts[:] = scripts

    def start(self) -> None:
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.requests.append(_read_request(connection))
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                script(connection, self)
            except OSError:
                return


def _read_request(connection: socket.socket) -> Request:
    with connection.makefile("rb") as stream:
        line = stream.readline().decode()
        headers = {}
        while (header := stream.readline().decode().strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("expect") == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(line, headers, stream.read(int(headers.get("content-length", 0))))


class Reply:
    """Builds scripts: what the endpoint does with one request."""

    @staticmethod
    def raw(status: int, body: bytes = b"", content_type: str = "application/json", **headers: str) -> bytes:
        """A whole HTTP response; ``x_y="z"`` becomes the header ``x-y: z``."""
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    @classmethod
    def http(cls, status: int, body: bytes = b"", content_type: str = "application/json", **headers: str) -> Script:
        """Send this response and close."""
        headers.setdefault("x_Amzn_Invoked_Production_Variant", VARIANT)
        response = cls.raw(status, body, content_type, **headers)
        return lambda connection, _: connection.sendall(response)

    @classmethod
    def error(cls, status: int, kind: str, message: str = "no", **more: object) -> Script:
        """An error in the shape the AWS runtime gives it."""
        return cls.http(status, json.dumps({"Message": message, **more}).encode(), x_amzn_errortype=kind)

    @classmethod
    def scores(cls, *values: object, form: str = "json", variant: str = VARIANT) -> Script:
        """A 200 with these scores: ``json``, CSV in ``lines``, or CSV in one ``line``."""
        if form == "json":
            body = json.dumps({"predictions": [{"score": value} for value in values]}).encode()
            return cls.http(200, body, x_Amzn_Invoked_Production_Variant=variant)
        text = {"lines": "\n", "line": ","}[form].join(str(value) for value in values)
        return cls.http(200, text.encode(), "text/csv; charset=utf-8", x_Amzn_Invoked_Production_Variant=variant)

    @classmethod
    def cut(cls, body: bytes, announced: int) -> Script:
        """Announce more bytes than are sent, and close."""
        head = cls.raw(200, b"", x_Amzn_Invoked_Production_Variant=VARIANT)
        response = head.replace(b"Content-Length: 0", f"Content-Length: {announced}".encode()) + body
        return lambda connection, _: connection.sendall(response)

    @staticmethod
    def silence(connection: socket.socket, server: RawEndpoint) -> None:
        """Say nothing until the test is over."""
        server.released.wait(60)

    @classmethod
    def drip(cls, connection: socket.socket, server: RawEndpoint) -> None:
        """A body that never ends and never pauses long enough for a read to time out."""
        head = cls.raw(200, b"", x_Amzn_Invoked_Production_Variant=VARIANT)
        connection.sendall(head.replace(b"Content-Length: 0", b"Content-Length: 1000000"))
        while not server.released.wait(0.05):
            connection.sendall(b" ")


class Local:
    """The local model's place: 0.25 for each payment."""

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:
        return RawScores(raw=np.full(len(matrix), 0.25), scored_by="local")


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Dummy credentials by boto3's own chain, and none of this machine's."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "dummy")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "dummy")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    return monkeypatch


@pytest.fixture
def endpoint(aws_environment: pytest.MonkeyPatch) -> Iterator[RawEndpoint]:
    """The misbehaving endpoint, started, with boto3 pointed at it."""
    server = RawEndpoint()
    server.start()
    aws_environment.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", server.url)
    yield server
    server.stop()


@pytest.fixture
def reply() -> type[Reply]:
    """The builder of scripts."""
    return Reply


@pytest.fixture
def local() -> Local:
    """The local model's place."""
    return Local()


@pytest.fixture
def scorer(endpoint: RawEndpoint) -> SageMakerScorer:
    """The real client, in a hurry."""
    limits = Limits(budget_seconds=3, connect_seconds=1, read_seconds=0.5)
    return SageMakerScorer(ENDPOINT, model_hash=MODEL_HASH, width=WIDTH, limits=limits, sleep=lambda _: None)


@pytest.fixture
def matrix() -> np.ndarray:
    """Two payments' model inputs, one cell missing."""
    return np.array([[0.1, np.nan, 3], [4, 5, 6]], dtype="float32")
