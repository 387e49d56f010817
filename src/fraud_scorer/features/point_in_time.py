"""Point-in-time visibility: the earlier payments of its card that a payment may see.

A payment P of batch b sees a payment Q of the same card if (Q.event_time, Q.trans_num) < (P.event_time, P.trans_num)
and Q had landed when b landed (a lower landing sequence), or lies in b itself. Nearly always payments land in the
order they happen, and then P sees all payments before it on the timeline. The few others (late and corrected
payments) get a timeline of their own, of the payments that their batch could see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fraud_common.money import minor_units_per_major
from fraud_scorer.features.card import card_features
from fraud_scorer.features.declared import LOOK_BACK_SECONDS
from fraud_scorer.features.local_calendar import MICROS_PER_SECOND, is_night, micros_utc
from fraud_scorer.features.timeline import Timeline

_FOREVER = np.iinfo(np.int64).max
_ROWS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class _VersionedPayments:
    """Every payment and version on one sorted line, and which batches can see each."""

    timeline: Timeline
    seen_from: np.ndarray  # landing sequence that brought this version
    seen_until: np.ndarray  # landing sequence that replaced it (not visible from there on)
    row: np.ndarray  # position in the payments frame, -1 for history


def point_in_time_card_features(payments: pd.DataFrame, history: pd.DataFrame, time_zone: str) -> dict[str, np.ndarray]:
    """The declared card features of each row of ``payments`` (no refunds among them), in its order."""
    versions = _merge(payments, history, time_zone)
    fast = card_features(versions.timeline)
    mine = versions.row >= 0
    result = {name: np.full(len(payments), np.nan) for name in fast}
    for name, values in fast.items():
        result[name][versions.row[mine]] = values[mine]
    for rows, features in _recompute_restricted(versions):
        for name, values in features.items():
            result[name][rows] = values
    return result


def _merge(payments: pd.DataFrame, history: pd.DataFrame, time_zone: str) -> _VersionedPayments:
    """Both frames on one line, sorted by card, event time, ``trans_num`` and version."""
    columns = ["trans_num", "event_time", "landing_seq", "card_token", "merchant", "category", "amount_cents"]
    columns += ["currency", "merch_lat", "merch_long"]
    both = pd.concat([history[columns], payments[columns]], ignore_index=True) if len(history) else payments[columns]
    row = np.r_[np.full(len(history), -1), np.arange(len(payments))]
    card = pd.factorize(both["card_token"])[0].astype(np.int64)
    micros = micros_utc(both["event_time"])
    timeline = Timeline(
        group=card,
        micros=micros,
        cents=both["amount_cents"].to_numpy(np.int64),
        merchant=pd.factorize(both["merchant"])[0].astype(np.int64),
        category=pd.factorize(both["category"])[0].astype(np.int64),
        currency=pd.factorize(both["currency"])[0].astype(np.int64),
        minor_units_per_major=minor_units_per_major(both["currency"]),
        night=is_night(micros, time_zone).astype(np.int64),
        merch_lat=both["merch_lat"].to_numpy(np.float64),
        merch_long=both["merch_long"].to_numpy(np.float64),
    )
    landed = both["landing_seq"].to_numpy(np.int64)
    until = _replaced_at(both["trans_num"], landed)
    order = _order(timeline.group, timeline.micros, landed, both["trans_num"])
    order = order[until[order] > landed[order]]  # a version that its own batch replaces (a rescore) was never visible
    return _VersionedPayments(timeline.take(order), landed[order], until[order], row[order])


def _order(card: np.ndarray, micros: np.ndarray, landed: np.ndarray, trans_num: pd.Series) -> np.ndarray:
    """Sorting rows; ``trans_num`` is compared only where card and time tie (sorting a million strings is slow)."""
    order = np.lexsort((micros, card))
    tied = (card[order[1:]] == card[order[:-1]]) & (micros[order[1:]] == micros[order[:-1]])
    if not tied.any():
        return order
    in_tie = np.r_[tied, False] | np.r_[False, tied]
    rows = order[in_tie]
    rank = pd.factorize(trans_num.iloc[rows], sort=True)[0]
    order[in_tie] = rows[np.lexsort((landed[rows], rank, micros[rows], card[rows]))]
    return order


def _replaced_at(trans_num: pd.Series, landed: np.ndarray) -> np.ndarray:
    """For each version of a payment the landing sequence of the next one; for the last (or only) one: never."""
    until = np.full(len(landed), _FOREVER)
    rows = np.flatnonzero(trans_num.duplicated(keep=False).to_numpy())
    code = pd.factorize(trans_num.iloc[rows])[0]
    order = np.lexsort((landed[rows], code))
    same = code[order[1:]] == code[order[:-1]]
    until[rows[order[:-1][same]]] = landed[rows[order[1:][same]]]
    return until


def _recompute_restricted(versions: _VersionedPayments) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """(rows of the payments frame, their features) for payments whose batch could not see all earlier ones."""
    pending: list[tuple[np.ndarray, np.ndarray]] = []
    size = 0
    for visible, targets in _restricted(versions):
        pending.append((visible, targets))
        size += len(visible)
        if size >= _ROWS_AT_ONCE:
            yield _features_of_views(versions, pending)
            pending, size = [], 0
    if pending:
        yield _features_of_views(versions, pending)


def _restricted(versions: _VersionedPayments) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each card and batch with such a payment: the rows visible to the batch, and its payments among them."""
    if not len(versions.row):
        return
    starts = np.flatnonzero(np.r_[True, versions.timeline.group[1:] != versions.timeline.group[:-1]])
    ranks = np.unique(versions.seen_from, return_inverse=True)[1].astype(np.int64)
    width = int(ranks.max()) + 1
    highest = np.maximum.accumulate(versions.timeline.group * width + ranks) % width
    replaced = np.zeros(len(ranks), bool)
    if (versions.seen_until != _FOREVER).any():
        any_replaced = np.logical_or.reduceat(versions.seen_until != _FOREVER, starts)
        replaced = np.repeat(any_replaced, np.diff(np.r_[starts, len(ranks)]))
    hindered = np.flatnonzero((versions.row >= 0) & ((highest > ranks) | replaced))
    card = np.searchsorted(starts, hindered, side="right") - 1
    ends = np.r_[starts[1:], len(ranks)]
    for place, batch, rows in _by_card_and_batch(card, versions.seen_from[hindered], hindered):
        yield _visible_rows(versions, np.arange(starts[place], ends[place]), batch, rows), rows


