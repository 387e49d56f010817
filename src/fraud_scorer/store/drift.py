"""Days compared with the model's reference: a day's payments as the scorer saw them, and what came of comparing."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import numpy as np
import pandas as pd
import psycopg2.extensions
import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import Engine

from fraud_common.errors import TerminalError
from fraud_scorer.store.bulk import copy_out, rows
from fraud_scorer.store.engine import transaction

_SAMPLE_TYPES = {"features": pa.string(), "category": pa.string(), "fraud_probability": pa.float64()}


@dataclass(frozen=True)
class DriftDay:
    """A day of the report's calendar."""

    starts_at: datetime
    ends_at: datetime
    is_over: bool
    has_earlier: bool  # whether payments of before are stored: the very first day has only a part of its hours
    is_waiting: bool  # whether batches of its minutes are landed and not loaded: after an outage, hours of payments
    payments: int  # scored; refunds are not

    @property
    def is_whole(self) -> bool:
        """Whether payments of every hour can be there."""
        return self.is_over and self.has_earlier and not self.is_waiting


class PostgresDrift:
    """Every method raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        """``engine``: a patient one; a day of a million payments takes seconds to read."""
        self._engine = engine

    def missing_days(self, *, now: datetime, most: int) -> list[date]:
        """Days that are over and loaded, and were not compared whole yet, of the last ``most``, oldest first."""
        with transaction(self._engine) as cursor:
            _as_of(cursor, now)
            return [cast("date", row["day"]) for row in rows(cursor, "drift/missing", {"most": most})]

    def day(self, day: date, *, now: datetime) -> DriftDay:
        """What there is of ``day`` at ``now`` (aware)."""
        with transaction(self._engine) as cursor:
            _as_of(cursor, now)
            return DriftDay(**cast("dict[str, Any]", rows(cursor, "drift/day", {"day": day})[0]))

    def sample(self, day: DriftDay, model_hash: str, columns: Sequence[str], *, most: int) -> pd.DataFrame:
        """What the scorer saw of the payments of ``day`` that ``model_hash`` decided.

        About ``most`` payments at most, the same ones each time: every n-th by a hash of their ids.

        Returns:
            ``columns`` (float32, NaN for missing), ``category`` (text, nullable), ``fraud_probability`` (float64).

        Raises:
            TerminalError: the stored rows are not as wide as ``columns``.
        """
        stride = max(1, -(-day.payments // most))
        values = {"starts_at": day.starts_at, "ends_at": day.ends_at, "model_hash": model_hash, "stride": stride}
        with transaction(self._engine) as cursor:
            table = copy_out(cursor, "drift/sample", values, _SAMPLE_TYPES)
        frame = _matrix(table["features"], columns)
        return frame.assign(
            category=table["category"].to_pandas(), fraud_probability=table["fraud_probability"].to_pandas()
        )

    def write(
        self,
        day: date,
        model_hash: str,
        found: DriftDay,
        *,
        compared: int,
        reference: Mapping[str, object] | None,
        features: Sequence[Mapping[str, object]],
    ) -> None:
        """Keep what came of comparing ``day``, in place of what an earlier comparison kept."""
        about = {
            "day": day,
            "model_hash": model_hash,
            "payments": found.payments,
            "compared": compared,
            "whole_day": found.is_whole,
            "reference": None if reference is None else json.dumps(reference),
        }
        with transaction(self._engine) as cursor:
            rows(cursor, "drift/write_day", about)
            rows(cursor, "drift/drop", about)
            rows(cursor, "drift/write", {**about, "rows": json.dumps(list(features))})

    def stored(self, day: date, model_hash: str) -> list[dict[str, Any]]:
        """What is kept of ``day`` by feature, the farthest first, with the rule's word (``state``)."""
        with transaction(self._engine) as cursor:
            return rows(cursor, "drift/stored", {"day": day, "model_hash": model_hash})


def _as_of(cursor: psycopg2.extensions.cursor, now: datetime) -> None:
    rows(cursor, "morning_mail/now", {"now": now.isoformat()})


def _matrix(lines: pa.ChunkedArray, columns: Sequence[str]) -> pd.DataFrame:
    if not len(lines):
        return pd.DataFrame({name: np.zeros(0, np.float32) for name in columns})
    text = "\n".join(lines.to_pylist()).encode()
    try:
        table = pacsv.read_csv(
            io.BytesIO(text),
            pacsv.ReadOptions(column_names=list(columns)),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.float32()), null_values=["", "NaN"]
            ),
        )
    except pa.ArrowInvalid:
        raise TerminalError(
            f"stored features are not as wide as the {len(columns)} columns of the model that decided",
            "Give FRAUD_ARTIFACTS the folder of the model that is in force",
        ) from None
    return cast("pd.DataFrame", table.to_pandas())
