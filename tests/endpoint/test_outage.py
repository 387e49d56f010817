"""An endpoint that dies and comes back: each minute a new process's scorer, one memory in PostgreSQL."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from fraud_scorer.domain.ports import RawScores
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.scoring.sagemaker import FallbackScorer, Limits, SageMakerScorer
from fraud_scorer.store.breaker import PostgresBreaker
from fraud_scorer.store.engine import create_store_engine


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """The database of the breaker."""
    engine = create_store_engine(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture
def minute(
    engine: Engine, artifacts: Path, inputs: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], RawScores]:
    """Scores one minute against the endpoint at an address, as a run of its own does."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "dummy")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    model_hash = hashlib.sha256((artifacts / "manifest.json").read_bytes()).hexdigest()

    def score(address: str) -> RawScores:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", address)
        endpoint = SageMakerScorer("fraud", model_hash=model_hash, width=6, limits=Limits(budget_seconds=10))
        local = LocalScorer(artifacts / "model.ubj", width=6)
        breaker = PostgresBreaker(engine, "fraud", failures=2, pause_seconds=300)
        return FallbackScorer(endpoint, local, breaker).score(inputs, reference="minute")

    return score


def test_every_minute_has_its_scores_and_says_who_gave_them(
    minute: Callable[[str], RawScores], serve: Callable[[Path], Any], artifacts: Path, engine: Engine
) -> None:
    """Up, down (refused twice, then not asked), up but still not asked, and after the pause asked again."""
    with serve(artifacts) as address:
        minutes = [minute(address)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    minutes += [minute(nobody), minute(nobody), minute(nobody)]
    with serve(artifacts) as address:
        minutes.append(minute(address))
        with engine.begin() as connection:
            connection.execute(text("update circuit_breaker set open_until = now() - interval '1 second'"))
        minutes += [minute(address), minute(address)]
    said = [(result.scored_by, result.calls, result.fallback_reason.split(" ")[:4]) for result in minutes]
    refused, paused = ["the", "endpoint", "cannot", "be"], ["the", "endpoint", "is", "not"]
    assert said == [
        ("sagemaker", 1, [""]),
        ("local-fallback", 0, refused),
        ("local-fallback", 0, refused),
        ("local-fallback", 0, paused),
        ("local-fallback", 0, paused),
        ("sagemaker", 1, [""]),
        ("sagemaker", 1, [""]),
    ]
    assert all(np.array_equal(result.raw, minutes[0].raw) for result in minutes)
