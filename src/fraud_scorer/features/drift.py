"""Drift: a day's payments against those a model was measured on, by shares of bins and the population stability index.

The reference, which training writes into the manifest, is a plain dict:

    {"rows": which rows, "payments": how many, "from" and "until": ISO times, UTC,
     "numbers": {feature: {"edges": rising, "shares": one more, "missing": share}},
     "texts": {feature: {"values": the most frequent, "shares": theirs and the rest's, "missing": share}},
     "probability": as a number's: the calibrated score}

A number lies in the first bin whose edge it does not exceed, or in the last one. Shares are of all payments, so that
``shares`` and ``missing`` make 1. Missing counts as a bin of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.features.declared import NUMBER_FEATURES, TEXT_FEATURES

BINS = 10
SCORE_TAIL = (0.99,)  # frauds are few: the tenth with the highest scores is cut once more
MOST_VALUES = 20  # of a text feature; all other values are the rest
LEAST_SHARE = 1e-4  # an empty bin would make the index infinite
SHARE_DIGITS = 6


def psi(reference: Sequence[float] | np.ndarray, shares: Sequence[float] | np.ndarray) -> float:
    """The population stability index of ``shares`` against ``reference``: shares of the same bins, each summing to 1.

    The sum over the bins of (share - reference) * ln(share / reference), no share taken below 0.01%. Formula and rule
    (below 0.1 stable, to 0.25 worth watching, above it another population) as in N. Siddiqi, Credit Risk Scorecards,
    Wiley 2006, chapter 8.

    >>> round(psi([0.5, 0.5], [0.6, 0.4]), 4)
    0.0405
    >>> psi([0.2, 0.8], [0.2, 0.8])
    0.0
    """
    expected = np.maximum(np.asarray(reference, np.float64), LEAST_SHARE)
    found = np.maximum(np.asarray(shares, np.float64), LEAST_SHARE)
    return float(np.sum((found - expected) * np.log(found / expected)))


def drift_reference(features: pd.DataFrame, probability: np.ndarray) -> dict[str, Any]:
    """The entries ``numbers``, ``texts`` and ``probability`` of the manifest's reference.

    Args:
        features: the declared features, at least one row.
        probability: calibrated scores of the same rows (0-1, none missing).
    """
    numbers = {name: _number(features[name].to_numpy(np.float32, na_value=np.nan)) for name in NUMBER_FEATURES}
    texts = {name: _text(features[name]) for name in TEXT_FEATURES}
    return {"numbers": numbers, "texts": texts, "probability": _number(probability.astype(np.float32), SCORE_TAIL)}


def number_shares(values: np.ndarray, edges: Sequence[float] | np.ndarray) -> np.ndarray:
    """Shares (float64) of the bins that ``edges`` part, and of the missing values, which come last.

    Args:
        values: float32, NaN for missing, at least one.
        edges: rising; a value equal to an edge lies below it.

    >>> number_shares(np.array([1, 2, 3, np.nan], np.float32), [2.0]).tolist()
    [0.5, 0.25, 0.25]
    """
    there = values[~np.isnan(values)]
    places = np.searchsorted(np.asarray(edges, np.float32), there, side="left")
    counts = np.bincount(places, minlength=len(edges) + 1)
    shares: np.ndarray = np.append(counts, len(values) - len(there)) / len(values)
    return shares


def text_shares(texts: pd.Series, values: Sequence[str]) -> np.ndarray:
    """Shares (float64) of ``values``, of all other values, and of the missing ones, in this order.

    >>> text_shares(pd.Series(["travel", "home", None, "travel"]), ["travel"]).tolist()
    [0.5, 0.25, 0.25]
    """
    counts = texts.value_counts()
    known = [int(counts.get(value, 0)) for value in values]
    there = int(texts.notna().sum())
    shares: np.ndarray = np.array([*known, there - sum(known), len(texts) - there]) / len(texts)
    return shares


def bin_names(entry: Mapping[str, Any]) -> list[str]:
    """Names for the bins of a reference's entry, the missing values' bin last.

    >>> bin_names({"edges": [0.0, 12.5], "shares": [0.5, 0.25, 0.25], "missing": 0.0})
    ['up to 0', '0 to 12.5', 'above 12.5', 'missing']
    >>> bin_names({"values": ["travel"], "shares": [0.9, 0.1], "missing": 0.0})
    ['travel', '(other)', '(missing)']
    """
    if "values" in entry:
        return [*entry["values"], _unlike("(other)", entry["values"]), _unlike("(missing)", entry["values"])]
    edges = _edge_names(entry["edges"])
    if len(edges) < 2:
        return [f"up to {edges[0]}", f"above {edges[0]}", "missing"] if edges else ["any", "missing"]
    between = [f"{low} to {high}" for low, high in pairwise(edges)]
    return [f"up to {edges[0]}", *between, f"above {edges[-1]}", "missing"]


def _unlike(name: str, values: Sequence[str]) -> str:
    """A name of ours that no value has: a category may be called anything."""
    while name in values:
        name = f"({name})"
    return name


def _edge_names(edges: Sequence[float]) -> list[str]:
    """The edges as the shortest texts that differ."""
    for digits in (4, 6):
        names = [f"{edge:,.0f}" if abs(edge) >= 10**digits else f"{edge:.{digits}g}" for edge in edges]
        if len(set(names)) == len(names):
            return names
    return [str(edge) for edge in edges]


def _number(values: np.ndarray, tail: Sequence[float] = ()) -> dict[str, Any]:
    edges = _edges(values[~np.isnan(values)], tail)
    return {"edges": [float(str(edge)) for edge in edges], **_entry(number_shares(values, edges))}


def _edges(there: np.ndarray, tail: Sequence[float]) -> np.ndarray:
    """Bin edges: a bin for each value where few occur; else tenths, fewer where one value fills several."""
    seen = np.unique(there)
    if len(seen) == 1:  # two bins without a payment: leaving the value is seen in either direction
        return np.array([np.nextafter(seen[0], np.float32(-np.inf)), seen[0]], np.float32)
    if len(seen) <= BINS:
        return np.asarray(seen[:-1])
    cuts = [*np.arange(1, BINS) / BINS, *tail]
    edges = np.unique(np.quantile(there, cuts, method="inverted_cdf"))
    return np.asarray(edges[edges < seen[-1]])


def _text(texts: pd.Series) -> dict[str, Any]:
    counts = texts.dropna().astype(object).value_counts()
    values = sorted((str(value) for value in counts.index), key=lambda value: (-counts[value], value))[:MOST_VALUES]
    return {"values": values, **_entry(text_shares(texts, values))}


def _entry(shares: np.ndarray) -> dict[str, Any]:
    rounded = [round(float(share), SHARE_DIGITS) for share in shares]
    return {"shares": rounded[:-1], "missing": rounded[-1]}
