"""Scoring a file as serving would have: history first, labels only when they would have been known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.ports import Model, Scorer
from fraud_scorer.ingest.data_file_columns import Warn
from fraud_scorer.ingest.data_files import is_parquet
from fraud_scorer.ingest.event_kinds import can_be_scored
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.training.datafile import read_payments
from fraud_scorer.training.dataset import Dataset, make_dataset
from fraud_scorer.training.missing_columns import warn_missing
from fraud_scorer.training.saving import refuse_unwritable, replace_file

if TYPE_CHECKING:
    from fraud_scorer.training.evaluate import DescribedModel

REASONS_OF = ("flagged", "all", "none")


def score_payments(
    data: Sequence[Path],
    history: Sequence[Path],
    fields: FieldMap,
    *,
    model: DescribedModel,
    scorer: Scorer,
    threshold: float,
    time_zone: str,
    currency: str,
    label_delay_days: float,
    reasons_of: str,
    decimal: str | None = None,
    warn: Warn = lambda _: None,
) -> pd.DataFrame:
    """One row a payment of ``data``, in order of event time; ``warn`` gets a sentence on each cause of worse scores.

    Returns:
        trans_num, event_time, raw_score, fraud_probability, threshold, flagged, reasons (JSON text, empty where not
        asked for). Refunds are unscored: NaN and not flagged.

    Raises:
        DataFileError: a file cannot be used, or a payment stands in both data and history.
    """
    paths = [*history, *data]
    read = read_payments(
        paths, fields, time_zone=time_zone, currency=currency, label_required=False, decimal=decimal, warn=warn
    )
    wanted = read.file_number >= len(history)
    dataset = make_dataset(read.payments, time_zone=time_zone, label_delay_days=label_delay_days)
    is_wanted = wanted[can_be_scored(read.payments)]
    asked = dataset.take(is_wanted)
    warn_missing(asked.features, model.manifest, warn)
    matrix = model.matrix(asked.features) if len(asked) else np.zeros((0, len(model.features)), np.float32)
    raw = scorer.score(matrix, reference="score-file").raw
    probability = model.calibrate(raw)
    flagged = probability >= threshold
    chosen = {"flagged": flagged, "all": np.ones(len(raw), bool), "none": np.zeros(len(raw), bool)}[reasons_of]
    scores = pd.DataFrame(
        {
            "trans_num": asked.trans_num,
            "raw_score": raw,
            "fraud_probability": probability,
            "threshold": threshold,
            "flagged": flagged,
            "reasons": _reasons(model, asked, matrix, chosen),
        }
    )
    rows = read.payments.loc[wanted, ["trans_num", "event_time"]].merge(scores, on="trans_num", how="left")
    return rows.assign(flagged=rows["flagged"].eq(True), reasons=rows["reasons"].fillna(""))


def refuse_output(out: Path, read: Sequence[Path]) -> None:
    """Refuse, before anything is scored, an ``out`` that cannot be written or would replace a file that is ``read``.

    Raises:
        ArtifactError: names ``out`` and the cure.
    """
    if out.is_dir():
        raise ArtifactError(f"{out} is a folder", "Give --out a file, as scores.csv or scores.parquet")
    if out.resolve() in [path.resolve() for path in read]:
        raise ArtifactError(f"{out} is read: scores would replace it", "Give --out another name")
    refuse_unwritable(out.parent)


def write_scores(scores: pd.DataFrame, out: Path) -> None:
    """Write Parquet if ``out`` ends so, else CSV; the file is there as a whole or not at all."""
    if is_parquet(out):
        replace_file(out, lambda draft: scores.to_parquet(draft, index=False))
    else:
        replace_file(out, lambda draft: scores.to_csv(draft, index=False))


def _reasons(model: Model, asked: Dataset, matrix: np.ndarray, chosen: np.ndarray) -> list[str]:
    texts = [""] * len(asked)
    rows = np.flatnonzero(chosen)
    if len(rows):
        found = model.reasons(asked.features.iloc[rows], matrix[rows], asked.currency.iloc[rows].tolist())
        for row, reasons in zip(rows.tolist(), found, strict=True):
            texts[row] = json.dumps(reasons, ensure_ascii=False)
    return texts
