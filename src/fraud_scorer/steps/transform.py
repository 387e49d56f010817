"""transform: from landed bytes to the model's input. Decode, validate, quarantine, tokenise, classify, compute.

Takes every waiting batch, lowest landing sequence first. One bad record never stops its batch, and a batch of which
nothing can be read never stops the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import HISTORY_COLUMNS, LATE, PAYMENT_COLUMNS, QUARANTINE_COLUMNS
from fraud_scorer.domain.ports import Model, Store
from fraud_scorer.ingest.batch_reader import BatchReader, RawPart
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.ingest.deliveries import (
    KNOWN_COLUMNS,
    classify,
    drop_repeats,
    empty_frame,
    known_after,
    payments_frame,
    tokenise,
)
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.history_window import CardHistory, payments_to_score
from fraud_scorer.ingest.validate import ValidationRules

BATCH_COLUMNS = {
    "batch_id": "str",
    "landing_seq": "int64",
    "received": "int64",  # records that came; an answer that cannot be read counts as one
    "valid": "int64",  # payments and events, repeats inside the batch collapsed
    "duplicates": "int64",  # the repeats inside the batch
    "quarantined": "int64",  # records that are no payments, those among them that are kept only with their answer
    "dropped": "str",  # unusable optional values of valid payments: a JSON object of counts by reason; null if none
    "error": "str",  # why nothing of the batch could be read; null if something could
    "note": "str",  # more pages, or an error, that its answers announced; null if none
}


class ComputeFeatures(Protocol):
    """``fraud_scorer.features.compute_features``."""

    def __call__(
        self, payments: pd.DataFrame, history: pd.DataFrame, profiles: pd.DataFrame, *, time_zone: str
    ) -> pd.DataFrame:
        """The declared features, one row a payment."""


@dataclass(frozen=True)
class BatchInput:
    """One waiting batch."""

    batch: Batch
    landing_seq: int
    parts: Sequence[RawPart]


@dataclass(frozen=True)
class TransformConfig:
    """The settings of transform."""

    fields: FieldMap = field(default_factory=FieldMap)
    rules: ValidationRules = field(default_factory=ValidationRules)
    time_zone: str = "UTC"  # of the report's days and of local hours
    look_back: timedelta = timedelta(days=37)  # how much of a card's past the features read
    restamped: bool = False  # the API stamps each answer with its own clock: a repeat comes under another time
    most_payments: int = 250_000  # records, refused ones among them: a run takes no further batch from here on


@dataclass(frozen=True)
class Transformed:
    """The input of score and load, all batches of the run together.

    ``features`` has one row a payment to score (new, corrected or rescored, refunds left out); its index labels
    rows of ``payments``, and ``matrix`` (float32) has the same order.
    """

    batches: pd.DataFrame  # BATCH_COLUMNS, in landing order
    payments: pd.DataFrame  # PAYMENT_COLUMNS
    quarantine: pd.DataFrame  # QUARANTINE_COLUMNS
    profiles: pd.DataFrame  # merchant_profiles' columns
    features: pd.DataFrame
    matrix: np.ndarray  # shape (len(features), width)
    earlier_tokens: Mapping[str, str] = field(default_factory=dict)  # of an older key: the card's of today; not staged

    def frames(self) -> dict[str, pd.DataFrame]:
        """All fields as frames, for the stage."""
        matrix = pd.DataFrame(self.matrix, columns=[str(number) for number in range(self.matrix.shape[1])])
        return {name: getattr(self, name) for name in _FRAMES} | {"matrix": matrix}

    @classmethod
    def of_frames(cls, frames: dict[str, pd.DataFrame]) -> Transformed:
        """The inverse of ``frames``."""
        matrix = frames["matrix"].to_numpy(np.float32)
        taken: dict[str, Any] = {name: frames[name] for name in _FRAMES}
        return cls(**taken, matrix=np.ascontiguousarray(matrix))


_FRAMES = ("batches", "payments", "quarantine", "profiles", "features")


def transform(
    work: Iterable[BatchInput],
    *,
    store: Store,
    tokens: CardTokens,
    model: Model,
    compute_features: ComputeFeatures,
    encrypt: Callable[[bytes], bytes],
    config: TransformConfig,
    rescore: bool = False,
) -> Transformed:
    """Everything up to the model's input, for the given batches in landing order.

    Batches beyond ``config.most_payments``, from the first one that brings a later day than those before, and after
    one with late deliveries, are left for the next run (they are missing from ``batches``): a day's merchant profiles
    count the payments stored when the day began, and a late delivery changes the past of later ones.
    """
    read = list(_bounded((_read_batch(one, tokens, encrypt, config) for one in work), config))
    known = _known(store, read)
    classified = _classified(read, known, rescore=rescore, restamped=config.restamped)
    read, payments = read[: len(classified)], _joined(classified, PAYMENT_COLUMNS)
    profiles = _profiles(payments_to_score(payments), store, config)
    earlier_tokens = {old: new for one in read for old, new in one.earlier_tokens.items()}
    past = CardHistory(store, known, earlier_tokens, config.look_back)
    features = _features(payments, past, profiles, partial(compute_features, time_zone=config.time_zone))
    return Transformed(
        batches=_batches(read),
        payments=payments,
        quarantine=_joined([one.quarantine for one in read], QUARANTINE_COLUMNS),
        profiles=profiles,
        features=features,
        matrix=model.matrix(features),
        earlier_tokens=earlier_tokens,
    )


@dataclass(frozen=True)
class _ReadBatch:
    """One batch after decoding and validation."""

    work: BatchInput
    tokenised: pd.DataFrame
    quarantine: pd.DataFrame
    earlier_tokens: dict[str, str]
    received: int
    duplicates: int
    bad: int
    dropped: str | None
    error: str | None
    note: str | None

    def last_day(self, time_zone: str) -> object:
        """The latest local day of its payments; None if it has none."""
        times = self.tokenised["event_time"]
        return times.max().tz_convert(time_zone).date() if len(times) else None


def _bounded(read: Iterator[_ReadBatch], config: TransformConfig) -> Iterator[_ReadBatch]:
    count, latest_day = 0, None
    for one in read:
        day = one.last_day(config.time_zone)
        if latest_day is not None and day is not None and day > latest_day:  # type: ignore[operator]
            return
        latest_day = latest_day or day
        yield one
        count += one.received
        if count >= config.most_payments:
            return


# --- one batch ----------------------------------------------------------------------------------------------------
def _read_batch(
    work: BatchInput, tokens: CardTokens, encrypt: Callable[[bytes], bytes], config: TransformConfig
) -> _ReadBatch:
    reading = BatchReader(work.batch, encrypt, config.fields, config.rules)
    for part in work.parts:
        reading.take(part)
    everything = pd.concat(reading.valid, ignore_index=True) if reading.valid else reading.no_payments()
    once = drop_repeats(everything, restamped=config.restamped)
    return _ReadBatch(
        work=work,
        tokenised=tokenise(once, tokens),
        quarantine=_joined([pd.DataFrame(reading.quarantined)] if reading.quarantined else [], QUARANTINE_COLUMNS),
        earlier_tokens=tokens.earlier_tokens(once["card"].tolist()),
        received=reading.received,
        duplicates=len(everything) - len(once),
        bad=reading.bad,
        note="; ".join(dict.fromkeys(reading.notes)) or None,
        dropped=json.dumps(dict(sorted(reading.dropped.items()))) if reading.dropped else None,
        error=None if reading.valid else "; ".join(reading.errors) or "no answer landed for this batch",
    )


# --- all batches --------------------------------------------------------------------------------------------------
def _known(store: Store, read: Sequence[_ReadBatch]) -> pd.DataFrame:
    """The stored payments among all batches' payments."""
    ids = list(dict.fromkeys(trans_num for one in read for trans_num in one.tokenised["trans_num"]))
    known = store.known(ids) if ids else empty_frame(KNOWN_COLUMNS)
    return known[list(KNOWN_COLUMNS)].astype(KNOWN_COLUMNS)


