"""A batch's payments and decisions as the staging table of ``load`` wants them."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fraud_common.errors import TerminalError
from fraud_scorer.domain.frames import EVENT, LATE, UNCHANGED
from fraud_scorer.domain.ports import LoadWork
from fraud_scorer.ingest.event_kinds import can_be_scored

_AS_THEY_ARE = (
    "trans_num", "event_time", "kind", "amount_cents", "currency", "card_token", "card_key_id", "card_last4",
    "merchant", "category", "city", "state", "zip", "home_lat", "home_long", "merch_lat", "merch_long", "city_pop",
    "gender", "age_years", "payload_is_fraud",
)  # fmt: skip
_OF_EVENTS = (
    "trans_num", "kind", "amount_cents", "currency", "event_time", "occurrence", "card_token", "card_key_id",
    "card_last4", "merchant", "category",
)  # fmt: skip
_DECIDED = ("raw_score", "fraud_probability", "threshold", "flagged", "reasons", "features", "model_hash", "scored_by")


def staged(work: LoadWork) -> pa.Table:
    """The rows of ``work`` that may write something, in the order of load/stage_copy.sql's columns.

    Raises:
        TerminalError: a text is no Unicode (half of a surrogate pair), or a payment that is new has no decision.
    """
    payments = work.payments[~work.payments["delivery"].isin([UNCHANGED, EVENT])]
    decisions = _aligned(payments, work.decisions)
    columns = {name: _array(payments[name]) for name in _AS_THEY_ARE}
    columns["body_hash"] = _hex(payments["body_hash"])
    columns |= {name: _decided(name, decisions) for name in _DECIDED}
    columns |= {name: _array(payments[name]) for name in ("delivery", "occurrence")}
    count = len(payments)
    batch_id, landing_seq = pa.repeat(work.batch.batch_id, count), pa.repeat(int(work.landing_seq), count)
    columns |= {"first_batch_id": batch_id, "first_landing_seq": landing_seq}
    columns |= {"batch_id": batch_id, "landing_seq": landing_seq}
    return pa.table(columns)


def staged_events(work: LoadWork) -> pa.Table:
    """What ``work`` tells of payments besides the payments, in the order of load/events_copy.sql's columns."""
    events = work.payments[work.payments["is_event"].to_numpy(bool)]
    own_time = events["occurrence"].fillna(events["event_time"])
    columns = {name: _array(own_time if name == "event_time" else events[name]) for name in _OF_EVENTS}
    columns["body_hash"] = _hex(events["body_hash"])
    columns["batch_id"] = pa.repeat(work.batch.batch_id, len(events))
    columns["landing_seq"] = pa.repeat(int(work.landing_seq), len(events))
    return pa.table(columns | {"delivery": _array(events["delivery"])})


def _aligned(payments: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """One decision a payment, in the payments' order; refunds and late deliveries have none."""
    found = decisions.set_index("trans_num").reindex(columns=list(_DECIDED)).reindex(payments["trans_num"])
    decidable = can_be_scored(payments) & (payments["delivery"] != LATE).to_numpy()
    undecided = found["raw_score"].isna().to_numpy() & decidable
    if undecided.any():
        raise TerminalError(f"{int(undecided.sum())} payments reached load without a decision", "Report this")
    return found


def _decided(name: str, decisions: pd.DataFrame) -> pa.Array:
    values = decisions[name]
    if name == "flagged":
        return pa.array([flagged is True or flagged == 1 for flagged in values], pa.bool_())
    if name == "reasons":
        return pa.array([json.dumps(reasons) if _given(reasons) else None for reasons in values], pa.string())
    if name == "features":
        return _real_arrays(values)
    if name in ("model_hash", "scored_by"):
        return pa.array(values.astype(object), pa.string(), from_pandas=True)
    return pa.array(values.astype("float64"), pa.float64(), from_pandas=True)


def _array(values: pd.Series) -> pa.Array:
    """NaN and None are null."""
    try:
        kind = pa.string() if values.dtype == object or str(values.dtype) == "str" else None
        made = pa.array(values, kind, from_pandas=True)
    except UnicodeEncodeError:
        raise TerminalError(
            f"the column {values.name} holds half of a surrogate pair",
            "Such a record belongs into quarantine: report it",
        ) from None
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def _hex(hashes: Iterable[bytes]) -> pa.Array:
    return pa.array(["\\x" + bytes(value).hex() for value in hashes], pa.string())


def _real_arrays(values: pd.Series) -> pa.Array:
    """``{0.1,NaN,…}`` of each list; the numbers with the fewest digits that read back the same float32."""
    lists = pa.array(
        [None if not _given(one) else np.asarray(one, np.float32) for one in values], pa.list_(pa.float32())
    )
    flat = pc.fill_null(pc.cast(lists.flatten(), pa.string()), "NaN")
    offsets = np.r_[0, np.cumsum(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False))]
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat), ",")
    braced = pc.binary_join_element_wise("{", joined, "}", "")
    return pc.if_else(pc.is_valid(lists), braced, pa.scalar(None, pa.string()))


def _given(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and np.isnan(value))
