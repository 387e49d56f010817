"""Daily merchant profiles: payments and known frauds of a merchant when a day's first payment landed.

Profile (day d, merchant), all days of the team's time zone, label delay D in whole days:

- payments on days d-7..d-1 and d-30..d-1;
- labelled payments and frauds on days d-D-7..d-D-1 and d-D-30..d-D-1, with labels known before d began;
- of all these only payments that landed before A(d), the first batch that brought a payment of day d or later.

So a profile never changes once its day has begun, and a replay reads the live run's profiles.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fraud_scorer.features.local_calendar import local_day, micros_utc

PROFILE_COUNTS = ("payments_7d", "payments_30d", "labelled_7d", "labelled_30d", "frauds_7d", "frauds_30d")
PROFILE_COLUMNS = ("profile_day", "merchant", *PROFILE_COUNTS)
_WINDOWS_DAYS = (7, 30)
_NEVER = np.iinfo(np.int64).max // 4
_DAY_SPAN = np.int64(1 << 22)  # days fit below this; (merchant, day) is one integer


def merchant_profile_rows(
    payments: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    time_zone: str,
    label_delay_days: float,
    days: np.ndarray | None = None,
    seen_only: bool = False,
) -> pd.DataFrame:
    """Profiles computed from payments and labels, for all days at once.

    Args:
        payments: ``event_time``, ``landing_seq``, ``merchant`` and ``trans_num``, one row a payment (refunds left out).
        labels: ``trans_num``, ``is_fraud`` (bool) and ``known_at`` (aware); at most one row a payment.
        time_zone: the calendar of the days.
        label_delay_days: rounded up to whole days.
        days: local days (int64 since 1970-01-01) to profile; by default each day that has a payment.
        seen_only: only the merchants that have a payment on the day (all that training needs).

    Returns:
        ``PROFILE_COLUMNS``: ``profile_day`` as ``datetime.date``, counts as int64, one row a day and merchant, sorted.
        Merchants of which nothing is known on a day have no row (``seen_only``: a row of zeros).
    """
    micros = micros_utc(payments["event_time"])
    day = local_day(micros, time_zone)
    merchant, names = pd.factorize(payments["merchant"], sort=True)
    wanted = np.unique(day) if days is None else np.unique(np.asarray(days, np.int64))
    visible_from = _visible_from(day, payments["landing_seq"].to_numpy(np.int64))
    pairs = _pairs_seen(day, merchant, wanted) if seen_only else _pairs_all(len(names), wanted)
    is_fraud, known_from = _label_days(payments["trans_num"], labels, time_zone)
    delay = math.ceil(label_delay_days)
    counts = {}
    for width in _WINDOWS_DAYS:
        counts[f"payments_{width}d"] = _count_covering(merchant, np.maximum(day + 1, visible_from), day + width, pairs)
        begin, end = np.maximum(np.maximum(day + 1 + delay, visible_from), known_from), day + delay + width
        counts[f"labelled_{width}d"] = _count_covering(merchant, begin, end, pairs)
        counts[f"frauds_{width}d"] = _count_covering(merchant[is_fraud], begin[is_fraud], end[is_fraud], pairs)
    rows = pd.DataFrame({name: counts[name] for name in PROFILE_COUNTS})
    rows.insert(0, "merchant", np.asarray(names, dtype=object)[pairs // _DAY_SPAN])
    rows.insert(0, "profile_day", (pairs % _DAY_SPAN).astype("datetime64[D]").astype(object))
    if not seen_only:
        rows = rows[rows[list(PROFILE_COUNTS)].any(axis=1)]
    return rows.sort_values(["profile_day", "merchant"], ignore_index=True)


def merchant_features(
    micros: np.ndarray, merchants: pd.Series, profiles: pd.DataFrame, time_zone: str
) -> dict[str, np.ndarray]:
    """The declared features of group ``merchant`` (float64): each payment's row of ``profiles``.

    Without a row the counts are 0; without labelled payments the fraud rates are NaN.
    """
    rows = _profile_rows(local_day(micros, time_zone), merchants, profiles)
    found = rows >= 0
    values = {}
    for name in PROFILE_COUNTS:
        known = profiles[name].to_numpy(np.float64)
        values[name] = np.where(found, known[np.maximum(rows, 0)], 0.0) if len(known) else np.zeros(len(rows))
    result = {f"merchant_payments_{width}d": values[f"payments_{width}d"] for width in _WINDOWS_DAYS}
    for width in _WINDOWS_DAYS:
        labelled = values[f"labelled_{width}d"]
        rate = values[f"frauds_{width}d"] / np.maximum(labelled, 1.0)
        result[f"merchant_fraud_rate_{width}d"] = np.where(labelled > 0, rate, np.nan)
    return result


def _profile_rows(day: np.ndarray, merchants: pd.Series, profiles: pd.DataFrame) -> np.ndarray:
    """Position of each payment's profile, -1 where there is none."""
    if not len(profiles):
        return np.full(len(day), -1)
    names = pd.concat([profiles["merchant"].astype(object), merchants.astype(object)], ignore_index=True)
    code = pd.factorize(names)[0].astype(np.int64)
    profile_day = pd.to_datetime(profiles["profile_day"]).to_numpy().astype("datetime64[D]").astype(np.int64)
    key = code[: len(profiles)] * _DAY_SPAN + profile_day
    order = np.argsort(key, kind="stable")
    wanted = code[len(profiles) :] * _DAY_SPAN + day
    place = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    return np.where(key[order][place] == wanted, order[place], -1)


