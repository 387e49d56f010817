"""Stored payments for the data scientist: to train on, to backtest, to explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Engine

from fraud_scorer.domain.frames import PURCHASE
from fraud_scorer.store.bulk import copy_out, frame_of, rows
from fraud_scorer.store.engine import create_store_engine, transaction

_LONG_SECONDS = 1_800.0  # a year's payments take minutes to read
_TEXTS = ("currency", "card_token", "merchant", "category")
_PLACES = ("home_lat", "home_long", "merch_lat", "merch_long")
_PAYMENT_TYPES = {
    "trans_num": pa.string(),
    "event_time": pa.int64(),
    "landing_seq": pa.int64(),
    "amount_cents": pa.int64(),
    **dict.fromkeys(_TEXTS, pa.string()),
    **dict.fromkeys(_PLACES, pa.float64()),
    "city_pop": pa.float64(),
    "age_years": pa.float64(),
    "payload_is_fraud": pa.float64(),
}
_COUNTS = ("payments_7d", "payments_30d", "labelled_7d", "labelled_30d", "frauds_7d", "frauds_30d")
_PROFILE_TYPES = {"profile_day": pa.date32(), "merchant": pa.string(), **dict.fromkeys(_COUNTS, pa.int64())}
_BACKTEST_TYPES = {
    "trans_num": pa.string(),
    "event_time": pa.int64(),
    "amount_cents": pa.int64(),
    "currency": pa.string(),
    "fraud_probability": pa.float64(),
    "label": pa.string(),
}


def long_engine(url: str) -> Engine:
    """An engine on ``fraud_db`` whose statements may take long (reading a year)."""
    return create_store_engine(url, statement_seconds=_LONG_SECONDS, transaction_seconds=_LONG_SECONDS)


def payments_to_train(engine: Engine, since: datetime, until: datetime) -> pd.DataFrame:
    """What ``training.dataset.make_dataset`` reads, of payments in [since, until), sorted by event time.

    ``payload_is_fraud`` (boolean) is the label in force today, whoever said it; null where none is known. A card has
    one ``card_token``, also if its payments are stored under several keys' tokens.
    """
    with transaction(engine) as cursor:
        table = copy_out(cursor, "training/payments", {"since": since, "until": until}, _PAYMENT_TYPES)
        links = rows(cursor, "training/card_tokens", {})
    moments = table["event_time"].cast(pa.timestamp("us", "UTC"))
    frame = frame_of(table.set_column(table.column_names.index("event_time"), "event_time", moments))
    if links:
        tokens = frame["card_token"]  # map: replace takes keys x rows
        frame["card_token"] = tokens.map(_one_name_a_card(links)).fillna(tokens).astype("str")
    return frame.assign(kind=PURCHASE).astype({"payload_is_fraud": "boolean", "city_pop": "Int64"})


def _one_name_a_card(links: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Each linked token to one that stands for its card, however its keys were rotated, forth or back."""
    name: dict[str, str] = {}

    def find(token: str) -> str:
        while (above := name.setdefault(token, token)) != token:
            token = above
        return token

    for link in links:
        name[find(link["earlier_token"])] = find(link["token"])
    return {token: find(token) for token in list(name)}


def stored_profiles(engine: Engine) -> pd.DataFrame:
    """Every merchant profile that live runs have read."""
    with transaction(engine) as cursor:
        return frame_of(copy_out(cursor, "profiles/stored", {"days": None}, _PROFILE_TYPES))


def payments_to_backtest(engine: Engine, since: datetime, until: datetime, model_hash: str | None) -> pd.DataFrame:
    """trans_num, event_time (UTC microseconds), amount_cents, currency, fraud_probability, label (null: not known)."""
    values = {"since": since, "until": until, "model_hash": model_hash}
    with transaction(engine) as cursor:
        return frame_of(copy_out(cursor, "training/backtest_payments", values, _BACKTEST_TYPES))


def payment_to_explain(engine: Engine, trans_num: str) -> dict[str, Any] | None:
    """One payment with its decision and what the scorer saw; None if it is not stored."""
    with transaction(engine) as cursor:
        found = rows(cursor, "payments/explain", {"trans_num": trans_num})
    return found[0] if found else None
