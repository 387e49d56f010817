"""The whole pipeline on real parts: PostgreSQL, the payments simulator over HTTP, a mail server, a small model."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import psycopg2
import pytest
import requests
import uvicorn
import xgboost
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from fraud_scorer import wiring
from fraud_scorer.cli import app
from fraud_scorer.domain.batches import Batch
from fraud_scorer.features import FEATURES
from fraud_scorer.features.encoding import make_preprocess
from fraud_scorer.settings import Settings, load_settings
from fraud_scorer.use_cases.pipeline.minute import Pipeline
from payments_simulator.api.handed_out import HandedOutList
from payments_simulator.api.server import Settings as SimulatorSettings
from payments_simulator.api.server import application
from payments_simulator.stream import Stream, World

LANDING_KEY, CARD_KEYS = Fernet.generate_key().decode(), f"k1:{secrets.token_hex(32)}"
START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
TABLES = ("payments_scored", "payment_history", "labels", "merchant_profiles", "quarantine", "outbox",
          "outbox_payments", "run_ledger")  # fmt: skip


class FakeClock:
    """Stands until it is moved; sleeping moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Mailbox:
    """Keeps the Message-ID of every mail it accepts."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []
        self.texts: list[str] = []

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        text = bytes(envelope.content or b"").decode()
        self.texts.append(text)
        self.message_ids += [line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("Message-ID: ")]
        return "250 OK"


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artefacts of a model that learnt from random numbers: it decides, that is all that is asked of it."""
    folder = tmp_path_factory.mktemp("artifacts")
    chance = np.random.default_rng(7)
    numbers = {one.name: chance.gamma(2.0, 50.0, 400) for one in FEATURES if one.dtype == "float64"}
    texts = {one.name: chance.choice(["grocery_pos", "travel"], 400) for one in FEATURES if one.dtype == "str"}
    features = pd.DataFrame(numbers | texts)[[one.name for one in FEATURES]]
    preprocess = make_preprocess()
    matrix = np.asarray(preprocess.fit_transform(features), np.float32)
    train = xgboost.DMatrix(matrix, (features["amount"] > 150).to_numpy(int))
    booster = xgboost.train({"objective": "binary:logistic", "base_score": 0.5, "max_depth": 3, "nthread": 1}, train, 8)
    joblib.dump(preprocess, folder / "preprocess.joblib")
    booster.save_model(folder / "model.ubj")
    _write_manifest(folder, [str(name) for name in preprocess.get_feature_names_out()])
    return folder


def _write_manifest(folder: Path, columns: list[str]) -> None:
    libraries = ("scikit-learn", "xgboost", "numpy", "pandas")
    hashes = {name: {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
              for name in ("preprocess.joblib", "model.ubj")}  # fmt: skip
    manifest = {
        "format": 1, "files": hashes, "features": [{"name": one.name, "dtype": one.dtype} for one in FEATURES],
        "matrix_columns": columns, "library_versions": {name: importlib.metadata.version(name) for name in libraries},
        "calibration": {"raw": [0.0, 1.0], "probability": [0.0, 1.0]}, "recommended_threshold": 0.5,
        "usual": {"medians": {}, "fraud_share": 0.005, "night_share": 0.1, "category_fraud_shares": {}},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))