def _by_card_and_batch(card: np.ndarray, batch: np.ndarray, rows: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    order = np.lexsort((rows, batch, card))
    card, batch, rows = card[order], batch[order], rows[order]
    changed = np.flatnonzero((np.diff(card) != 0) | (np.diff(batch) != 0)) + 1
    for part in np.split(np.arange(len(rows)), changed):
        if len(part):
            yield int(card[part[0]]), int(batch[part[0]]), rows[part]


def _visible_rows(versions: _VersionedPayments, card_rows: np.ndarray, batch: int, targets: np.ndarray) -> np.ndarray:
    """The card's rows that ``batch`` sees and that are near enough to matter to ``targets``."""
    earliest = versions.timeline.micros[targets[0]] - (LOOK_BACK_SECONDS + 1) * MICROS_PER_SECOND
    near = (card_rows <= targets[-1]) & (versions.timeline.micros[card_rows] >= earliest)
    known = (versions.seen_from[card_rows] <= batch) & (batch < versions.seen_until[card_rows])
    visible: np.ndarray = card_rows[near & known]
    return visible


def _features_of_views(
    versions: _VersionedPayments, views: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Compute each view as if it were a card of its own; give the targets' rows and features."""
    visible = np.concatenate([rows for rows, _ in views])
    group = np.repeat(np.arange(len(views)), [len(rows) for rows, _ in views])
    is_target = np.concatenate([np.isin(rows, targets) for rows, targets in views])
    features = card_features(versions.timeline.take(visible, group))
    return versions.row[visible[is_target]], {name: values[is_target] for name, values in features.items()}
