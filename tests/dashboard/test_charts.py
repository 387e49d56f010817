"""Charts' axes: what cannot be seen from the numbers alone."""

from __future__ import annotations

import pandas as pd
import pytest

from fraud_dashboard.charts import plots


@pytest.mark.parametrize(
    ("days", "ticks", "form"),
    [
        (0, 4, "%-d %b, %H:%M"),
        (1, 4, "%-d %b, %H:%M"),
        (3, {"interval": "day", "step": 1}, "%-d %b"),
        (37, {"interval": "day", "step": 5}, "%-d %b"),
    ],
)
def test_a_cards_line_names_no_day_twice(days: int, ticks: object, form: str) -> None:
    """Whole days, or the hour too where the card's payments lie within two."""
    at = pd.to_datetime(["2026-11-15T09:00", "2026-11-15T10:00"]) + pd.to_timedelta([0, days], unit="D")
    row = {"amount": 9.0, "what": "other", "merchant": "Kuhn LLC", "money": "9.00 USD", "when": "15 Nov"}
    drawn = plots.card_line(pd.DataFrame([row, row]).assign(at=at)).to_dict()
    axis = drawn["encoding"]["x"]["axis"]
    assert (axis["tickCount"], axis["format"]) == (ticks, form)
