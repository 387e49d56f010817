"""An outage in a real browser: what stood in the fields stands there again, as the page behind it takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SHOWN_MS = 60_000
Open = Callable[[Any, str], None]


def stop(store: Any) -> None:
    """Let the dashboard's role lose its connections and get no other."""
    store.cursor.execute("alter role fraud_dashboard nologin")
    store.cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fraud_dashboard'")


def test_what_was_entered_is_shown_again(busy: Any, serve: Callable[..., str], browser: Any, open_in: Open) -> None:
    """A list chosen and a note typed while the database is away; a click that it did not take is told."""
    page = browser.new_page(viewport={"width": 1200, "height": 1600})
    open_in(page, serve() + "/review")
    page.get_by_text("Random sample").click()
    page.get_by_text("not flagged; flagged from").wait_for(timeout=SHOWN_MS)
    page.wait_for_function("document.querySelectorAll('[aria-label=Note]').length === 1", timeout=SHOWN_MS)
    asked = page.locator("h3").first.inner_text()
    stop(busy)
    page.get_by_label("Note").fill("called the holder")
    page.get_by_role("button", name="Not fraud").click()
    page.get_by_role("heading", name="The database does not answer").wait_for(timeout=SHOWN_MS)
    busy.cursor.execute("alter role fraud_dashboard login")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("drawn at random").wait_for(timeout=SHOWN_MS)
    page.get_by_label("Note").wait_for(timeout=SHOWN_MS)
    assert page.locator("h3").first.inner_text() == asked
    assert page.get_by_label("Note").input_value() == "called the holder"
    assert page.get_by_role("radio", name="Random sample").get_attribute("aria-checked") == "true"
    assert page.get_by_test_id("stAlert").count() == 0
    page.get_by_role("button", name="Not fraud").click()
    page.get_by_text("Recorded: not fraud").wait_for(timeout=SHOWN_MS)
    assert busy.rows("select verdict, note from labels where author = 'ana' and note is not null") == [
        ("not_fraud", "called the holder")
    ]


def test_a_choice_that_was_not_the_first_is_shown_again(
    busy: Any, serve: Callable[..., str], browser: Any, open_in: Open
) -> None:
    """A snooze of the merchant, as its link asked: offered again, without a word of Streamlit's about it."""
    page = browser.new_page(viewport={"width": 1200, "height": 1600})
    open_in(page, serve() + "/?payment=p3&snooze=merchant")
    stop(busy)
    page.get_by_role("button", name="Snooze").click()
    page.get_by_text("Not recorded: your last click changed nothing.").wait_for(timeout=SHOWN_MS)
    busy.cursor.execute("alter role fraud_dashboard login")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("What is known of it").wait_for(timeout=SHOWN_MS)
    assert page.get_by_test_id("stAlert").count() == 0
    page.get_by_role("button", name="Snooze").click()
    page.get_by_text("No mail about this merchant until").wait_for(timeout=SHOWN_MS)
    assert busy.rows("select subject from snoozes") == [("merchant",)]
