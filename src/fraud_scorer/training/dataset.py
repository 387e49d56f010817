"""Labelled payments with point-in-time features: the data of training and evaluation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fraud_common.money import minor_units_per_major
from fraud_scorer.domain.frames import HISTORY_COLUMNS
from fraud_scorer.features import compute_features, merchant_profile_rows
from fraud_scorer.ingest.event_kinds import can_be_scored

_MICROS_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class Dataset:
    """One row a payment that can be scored (no refunds), in order of event time; all arrays are as long as it."""

    trans_num: pd.Series
    micros: np.ndarray  # event time, UTC microseconds
    card: np.ndarray  # a code a card
    currency: pd.Series  # str
    amount: np.ndarray  # in units of its currency
    label: np.ndarray  # int8: 1 fraud, 0 genuine, -1 unknown
    features: pd.DataFrame

    def __len__(self) -> int:
        return len(self.micros)

    def take(self, chosen: np.ndarray) -> Dataset:
        """The rows where ``chosen`` (bool) holds."""
        return Dataset(
            self.trans_num[chosen].reset_index(drop=True),
            self.micros[chosen],
            self.card[chosen],
            self.currency[chosen].reset_index(drop=True),
            self.amount[chosen],
            self.label[chosen],
            self.features[chosen].reset_index(drop=True),
        )

    def day(self) -> np.ndarray:
        """UTC day of each row, as days since 1970 (int64)."""
        return self.micros // _MICROS_PER_DAY

    @property
    def days_spanned(self) -> float:
        """Days from the first payment to the last."""
        return float(self.micros[-1] - self.micros[0]) / _MICROS_PER_DAY if len(self) else 0.0


def make_dataset(
    payments: pd.DataFrame, *, time_zone: str, label_delay_days: float, profiles: pd.DataFrame | None = None
) -> Dataset:
    """Features for all payments at once, exactly as serving would have computed them one minute after another.

    Args:
        payments: ``PaymentsFile.payments`` (or the store's), sorted by event time.
        time_zone: the team's calendar.
        label_delay_days: a payload's label counts as known so long after the event.
        profiles: the merchant profiles that the live runs read; computed from ``payments`` where there are none.
    """
    scored = payments[can_be_scored(payments)].reset_index(drop=True)
    if profiles is None:
        profiles = merchant_profile_rows(
            scored, _labels(scored, label_delay_days), time_zone=time_zone, label_delay_days=label_delay_days,
            seen_only=True,
        )  # fmt: skip
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in HISTORY_COLUMNS.items()})
    features = compute_features(scored, empty, profiles, time_zone=time_zone)
    return Dataset(
        trans_num=scored["trans_num"],
        micros=scored["event_time"].astype("int64").to_numpy(),
        card=pd.factorize(scored["card_token"])[0],
        currency=scored["currency"],
        amount=scored["amount_cents"].to_numpy() / minor_units_per_major(scored["currency"]),
        label=scored["payload_is_fraud"].astype("Int8").to_numpy(np.int8, na_value=-1),
        features=features,
    )


def source_of_frame(payments: pd.DataFrame, name: str) -> dict[str, object]:
    """The manifest's source entry for data that are no file: a name, and the sha256 of the rows."""
    hashes = pd.util.hash_pandas_object(payments, index=False).to_numpy()
    return {"names": [name], "sha256": hashlib.sha256(hashes.tobytes()).hexdigest()}


def _labels(payments: pd.DataFrame, label_delay_days: float) -> pd.DataFrame:
    labelled = payments[payments["payload_is_fraud"].notna()]
    return pd.DataFrame(
        {
            "trans_num": labelled["trans_num"],
            "is_fraud": labelled["payload_is_fraud"].astype(bool),
            "known_at": labelled["event_time"] + pd.Timedelta(days=label_delay_days),
        }
    )
