"""`fraud-scorer drift`: what stands first, and what is marked."""

from __future__ import annotations

from typing import Any

import pytest

from fraud_scorer.cli import drift


def feature(name: str, psi: float, state: str, *, is_young: bool = False) -> dict[str, Any]:
    """A feature of a compared day."""
    return {"feature": name, "psi": psi, "state": state, "is_young": is_young, "missing_share": 0.0,
            "bins": ["up to 5", "above 5"], "reference_shares": [0.5, 0.5], "day_shares": [0.4, 0.6]}  # fmt: skip


FRESH = [
    feature("card_count_30d", 7.768, "drifted", is_young=True),
    feature("amount_spreads", 0.135, "watch", is_young=True),
    feature("card_count_7d", 0.003, "stable", is_young=True),
    feature("amount", 0.001, "stable"),
]


def printed(capsys: pytest.CaptureFixture[str], features: list[dict[str, Any]], *, every_figure: bool) -> list[str]:
    """The lines of a day."""
    day = {"day": "2026-11-19", "is_over": True, "payments": 27_808, "compared": 27_808, "features": features}
    drift._print_day(day, every_figure=every_figure)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_a_short_history_is_no_drift(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line says that nothing drifted, and no line below it says otherwise."""
    lines = printed(capsys, FRESH, every_figure=True)
    assert lines[0] == "2026-11-19: no feature drifted; 2 without enough history (†), 2 stable."
    assert lines[1] == "27,808 of 27,808 payments compared"
    assert ["† does not count" in line for line in lines[3:]] == [True, True, False, False]
    assert "✖" not in "".join(lines)


def test_what_drifted_is_named_and_stands_above_what_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    """However far away that is."""
    lines = printed(capsys, [*FRESH, feature("city_pop", 0.2999, "drifted")], every_figure=True)
    assert lines[0].endswith("1 feature drifted: city pop 0.29; 2 without enough history (†), 2 stable.")
    assert lines[3].split()[:4] == ["city_pop", "0.300", "✖", "drifted"]


def test_without_a_day_each_has_its_sentence_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Five weeks may be caught up at once."""
    assert len(printed(capsys, FRESH, every_figure=False)) == 1


def test_a_day_of_another_model_says_that_nothing_was_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """No sentence about features that nobody looked at."""
    assert printed(capsys, [], every_figure=True) == ["2026-11-19: 27,808 of 27,808 payments compared"]
