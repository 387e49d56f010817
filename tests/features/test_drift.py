"""Bins, shares and the population stability index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.features.declared import NUMBER_FEATURES
from fraud_scorer.features.drift import bin_names, drift_reference, number_shares, psi, text_shares


def _features(rows: int, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({name: np.zeros(rows) for name in NUMBER_FEATURES})
    return frame.assign(**{"category": ["travel"] * rows, **columns})


def _entry(values: np.ndarray) -> dict[str, Any]:
    reference = drift_reference(_features(len(values), amount=values), np.full(len(values), 0.5))
    entry: dict[str, Any] = reference["numbers"]["amount"]
    return entry


def _psi(entry: dict[str, Any], values: np.ndarray) -> float:
    return psi([*entry["shares"], entry["missing"]], number_shares(values.astype(np.float32), entry["edges"]))


@pytest.fixture
def random() -> np.random.Generator:
    """The same draws every time."""
    return np.random.default_rng(1)


def test_the_same_distribution_is_stable(random: np.random.Generator) -> None:
    """Two draws of ten thousand from one population differ by chance alone."""
    entry = _entry(random.lognormal(3, 1, 10_000))
    assert len(entry["shares"]) == 10
    assert _psi(entry, random.lognormal(3, 1, 10_000)) < 0.01


def test_a_shift_by_one_spread_has_drifted(random: np.random.Generator) -> None:
    """Amounts that are 2.7 times as high are another population."""
    entry = _entry(random.lognormal(3, 1, 10_000))
    assert _psi(entry, random.lognormal(4, 1, 10_000)) > 0.25


def test_what_goes_missing_has_drifted(random: np.random.Generator) -> None:
    """A third of the values gone, the others as before: missing is a bin of its own."""
    entry = _entry(random.lognormal(3, 1, 10_000))
    values = random.lognormal(3, 1, 10_000)
    values[::3] = np.nan
    assert entry["missing"] == 0
    assert _psi(entry, values) > 0.25


def test_a_few_values_have_a_bin_each() -> None:
    """Also where one of them is so frequent that every tenth ends at it."""
    entry = _entry(np.array([1.0] * 97 + [0.0] * 3))
    assert entry == {"edges": [0.0], "shares": [0.03, 0.97], "missing": 0.0}


def test_a_constant_that_changes_is_seen_in_either_direction() -> None:
    """Below, at, and above the one value that training knew."""
    entry = _entry(np.full(100, 5.0))
    assert entry["shares"] == [0.0, 1.0, 0.0]
    assert _psi(entry, np.full(100, 5.0)) == pytest.approx(0, abs=1e-3)
    assert _psi(entry, np.full(100, 4.0)) > 0.25
    assert _psi(entry, np.full(100, 6.0)) > 0.25


def test_a_feature_that_training_never_had_has_drifted_once_it_comes() -> None:
    """Every value was missing; now none is."""
    entry = _entry(np.full(100, np.nan))
    assert entry == {"edges": [], "shares": [0.0], "missing": 1.0}
    assert _psi(entry, np.full(100, np.nan)) == 0
    assert _psi(entry, np.full(100, 4.0)) > 0.25


def test_an_edge_survives_json_as_the_same_float32(random: np.random.Generator) -> None:
    """Stored features are float32: a value equal to an edge lies below it on both sides."""
    values = (random.integers(0, 1_000, 10_000) / 10).astype(np.float32)
    entry = _entry(values.astype(np.float64))
    assert _psi(entry, values) == pytest.approx(0, abs=1e-9)
    assert all(float(str(edge)) == edge and len(str(edge)) < 6 for edge in entry["edges"])


def test_texts_keep_the_most_frequent_and_count_the_rest() -> None:
    """Equal counts in the order of the alphabet; what training never saw is the rest."""
    categories = [f"c{number:02d}" for number in range(30)] * 2 + ["travel"] * 40 + [None] * 100
    entry = drift_reference(_features(200, category=categories), np.full(200, 0.5))["texts"]["category"]
    assert entry["values"] == ["travel", *(f"c{number:02d}" for number in range(19))]
    assert (entry["shares"][0], entry["shares"][-1], entry["missing"]) == (0.2, 0.11, 0.5)
    assert sum(entry["shares"]) + entry["missing"] == pytest.approx(1)
    assert text_shares(pd.Series(["new", "travel"]), entry["values"])[-2:].tolist() == [0.5, 0.0]


def test_the_score_is_cut_once_more_at_its_top(random: np.random.Generator) -> None:
    """Where the flags are."""
    probability = random.beta(0.2, 20, 10_000)
    entry = drift_reference(_features(10_000), probability)["probability"]
    assert len(entry["shares"]) == 11
    assert entry["shares"][-1] == pytest.approx(0.01, abs=1e-3)


def test_no_category_shares_a_name_with_our_own_bins() -> None:
    """Whatever a category is called: two bins of one name would be drawn as one."""
    for values in (["other"], ["missing", "other"], ["(other)", "other", "((other))", "(missing)"]):
        names = bin_names({"values": values, "shares": [0.1] * (len(values) + 1), "missing": 0.0})
        assert len(names) == len(set(names)) == len(values) + 2
        assert names[: len(values)] == values


def test_every_bin_has_a_name() -> None:
    """As many as shares, missing included."""
    for entry in (_entry(np.arange(1_000.0)), _entry(np.full(9, 5.0)), _entry(np.full(9, np.nan))):
        assert len(bin_names(entry)) == len(set(bin_names(entry))) == len(entry["shares"]) + 1
