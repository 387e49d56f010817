"""The one feature function: training, serving and backfill all call it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fraud_common.geo import distance_km
from fraud_common.money import minor_units_per_major
from fraud_scorer.features.declared import FEATURE_NAMES, NUMBER_FEATURES, TEXT_FEATURES
from fraud_scorer.features.local_calendar import calendar_features, micros_utc
from fraud_scorer.features.merchant import merchant_features
from fraud_scorer.features.point_in_time import point_in_time_card_features


def compute_features(
    payments: pd.DataFrame, history: pd.DataFrame, profiles: pd.DataFrame, *, time_zone: str
) -> pd.DataFrame:
    """The declared features of each payment, as they were when its batch landed.

    Args:
        payments: ``PAYMENT_COLUMNS`` (see ``frames``) of one or more batches; a later batch sees the earlier ones.
        history: ``HISTORY_COLUMNS`` of these cards' earlier payments, at least ``LOOK_BACK_DAYS`` deep, refunds
            left out. Rows that no batch may see yet (higher ``landing_seq``) do no harm.
        profiles: ``PROFILE_COLUMNS`` for the payments' local days.
        time_zone: the team's calendar.

    Returns:
        One column a declared feature (float64, ``category`` str), the index of ``payments``. Missing values stay
        NaN; refunds (negative amounts) are NaN throughout, and no payment sees them.
    """
    is_payment = payments["amount_cents"].to_numpy(np.int64) >= 0
    scored = payments[is_payment]
    columns: dict[str, np.ndarray] = {}
    if len(scored):
        micros = micros_utc(scored["event_time"])
        columns = _own_features(scored) | calendar_features(micros, time_zone)
        columns |= merchant_features(micros, scored["merchant"], profiles, time_zone)
        columns |= point_in_time_card_features(scored, history, time_zone)
        if unmatched := set(columns) ^ set(NUMBER_FEATURES):
            raise LookupError(f"declared and computed features differ: {', '.join(sorted(unmatched))}")
    numbers = {name: _over_all_rows(columns.get(name), is_payment) for name in NUMBER_FEATURES}
    texts = {name: payments[name].astype("str").where(is_payment) for name in TEXT_FEATURES}
    return pd.DataFrame({name: (numbers | texts)[name] for name in FEATURE_NAMES}, index=payments.index)


def _own_features(payments: pd.DataFrame) -> dict[str, np.ndarray]:
    """Features of the payment alone (float64, NaN where missing)."""
    place = {name: payments[name].to_numpy(np.float64) for name in ("home_lat", "home_long", "merch_lat", "merch_long")}
    return {
        "amount": payments["amount_cents"].to_numpy(np.int64) / minor_units_per_major(payments["currency"]),
        "age_years": payments["age_years"].to_numpy(np.float64),
        "city_pop": payments["city_pop"].astype("Float64").to_numpy(np.float64, na_value=np.nan),
        "home_distance_km": distance_km(place["home_lat"], place["home_long"], place["merch_lat"], place["merch_long"]),
    }


def _over_all_rows(values: np.ndarray | None, is_payment: np.ndarray) -> np.ndarray:
    """One feature over all rows: NaN for the refunds in between."""
    result = np.full(len(is_payment), np.nan)
    if values is not None:
        result[is_payment] = values
    return result
