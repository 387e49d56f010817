"""What a delivery of a payment is to what is stored: new, a correction, unchanged, late, or to be decided anew."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fraud_scorer.frames import CORRECTION, LATE, NEW, PAYMENT_COLUMNS, RESCORE, UNCHANGED
from fraud_scorer.payments.tokens import CardTokens

KNOWN_COLUMNS = {
    "trans_num": "str",
    "event_time": "datetime64[us, UTC]",
    "landing_seq": "int64",
    "first_landing_seq": "int64",
    "body_hash": "object",
}
_DAY_MICROS = 86_400_000_000
_DAYS_A_YEAR = 365.2425
_HASHED_TEXTS = ("trans_num", "currency", "merchant", "category", "city", "state", "zip", "gender")
_HASHED_FLOATS = ("home_lat", "home_long", "merch_lat", "merch_long", "birth_day")
_MISSING = "\0"  # no valid text holds it


def collapse(valid: pd.DataFrame) -> pd.DataFrame:
    """One row a payment: of several deliveries in one batch the last wins."""
    return valid[~valid["trans_num"].duplicated(keep="last")].reset_index(drop=True)


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
    tokenised: pd.DataFrame, known: pd.DataFrame, landing_seq: int, *, rescore: bool, corrects: bool = True
) -> pd.DataFrame:
    """``delivery`` added, and the event time of known payments set to the stored one (unless this one landed first).

    Args:
        tokenised: one batch's payments, one row each.
        known: ``KNOWN_COLUMNS`` of the payments stored so far, one row each.
        landing_seq: of the batch.
        rescore: decide anew about payments whose stored body is this batch's.
        corrects: False: another body changes nothing (imported history only adds payments).
    """
    found = pd.Index(known["trans_num"]).get_indexer(pd.Index(tokenised["trans_num"]))
    is_known = found >= 0
    stored = known.iloc[found[is_known]]
    delivery = np.full(len(tokenised), NEW, dtype=object)
    hashes = zip(tokenised["body_hash"][is_known], stored["body_hash"], strict=True)
    same = np.array([bytes(ours) == bytes(theirs) for ours, theirs in hashes], bool)
    stored_seq = stored["landing_seq"].to_numpy(np.int64)
    is_payment = tokenised["amount_cents"].to_numpy(np.int64)[is_known] >= 0
    verdict = np.where(same | (landing_seq < stored_seq) | (not corrects), UNCHANGED, CORRECTION).astype(object)
    if rescore:
        verdict[same & (stored_seq == landing_seq) & is_payment] = RESCORE
    late = landing_seq < stored["first_landing_seq"].to_numpy(np.int64)
    delivery[is_known] = np.where(late, LATE, verdict)
    event_time = tokenised["event_time"].copy()
    event_time[np.flatnonzero(is_known)[~late]] = stored["event_time"].to_numpy()[~late]
    return tokenised.assign(delivery=pd.array(delivery, dtype="str"), event_time=event_time)


def now_known(known: pd.DataFrame, classified: pd.DataFrame, landing_seq: int) -> pd.DataFrame:
    """``known`` as it is once the batch is stored."""
    written = classified[(classified["delivery"] != UNCHANGED).to_numpy()]
    earlier = pd.Series(known["first_landing_seq"].to_numpy(), index=pd.Index(known["trans_num"]))
    first = earlier.reindex(written["trans_num"]).fillna(landing_seq).to_numpy(np.int64)
    added = pd.DataFrame({
        "trans_num": written["trans_num"], "event_time": written["event_time"], "landing_seq": landing_seq,
        "first_landing_seq": first, "body_hash": written["body_hash"],
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
