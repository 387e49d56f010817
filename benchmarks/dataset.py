"""The comparisons' data: the simulator's payments, as an answer of its API, validated, and as rows to store."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg2
import psycopg2.extensions

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import HISTORY_COLUMNS, PAYMENT_COLUMNS, QUARANTINE_COLUMNS
from fraud_scorer.domain.ports import LoadWork
from fraud_scorer.features import PROFILE_COLUMNS, compute_features
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.scoring.artifacts import Artifacts, load_artifacts
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.steps.score import score
from fraud_scorer.store.schema.migrate import migrate
from fraud_scorer.training.datafile import read_payments
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port
from payments_simulator.history import write
from payments_simulator.stream import Stream, World

ARTIFACTS = Path(__file__).parents[1] / "model" / "artifacts"
END = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
PACE = 20.0  # payments a minute


@dataclass(frozen=True)
class Dataset:
    """About ``rows`` payments, always the same; never two of one card in one second."""

    public: pd.DataFrame  # as the API and public files have them
    payments: pd.DataFrame  # PAYMENT_COLUMNS, in order of event time
    features: pd.DataFrame
    model: Artifacts

    def answer(self) -> bytes:
        """All payments in one answer of the API: JSON that contains JSON, pandas' ``split``."""
        return json.dumps(self.public.to_json(orient="split")).encode()

    def work(self) -> LoadWork:
        """All payments decided, as ``load`` is given them."""
        matrix = self.model.matrix(self.features)
        scorer = LocalScorer(self.model.booster_bytes, width=len(self.model.features))
        decisions = score(
            self.payments["trans_num"], self.features, matrix, self.payments["currency"],
            model=self.model, scorer=scorer, threshold=0.5, reference="benchmark",
        ).decisions  # fmt: skip
        decisions["features"] = list(matrix)
        return LoadWork(
            Batch.of_minute(datetime.fromtimestamp(END, UTC)), landing_seq=1, payments=self.payments,
            decisions=decisions, quarantine=pd.DataFrame(columns=list(QUARANTINE_COLUMNS)),
            profiles=pd.DataFrame(columns=list(PROFILE_COLUMNS)), received=len(self.payments), scored_by="local",
            fallback_reason="", threshold=0.5, model_hash=self.model.model_hash, seconds=0.0,
        )  # fmt: skip


def make_dataset(rows: int) -> Dataset:
    """A past of about ``rows`` payments."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "past.parquet"
        write(Stream(World(rate=PACE)), END - round(rows / PACE * 60), END, path, "parquet")
        read = read_payments([path], FieldMap(), time_zone="UTC", currency="USD", label_required=False).payments
        public = pd.read_parquet(path)
    second = pd.DataFrame({"card": read["card_token"], "second": read["event_time"].dt.floor("s")})
    read = read[~second.duplicated() & (read["amount_cents"] >= 0)].reset_index(drop=True)
    payments = _tokenised(read)
    history = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in HISTORY_COLUMNS.items()})
    features = compute_features(payments, history, pd.DataFrame(columns=list(PROFILE_COLUMNS)), time_zone="UTC")
    return Dataset(public, payments, features, load_artifacts(ARTIFACTS))


@contextmanager
def database() -> Iterator[psycopg2.extensions.connection]:
    """A connection to an empty, migrated ``fraud_db`` on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = EmbeddedPostgres(folder / "postgres", free_port(), "for-benchmarks-only")
        try:
            server.start()
            migrate(server.url("fraud_db"))
            connection = psycopg2.connect(server.url("fraud_db").replace("+psycopg2", ""))
            yield connection
            connection.close()
        finally:
            server.stop("immediate")


def _tokenised(payments: pd.DataFrame) -> pd.DataFrame:
    """Stand-ins for the tokens and hashes of a batch; their own cost is no part of a comparison."""
    card, trans_num = payments["card_token"], payments["trans_num"]
    hashed = {number: hashlib.sha256(number.encode()).hexdigest() for number in card.unique()}
    frame = payments.assign(
        batch_id="benchmark", card_token=card.map(hashed), card_key_id="k1", card_last4=card.str[-4:], delivery="new",
        is_event=False, occurrence=payments["event_time"],
        landing_seq=np.arange(len(payments)), body_hash=[hashlib.sha256(name.encode()).digest() for name in trans_num],
    )  # fmt: skip
    return frame[list(PAYMENT_COLUMNS)].astype(PAYMENT_COLUMNS)
