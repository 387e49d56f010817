"""Classify a delivery of a payment against the stored payment: new, correction, unchanged, late or rescore."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fraud_scorer.domain.frames import (
    ARRIVAL,
    CORRECTION,
    EVENT,
    LATE,
    NEVER_STANDS,
    NEW,
    PAYMENT_COLUMNS,
    REFUND,
    RESCORE,
    STANDS_FOR,
    UNCHANGED,
)
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.ingest.event_kinds import standing_ranks

KNOWN_COLUMNS = {
    "trans_num": "str",
    "event_time": "datetime64[us, UTC]",
    "landing_seq": "int64",
    "first_landing_seq": "int64",
    "body_hash": "object",
    "kind": "str",  # of the delivery that stands for the payment
}
_EVENT_IDENTITY = ["trans_num", "kind", "amount_cents", "currency"]
_DAY_MICROS = 86_400_000_000
_DAYS_A_YEAR = 365.2425
_HASHED_TEXTS = ("trans_num", "currency", "merchant", "category", "city", "state", "zip", "gender")
_HASHED_FLOATS = ("home_lat", "home_long", "merch_lat", "merch_long", "birth_day")
_MISSING = "\0"  # no valid text holds it


def drop_repeats(valid: pd.DataFrame, *, restamped: bool = False) -> pd.DataFrame:
    """One row a payment, of several deliveries in one batch the last; one row an event.

    ``restamped``: the API stamps each answer with its own clock, so that time tells no two events apart.
    """
    itself = (standing_ranks(valid["kind"], valid["amount_cents"]) == 0).astype(bool)
    if itself.all():
        return valid[~valid["trans_num"].duplicated(keep="last")].reset_index(drop=True)
    identity = valid[[*_EVENT_IDENTITY, *([] if restamped else ["event_time"])]]
    again = np.empty(len(valid), bool)
    again[itself] = valid.loc[itself, "trans_num"].duplicated(keep="last")
    again[~itself] = identity[~itself].duplicated(keep="last")
    return valid[~again].reset_index(drop=True)


def tokenise(valid: pd.DataFrame, tokens: CardTokens) -> pd.DataFrame:
    """The card number replaced by card_token and card_key_id; body_hash added."""
    cards = valid["card"].tolist()
    return valid.drop(columns="card").assign(
        card_token=pd.array(tokens.tokens(cards), dtype="str"),
        card_key_id=pd.array([tokens.key_id] * len(cards), dtype="str"),
        body_hash=pd.Series(body_hashes(valid, tokens.lasting_tokens(cards)), dtype=object),
    )


def body_hashes(valid: pd.DataFrame, lasting_tokens: Sequence[str]) -> list[bytes]:
    """sha256 (32 bytes) of all that a delivery says of its payment but its time and its label.

    The same values give the same hash on any machine and version; changing this changes every replay, so don't.
    """
    floats = np.column_stack([valid[name].to_numpy(np.float64) for name in _HASHED_FLOATS]) + 0.0  # -0.0 is 0.0
    floats[np.isnan(floats)] = np.nan
    whole = np.column_stack([valid["amount_cents"], valid["city_pop"].fillna(-1)]).astype("<i8")
    numbers = np.ascontiguousarray(np.hstack([floats.astype("<f8"), whole.view("<f8")]))
    raw, width = numbers.tobytes(), numbers.shape[1] * 8
    columns = [valid[name].astype(object).where(valid[name].notna(), _MISSING).tolist() for name in _HASHED_TEXTS]
    texts = ["\x1f".join(row).encode() for row in zip(*columns, lasting_tokens, strict=True)]
    return [
        hashlib.sha256(b"1" + raw[row * width : (row + 1) * width] + text).digest() for row, text in enumerate(texts)
    ]


def classify(
    tokenised: pd.DataFrame,
    known: pd.DataFrame,
    landing_seq: int,
    *,
    rescore: bool,
    corrects: bool = True,
    restamped: bool = False,
) -> pd.DataFrame:
    """``delivery``, ``is_event``, ``occurrence`` added; known payments get their stored event time, but from late ones.

    A delivery is compared with the delivery that stands for its payment so far, by rank (``frames.STANDS_FOR``): a
    lower rank takes its place, a higher rank is an event, and only an equal rank may be a correction.

    Args:
        tokenised: one batch's payments and events, as ``drop_repeats`` leaves them.
        known: ``KNOWN_COLUMNS`` of the payments stored so far, one row each.
        landing_seq: of the batch.
        rescore: decide anew about payments whose stored body is this batch's.
        corrects: False: another body changes nothing (imported history only adds payments).
        restamped: the API stamps each answer with its own clock.
    """
    found = pd.Index(known["trans_num"]).get_indexer(pd.Index(tokenised["trans_num"]))
    place = standing_ranks(tokenised["kind"], tokenised["amount_cents"])
    stored_place = np.full(len(tokenised), NEVER_STANDS)
    stored_place[found >= 0] = standing_ranks(known["kind"])[found[found >= 0]]
    stands, alone = _standing(tokenised["trans_num"], place, stored_place)
    is_known = stands & (found >= 0) & (place == stored_place)
    stored = known.iloc[found[is_known]]
    hashes = zip(tokenised["body_hash"][is_known], stored["body_hash"], strict=True)
    same = np.array([bytes(ours) == bytes(theirs) for ours, theirs in hashes], bool)
    stored_seq = stored["landing_seq"].to_numpy(np.int64)
    verdict = np.where(same | (landing_seq < stored_seq) | (not corrects), UNCHANGED, CORRECTION).astype(object)
    if rescore:
        verdict[same & (stored_seq == landing_seq) & (place[is_known] < STANDS_FOR[REFUND])] = RESCORE
    late = landing_seq < stored["first_landing_seq"].to_numpy(np.int64)
    delivery = np.where(stands, np.where(found >= 0, ARRIVAL, NEW), EVENT).astype(object)
    delivery[is_known] = np.where(late, LATE, verdict)
    is_event = ~stands | ~alone
    if (place[is_known] > 0).any():
        is_event[is_known] |= (place[is_known] > 0) & ~_is_stored_one(tokenised[is_known], stored, same, restamped)
    event_time = tokenised["event_time"].copy()
    event_time[np.flatnonzero(is_known)[~late]] = stored["event_time"].to_numpy()[~late]
    return tokenised.assign(
        delivery=pd.array(delivery, dtype="str"),
        event_time=event_time,
        is_event=is_event,
        occurrence=pd.Series(pd.NaT, tokenised.index, dtype=event_time.dtype) if restamped else tokenised["event_time"],
    )


def _standing(trans_num: pd.Series, place: np.ndarray, stored_place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a batch that stand for their payments, one each at most; and rows that have no rival for that."""
    every = np.ones(len(place), bool)
    if not place.any():  # nothing but payments, as nearly always
        return every, every
    best = pd.Series(np.minimum(place, stored_place)).groupby(trans_num.to_numpy()).transform("min").to_numpy()
    can = (place == best) & (place < NEVER_STANDS)
    stands, alone = can.copy(), every
    stands[can] = ~trans_num[can].duplicated(keep="last").to_numpy()
    alone[can] = ~trans_num[can].duplicated(keep=False).to_numpy()
    return stands, alone