def _classified(
    read: Sequence[_ReadBatch], known: pd.DataFrame, *, rescore: bool, restamped: bool
) -> list[pd.DataFrame]:
    """``PAYMENT_COLUMNS`` of each batch, up to one with late deliveries; each batch knows those before it."""
    frames: list[pd.DataFrame] = []
    for one in read:
        batch, sequence = one.work.batch, one.work.landing_seq
        classified = classify(
            one.tokenised, known, sequence, rescore=rescore, corrects=batch.kind != "history", restamped=restamped
        )
        frames.append(payments_frame(classified, batch.batch_id, sequence))
        if one is read[-1] or (classified["delivery"] == LATE).any():
            return frames
        known = known_after(known, classified, sequence)
    return frames


def _features(
    payments: pd.DataFrame, past: CardHistory, profiles: pd.DataFrame, compute: Callable[..., pd.DataFrame]
) -> pd.DataFrame:
    """The features of the payments to score, in their order and under their index."""
    scored = payments_to_score(payments)
    found = [compute(view.payments, view.history, profiles) for view in past.views(payments)]
    if not found:
        return compute(scored, empty_frame(HISTORY_COLUMNS), profiles)
    return pd.concat(found).loc[scored.index] if len(found) > 1 else found[0].loc[scored.index]


def _profiles(scored: pd.DataFrame, store: Store, config: TransformConfig) -> pd.DataFrame:
    """The daily merchant profiles that the scored payments need."""
    days = sorted(set(scored["event_time"].dt.tz_convert(config.time_zone).dt.date))
    first = int(scored["landing_seq"].min()) if len(scored) else 0
    return store.merchant_profiles(days, first)


def _batches(read: Sequence[_ReadBatch]) -> pd.DataFrame:
    rows = [
        (one.work.batch.batch_id, one.work.landing_seq, one.received, len(one.tokenised), one.duplicates,
         one.bad, one.dropped, one.error, one.note)
        for one in read
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(BATCH_COLUMNS)).astype(BATCH_COLUMNS)


def _joined(frames: Sequence[pd.DataFrame], columns: dict[str, str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return empty_frame(columns)
    return pd.concat(filled, ignore_index=True)[list(columns)].astype(columns)
