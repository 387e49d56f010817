"""Whether two scorers say the same of the same payments."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fraud_common.errors import EndpointUnavailable
from fraud_scorer.domain.ports import Scorer
from fraud_scorer.scoring.booster import load_booster

TOLERANCE = 1e-6
MISSING_SHARE = 0.05


@dataclass(frozen=True)
class Parity:
    """What a comparison found. Seconds are wall clock."""

    rows: int
    calls: int  # of the endpoint
    largest_difference: float
    local_seconds: float
    endpoint_seconds: float

    @property
    def agrees(self) -> bool:
        """Whether no score differs by more than 1e-6."""
        return self.largest_difference <= TOLERANCE

    def require(self) -> None:
        """Return only if the two agree.

        Raises:
            EndpointUnavailable: they do not.
        """
        if not self.agrees:
            raise EndpointUnavailable(
                f"the endpoint's scores differ from the local model's by up to {self.largest_difference:.3g}",
                "Deploy the model again: `fraud-scorer sagemaker deploy`",
            )


def compare(local: Scorer, endpoint: Scorer, matrix: np.ndarray) -> Parity:
    """Score ``matrix`` (float32, NaN for missing) by both.

    Raises:
        EndpointUnavailable: the endpoint gave no usable scores.
    """
    started = time.monotonic()
    here = local.score(matrix, reference="parity")
    between = time.monotonic()
    there = endpoint.score(matrix, reference="parity")
    return Parity(
        rows=len(matrix),
        calls=there.calls,
        largest_difference=float(np.abs(here.raw - there.raw).max(initial=0.0)),
        local_seconds=between - started,
        endpoint_seconds=time.monotonic() - between,
    )


def probe_rows(source: Path | bytes, rows: int, seed: int = 0) -> np.ndarray:
    """Made-up payments on which a model that differs from ``source`` shows it: float32, shape (rows, its width).

    Each cell is a threshold of one of the trees, or the float32 next to it on either side, or missing: a last digit
    lost on the way, or a value rounded otherwise, takes another branch.
    """
    booster = load_booster(source)
    names = booster.feature_names or [f"f{column}" for column in range(booster.num_features())]
    thresholds: dict[str, list[float]] = {name: [0.0] for name in names}
    for tree in booster.get_dump(dump_format="json"):
        _collect(json.loads(tree), thresholds)
    random = np.random.default_rng(seed)
    columns = [_around(np.array(thresholds[name], np.float32), rows, random) for name in names]
    return np.column_stack(columns)


def _collect(node: dict[str, Any], thresholds: dict[str, list[float]]) -> None:
    if "split" in node:
        thresholds[node["split"]].append(float(node.get("split_condition", 0.0)))
        for child in node["children"]:
            _collect(child, thresholds)


def _around(thresholds: np.ndarray, rows: int, random: np.random.Generator) -> np.ndarray:
    chosen = random.choice(thresholds, rows)
    towards = random.choice(np.array([-np.inf, np.inf], np.float32), rows)
    moved = np.where(random.random(rows) < 1 / 3, chosen, np.nextafter(chosen, towards))
    return np.where(random.random(rows) < MISSING_SHARE, np.float32(np.nan), moved).astype(np.float32)