def _is_stored_one(ours: pd.DataFrame, stored: pd.DataFrame, same: np.ndarray, restamped: bool) -> np.ndarray:
    """Deliveries that repeat the very delivery that stands for the payment (bool)."""
    as_stored: np.ndarray = same & (ours["kind"].to_numpy() == stored["kind"].to_numpy())
    return as_stored if restamped else as_stored & (ours["event_time"].to_numpy() == stored["event_time"].to_numpy())


def known_after(known: pd.DataFrame, classified: pd.DataFrame, landing_seq: int) -> pd.DataFrame:
    """``known`` as it is once the batch is stored."""
    written = classified[~classified["delivery"].isin([UNCHANGED, EVENT]).to_numpy()]
    earlier = pd.Series(known["first_landing_seq"].to_numpy(), index=pd.Index(known["trans_num"]))
    first = earlier.reindex(written["trans_num"]).fillna(landing_seq).to_numpy(np.int64)
    first = np.where(written["delivery"] == ARRIVAL, landing_seq, first)
    added = pd.DataFrame({
        "trans_num": written["trans_num"], "event_time": written["event_time"], "landing_seq": landing_seq,
        "first_landing_seq": first, "body_hash": written["body_hash"], "kind": written["kind"],
    })  # fmt: skip
    kept = known[~known["trans_num"].isin(added["trans_num"])]
    return pd.concat([kept, added], ignore_index=True) if len(kept) else added.reset_index(drop=True)


def payments_frame(classified: pd.DataFrame, batch_id: str, landing_seq: int) -> pd.DataFrame:
    """``PAYMENT_COLUMNS``; the age is the one at the event, so that a repeat of a payment makes nobody older."""
    event_days = classified["event_time"].astype("int64") / _DAY_MICROS
    complete = classified.assign(
        batch_id=pd.array([batch_id] * len(classified), dtype="str"),
        landing_seq=np.int64(landing_seq),
        age_years=(event_days - classified["birth_day"]) / _DAYS_A_YEAR,
    )
    return complete[list(PAYMENT_COLUMNS)].astype(PAYMENT_COLUMNS)


def empty_frame(columns: dict[str, str]) -> pd.DataFrame:
    """No rows, with these columns and dtypes."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
