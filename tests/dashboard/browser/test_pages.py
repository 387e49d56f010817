"""The dashboard's pages in a real browser: how they look, a verdict from click to row, a file.

Pictures are written to ``screenshots/`` for someone to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

SCREENSHOTS = Path(__file__).resolve().parents[3] / "screenshots"
SHOWN_MS = 60_000
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
PAGES = {"yesterday": "/", "payment": "/?payment=p3", "review": "/review", "model": "/model", "pipeline": "/pipeline"}

Open = Callable[[Any, str], None]


@pytest.mark.timeout(600)
def test_every_page_fits_and_asks_nobody_else(
    busy: Any, serve: Callable[..., str], browser: Any, open_in: Open
) -> None:
    """Desktop and phone, light and dark: no horizontal scroll, no request that leaves the machine, no error."""
    address = serve()
    SCREENSHOTS.mkdir(exist_ok=True)
    outside: list[str] = []
    for width, scheme in LOOKS:
        context = browser.new_context(viewport={"width": width, "height": 2400}, color_scheme=scheme)
        page = context.new_page()
        page.on("request", lambda request: outside.append(request.url))
        for name, path in PAGES.items():
            open_in(page, address + path)
            page.wait_for_timeout(700)
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png")
            needed = page.evaluate(
                "Math.max(...[...document.querySelectorAll('html, section')].map(e => e.scrollWidth))"
            )
            assert needed <= width, f"{name} needs {needed} pixels of {width}"
            assert page.get_by_test_id("stException").count() == 0
        context.close()
    assert [url for url in outside if not url.startswith((address, "data:", "blob:"))] == []


def test_a_verdict_goes_from_click_to_row(busy: Any, serve: Callable[..., str], browser: Any, open_in: Open) -> None:
    """By mouse and by key, and back again."""
    page = browser.new_page()
    open_in(page, serve() + "/review")
    first = page.locator("h3").first.inner_text()
    page.get_by_role("button", name="Not fraud").click()
    page.get_by_text("Recorded: not fraud").wait_for(timeout=SHOWN_MS)
    page.wait_for_function("first => document.querySelector('h3')?.innerText !== first", arg=first, timeout=SHOWN_MS)
    said = "select verdict, author from labels where trans_num <> 'p12' order by label_id"
    assert busy.rows(said) == [("not_fraud", "ana")]
    page.locator("[data-test-script-state=notRunning]").wait_for(timeout=SHOWN_MS)  # an earlier key would be left out
    page.keyboard.press("f")
    page.get_by_text("Recorded: fraud").wait_for(timeout=SHOWN_MS)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back.").wait_for(timeout=SHOWN_MS)
    assert [verdict for verdict, _ in busy.rows(said)] == ["not_fraud", "fraud", "withdrawn"]


def test_the_flagged_list_is_downloaded(
    busy: Any, serve: Callable[..., str], browser: Any, open_in: Open, tmp_path: Path
) -> None:
    """As CSV and as Excel, every row that is listed."""
    page = browser.new_page(viewport={"width": 1440, "height": 2400})
    open_in(page, serve())
    flagged = busy.rows("select count(*) from v_daily_fraud_report where flagged")[0][0]
    for button, read in (("CSV", pd.read_csv), ("Excel", pd.read_excel)):
        with page.expect_download(timeout=SHOWN_MS) as download:
            page.get_by_role("button", name=button).click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
        assert len(read(tmp_path / download.value.suggested_filename)) == flagged > 0


@pytest.mark.parametrize(("width", "height"), [(1440, 800), (390, 844)])
def test_a_mails_snooze_link_shows_the_snooze_at_once(
    busy: Any, serve: Callable[..., str], browser: Any, open_in: Open, width: int, height: int
) -> None:
    """Its button is seen without scrolling, on a phone too, and one click snoozes the card."""
    page = browser.new_page(viewport={"width": width, "height": height})
    open_in(page, serve() + "/?payment=p3&snooze=card")
    button = page.get_by_role("button", name="Snooze", exact=True)
    box = button.bounding_box()
    assert box is not None
    assert 0 < box["y"] < height - box["height"]
    button.click()
    page.get_by_text("No mail about this card until").wait_for(timeout=SHOWN_MS)
    assert busy.rows("select subject, author from snoozes") == [("card", "ana")]


def test_on_a_phone_every_page_is_one_touch_away(
    busy: Any, serve: Callable[..., str], browser: Any, open_in: Open
) -> None:
    """The pages' names stand in a row; on a desktop the upper bar has them, and the row is gone."""
    address = serve()
    phone, desktop = browser.new_page(viewport={"width": 390, "height": 844}), browser.new_page()
    for page in (phone, desktop):
        open_in(page, address)
    row = phone.locator(".st-key-phone-pages")
    row.get_by_role("link", name="Pipeline").click()
    phone.get_by_role("heading", name="Pipeline").wait_for(timeout=SHOWN_MS)
    assert not desktop.locator(".st-key-phone-pages").is_visible()