def _visible_from(day: np.ndarray, landed: np.ndarray) -> np.ndarray:
    """For each payment the first day d whose A(d) lies above its landing sequence."""
    if not len(day):
        return day
    order = np.argsort(day, kind="stable")
    days, starts = np.unique(day[order], return_index=True)
    lowest_that_day = np.minimum.reduceat(landed[order], starts)
    lowest_from = np.minimum.accumulate(lowest_that_day[::-1])[::-1]  # A(d) at each day that has payments
    # the last such day with A(d) <= landed still hides the payment: it shows the day after
    last_hidden = np.searchsorted(lowest_from, landed, side="right") - 1
    return np.where(last_hidden >= 0, days[np.maximum(last_hidden, 0)] + 1, days[0] - 1)


def _label_days(trans_num: pd.Series, labels: pd.DataFrame, time_zone: str) -> tuple[np.ndarray, np.ndarray]:
    """Per payment: is it labelled a fraud, and the first local day that began after its label was known."""
    if not len(labels):
        return np.zeros(len(trans_num), bool), np.full(len(trans_num), _NEVER)
    place = pd.Index(labels["trans_num"]).get_indexer(pd.Index(trans_num))
    labelled = place >= 0
    place = np.maximum(place, 0)
    is_fraud = labels["is_fraud"].to_numpy(bool)[place] & labelled
    first_day = local_day(micros_utc(labels["known_at"]), time_zone) + 1
    return is_fraud, np.where(labelled, first_day[place], _NEVER)


def _pairs_seen(day: np.ndarray, merchant: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    asked = np.isin(day, wanted)
    pairs: np.ndarray = np.unique(merchant[asked].astype(np.int64) * _DAY_SPAN + day[asked])
    return pairs


def _pairs_all(merchant_count: int, wanted: np.ndarray) -> np.ndarray:
    pairs: np.ndarray = np.add.outer(np.arange(merchant_count, dtype=np.int64) * _DAY_SPAN, wanted).ravel()
    return pairs


def _count_covering(merchant: np.ndarray, begin: np.ndarray, end: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Count the merchant's intervals [begin, end] of days that cover each pair's day (int64).

    The difference array's two halves, kept sorted: intervals begun by the day less intervals ended before it.
    """
    real = begin <= end
    base = merchant[real].astype(np.int64) * _DAY_SPAN
    begun = np.searchsorted(np.sort(base + begin[real]), pairs, side="right")
    ended = np.searchsorted(np.sort(base + end[real]), pairs, side="left")
    # both count all intervals of earlier merchants, which cancel out
    return (begun - ended).astype(np.int64)