@dataclass
class Town:
    """One installation: its own database, data folder, mailbox, payments API and clock.

    The pipeline has its own logins; ``url`` is a superuser's, who looks what became of it.
    """

    url: str
    writer_url: str
    alerter_url: str
    folder: Path
    api_url: str
    smtp_port: int
    model: Path
    mailbox: Mailbox
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))

    def settings(self, **changed: Any) -> Settings:
        values = {
            "payments_api_url": f"{self.api_url}/current-transactions?start={{start}}&end={{end}}",
            "payments_api_look_back_minutes": 60,
            "payments_api_budget_seconds": 2.0,
            "fraud_db_url": self.writer_url,
            "fraud_db_alerter_url": self.alerter_url,
            "fraud_data_dir": self.folder,
            "fraud_landing_keys": LANDING_KEY,
            "fraud_card_keys": CARD_KEYS,
            "fraud_artifacts": self.model,
            "fraud_threshold": 0.0,
            "scorer": "local",
            "smtp_port": self.smtp_port,
        }
        return Settings(_env_file=None, **(values | changed))

    def environment(self) -> dict[str, str]:
        """The settings that a command needs to find this town."""
        settings = self.settings()
        names = ("payments_api_url", "fraud_data_dir", "fraud_artifacts", "fraud_threshold", "scorer", "smtp_port")
        secrets = ("fraud_db_url", "fraud_landing_keys", "fraud_card_keys")
        plain = {name.upper(): str(getattr(settings, name)) for name in names}
        return plain | {name.upper(): getattr(settings, name).get_secret_value() for name in secrets}

    def pipeline(self, **changed: Any) -> Pipeline:
        return Pipeline(wiring.Parts(self.settings(**changed), self.clock))

    def batch(self, number: int = 0) -> Batch:
        return Batch.of_minute(START + timedelta(minutes=number))

    def at(self, number: int) -> Batch:
        """Move the clock to a moment after the n-th minute's end, past what a busy server's Date header lags behind."""
        self.clock.at = START + timedelta(minutes=number + 1, seconds=10)
        return self.batch(number)

    def run(self, number: int, **changed: Any) -> dict[str, Any]:
        """The n-th minute, all five steps, by the clock."""
        return self.pipeline(**changed).run_minute(self.at(number))

    def order(self, kind: str, **fault: Any) -> None:
        answer = requests.post(f"{self.api_url}/_control/faults", json={"kind": kind, **fault}, timeout=10)
        assert answer.status_code == 201, answer.text

    def order_cleared(self) -> None:
        """No more faults."""
        requests.delete(f"{self.api_url}/_control/faults", timeout=10)

    def handed_out(self) -> set[str]:
        """Every payment that the API ever gave in an answer that could be read."""
        answers = requests.get(f"{self.api_url}/_control/handed-out", timeout=10).json()["answers"]
        return {name for one in answers if one["readable"] for name in one["trans_nums"]}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.url.replace("+psycopg2", ""))
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall() if cursor.description else []
        connection.close()
        return found

    def stored(self) -> set[str]:
        return {name for (name,) in self.rows("select trans_num from payments_scored")}

    def states(self) -> dict[str, str]:
        """Each batch's state, in order of landing."""
        return dict(self.rows("select batch_id, status from run_ledger order by landing_seq"))

    def fingerprint(self) -> str:
        """One hash over every row of every table, but for who claimed a batch last."""
        lines = [
            self.rows(f"select to_jsonb(t) - 'claim' from {table} as t order by (to_jsonb(t) - 'claim')::text")
            for table in TABLES
        ]
        return hashlib.sha256(json.dumps(lines, sort_keys=True, default=str).encode()).hexdigest()


@pytest.fixture(scope="session")
def stream() -> Stream:
    """A world of 12 payments a minute: fewer than would be a flood if all are flagged."""
    return Stream(World(seed=5, rate=12))


@pytest.fixture
def town(
    postgres_url: str, as_role: Callable[[str, str], str], small_model: Path, stream: Stream, tmp_path: Path
) -> Iterator[Town]:
    """An installation of this test's own."""
    mailbox = Mailbox()
    listening = socket.create_server(("127.0.0.1", 0))
    made: list[Town] = []
    app = application(stream, SimulatorSettings(), HandedOutList(None), lambda: made[0].clock.at.timestamp())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    thread.start()
    while not server.started:
        time.sleep(0.01)
    logins = [as_role(postgres_url, role) for role in ("fraud_writer", "fraud_alerter")]
    made.append(Town(postgres_url, *logins, tmp_path, f"http://127.0.0.1:{listening.getsockname()[1]}",
                     controller.port, small_model, mailbox))  # fmt: skip
    try:
        yield made[0]
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
        controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def nobody_listens() -> str:
    """A database URL that refuses connections."""
    return f"postgresql+psycopg2://fraud:secret@127.0.0.1:{free_port()}/fraud_db"


@pytest.fixture
def field_map(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a field map."""

    def write(text: str) -> Path:
        path = tmp_path / "fields.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def run(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Types a command; an error of ours is raised as it is."""
    for name, value in town.environment().items():
        monkeypatch.setenv(name, value)

    def typed(*arguments: str) -> Result:
        load_settings.cache_clear()
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False)

    yield typed
    load_settings.cache_clear()


@pytest.fixture
def answering() -> Iterator[tuple[dict[str, bytes], list[bytes], str]]:
    """What the API answers (its ``body``, and its ``type``), what the chat got, and the address of both."""
    answer, chat = {"body": b"[]"}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer["body"])))
            self.send_header("Content-Type", answer.get("type", b"application/json").decode())
            self.end_headers()
            self.wfile.write(answer["body"])

        def do_POST(self) -> None:
            chat.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            """No time: the town's clock is not the machine's."""
            return ""

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield answer, chat, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
