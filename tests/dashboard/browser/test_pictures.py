"""When the documentation's pictures are taken: once nothing on the page is a placeholder."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

TAKE = Path(__file__).parents[3] / "docs" / "pictures" / "take.py"
CANVAS = '<canvas style="width:300px;height:150px"></canvas>'


@pytest.mark.parametrize(
    ("body", "is_drawn"),
    [
        ("<p>words alone</p>", True),
        (f'<div data-testid="stVegaLiteChart">{CANVAS}</div>', True),
        ('<div data-testid="stSkeleton"></div>', False),
        (f'{CANVAS}<div data-testid="stVegaLiteChart"></div>', False),
        ('<div data-testid="stVegaLiteChart"><canvas style="width:0;height:0"></canvas></div>', False),
        ('<div data-stale="true">of before</div>', False),
    ],
)
def test_a_page_is_taken_when_it_is_drawn(browser: Any, body: str, is_drawn: bool) -> None:
    """No skeleton, nothing of before, and each chart has its size."""
    page = browser.new_page()
    page.set_content(body)
    assert page.evaluate(runpy.run_path(str(TAKE))["DRAWN"]) is is_drawn
