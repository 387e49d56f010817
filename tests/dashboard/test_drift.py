"""Drift on the Model page: what is said before anything is compared, and how far each feature has moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

Open = Callable[..., Any]
Text = Callable[[Any], str]
REFERENCE = {"rows": "test period", "payments": 51_655, "from": "2026-09-20T10:10:04Z", "until": "2026-09-29T23:59:59Z"}


def compared(store: Any, day: str, *, payments: int = 5_000, compared: int = 5_000, whole: bool = True,
             reference: dict[str, Any] | None = REFERENCE, model: str = "b0a1c2d3") -> None:  # fmt: skip
    """A day that was compared."""
    told = None if reference is None else json.dumps(reference)
    store.insert("drift_days", day=day, model_hash=model, payments=payments, compared=compared, whole_day=whole,
                 reference=told)  # fmt: skip


def feature(store: Any, day: str, name: str, psi: float, group: str = "payment", model: str = "b0a1c2d3") -> None:
    """What came of one feature."""
    store.cursor.execute(
        "insert into feature_drift values (%s, %s, %s, %s, %s, 0.25, %s, %s, %s)",
        (day, model, name, group, psi, ["up to 5", "above 5", "missing"], [0.5, 0.5, 0.0], [0.125, 0.625, 0.25]),
    )


@pytest.fixture
def old_store(store: Any) -> Any:
    """Payments that reach back further than any feature looks."""
    store.payment("old", "2026-09-01T10:31Z")
    store.payment("p", "2026-11-19T10:31Z")
    return store


def test_before_anything_is_compared_it_says_when(old_store: Any, open_page: Open, text: Text) -> None:
    """And which command does it now; no index is invented."""
    read = text(open_page("model"))
    assert "No day was compared yet" in read
    assert read.count("Drift") == 1, "one section, whatever is known"
    assert "fraud-scorer drift" in read
    assert "fd-drift" not in read


def test_a_model_without_reference_is_told_with_its_cure(old_store: Any, open_page: Open, text: Text) -> None:
    """Its drift is unknown, not zero."""
    compared(old_store, "2026-11-19", compared=0, reference=None)
    read = text(open_page("model"))
    assert "Drift is unknown" in read
    assert "fraud-scorer train" in read


def test_the_worst_feature_stands_first_and_says_so_without_colour(old_store: Any, open_page: Open, text: Text) -> None:
    """Number and sign in each cell, the latest day in a sentence, calm features folded away."""
    for day, amount in (("2026-11-18", 0.17), ("2026-11-19", 0.4123)):
        compared(old_store, day)
        feature(old_store, day, "amount", amount)
        feature(old_store, day, "city_pop", 0.03)
        feature(old_store, day, "card_count_7d", 0.12, "card")
    read = text(open_page("model"))
    assert "**Thu 19 Nov**: 1 feature drifted: amount 0.41; 1 worth watching, 1 stable." in read
    table, folded = read.split("<details")
    assert table.index(">amount</a>") < table.index(">card count 7d</a>")
    assert ">0.41<i>✖</i></span>" in table
    assert ">0.17<i>▲</i></span>" in table
    assert "1 feature stable on every day" in folded
    assert ">city pop</a>" in folded
    assert "51,655 of the model's test period (Sun 20 Sep to Tue 29 Sep 2026)" in read
    assert "Siddiqi" in read


def test_a_chosen_feature_shows_its_bins(old_store: Any, open_page: Open, text: Text) -> None:
    """By its link or by the list; the day can be chosen too."""
    for day in ("2026-11-18", "2026-11-19"):
        compared(old_store, day)
        feature(old_store, day, "amount", 0.4)
        feature(old_store, day, "city_pop", 0.03)
    page = open_page("model", feature="city_pop")
    assert page.selectbox[0].value == "city_pop"
    assert "scrollIntoView" in text(page)
    assert "scrollIntoView" not in text(open_page("model"))
    assert "PSI 0.030, stable; 25.0% missing that day." in text(page)
    page.selectbox[0].set_value("amount").run()
    page.selectbox[1].set_value(date(2026, 11, 18)).run()
    assert "Bars: Wed 18 Nov; marks: training. PSI 0.400, drifted" in text(page)


def test_an_unknown_feature_in_the_address_shows_the_worst(old_store: Any, open_page: Open) -> None:
    """Whatever a link says."""
    compared(old_store, "2026-11-19")
    feature(old_store, "2026-11-19", "amount", 0.4)
    assert open_page("model", feature="<b>").selectbox[0].value == "amount"


def test_a_short_history_is_no_drift(store: Any, open_page: Open, text: Text) -> None:
    """What looks back further than there are payments is marked and explained, not alarmed about."""
    store.payment("p", "2026-11-19T10:31Z")
    compared(store, "2026-11-19")
    feature(store, "2026-11-19", "card_count_30d", 8.24, "card")
    feature(store, "2026-11-19", "fraud_probability", 0.3, "score")
    read = text(open_page("model"))
    assert "no feature drifted; 2 without enough history (†)." in read
    assert ">8.24<i>†</i></span>" in read
    assert "until about Sat 26 Dec" in read


def test_few_payments_say_nothing(old_store: Any, open_page: Open, text: Text) -> None:
    """Chance alone moves the index of a hundred payments."""
    compared(old_store, "2026-11-19", payments=100, compared=100)
    feature(old_store, "2026-11-19", "amount", 0.4)
    read = text(open_page("model"))
    assert "100 payments, too few to say" in read
    assert ">0.40<i>?</i></span>" in read


def test_a_sample_another_model_and_an_unfinished_day_are_named(old_store: Any, open_page: Open, text: Text) -> None:
    """Each day stands for the model that decided most of it."""
    compared(old_store, "2026-11-18", model="aaaa")
    feature(old_store, "2026-11-18", "amount", 0.05, model="aaaa")
    compared(old_store, "2026-11-19", model="aaaa", compared=10)
    feature(old_store, "2026-11-19", "amount", 9.5, model="aaaa")
    compared(old_store, "2026-11-19", payments=1_000_000, compared=49_128)
    feature(old_store, "2026-11-19", "amount", 0.06)
    old_store.payment("now", "2026-11-20T07:00Z")
    read = text(open_page("model"))
    assert "49,128 of 1,000,000 payments were compared" in read
    assert "Each day is compared with the model that decided it: aaaa, b0a1c2d3." in read
    assert "9.5" not in read
    old_store.cursor.execute("update drift_days set whole_day = false")
    assert "**Thu 19 Nov, in part**" in text(open_page("model"))
    compared(old_store, "2026-11-20", whole=False)
    feature(old_store, "2026-11-20", "amount", 0.06)
    assert "**Fri 20 Nov, so far**" in text(open_page("model"))


def test_days_of_another_model_alone_say_so(old_store: Any, open_page: Open, text: Text) -> None:
    """Nothing of them can be compared with the model in force."""
    compared(old_store, "2026-11-19", compared=0)
    assert "another model than the one in force" in text(open_page("model"))
