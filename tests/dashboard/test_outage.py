"""The database goes away between two clicks: nothing seems done that was not, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from fraud_dashboard import settings
from fraud_dashboard.data import database

Open = Callable[..., Any]
Text = Callable[[Any], str]
TOMORROW = "2026-11-21T07:00Z"


@pytest.fixture
def outage(store: Any) -> Any:
    """Stop and start what the dashboard reaches of the database."""

    class Outage:
        def begin(self) -> None:
            store.cursor.execute("alter role fraud_dashboard nologin")
            store.cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fraud_dashboard'"
            )

        def end(self) -> None:
            store.cursor.execute("alter role fraud_dashboard login")

    opened = Outage()
    yield opened
    opened.end()


def press(page: Any, label: str) -> Any:
    """Click what says ``label``; the page that follows has no error of Streamlit's."""
    next(one for one in page.button if one.label.startswith(label)).click().run()
    assert not page.exception
    return page


def prepared(store: Any, act: str) -> None:
    """A payment of which ``act`` can be done."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    if act == "Take the verdict back":
        store.label("p", "fraud")
    if act == "End the snooze":
        store.insert("snoozes", subject="merchant", value="Kuhn LLC", until=TOMORROW, author="ben")


ACTS = ["Fraud", "Take the verdict back", "Snooze", "End the snooze"]
SAID = "select (select count(*) from labels), (select count(*) from snoozes)"


@pytest.mark.parametrize("act", ACTS)
def test_a_click_while_the_database_is_away_is_told(
    store: Any, open_page: Open, text: Text, outage: Any, act: str
) -> None:
    """Not done, and said; once it is back, the page is as before and the next click counts."""
    prepared(store, act)
    page = open_page(payment="p")
    before = store.rows(SAID)
    outage.begin()
    read = text(press(page, act))
    assert "Not recorded: your last click changed nothing." in read
    assert "The database does not answer" in read
    assert store.rows(SAID) == before
    assert not page.toast
    outage.end()
    read = text(press(page, "Try again"))
    assert "Not recorded" not in read
    assert text(press(page, act))
    assert store.rows(SAID) != before


def test_what_alone_cannot_be_written_is_told_on_the_page(store: Any, open_page: Open, text: Text) -> None:
    """The database answers and refuses the verdict: the page stands, the payment still waits, the note is kept."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    page = open_page("review")
    page.text_input(key="note-p").set_value("called the holder").run()
    store.cursor.execute("revoke execute on function record_verdict(text, text, text, text, text) from fraud_dashboard")
    read = text(press(page, "Fraud"))
    assert "Not recorded: your last click changed nothing." in read
    assert "this role lacks a right" in read
    assert page.button(key="say-fraud-p")
    assert page.text_input(key="note-p").value == "called the holder"
    assert "undo" not in [one.key for one in page.button]


def test_a_note_outlasts_the_outage(store: Any, open_page: Open, outage: Any) -> None:
    """Typed, not recorded, and there again with the page."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    page = open_page("review")
    page.text_input(key="note-p").set_value("called the holder").run()
    outage.begin()
    press(page, "Fraud")
    outage.end()
    press(page, "Try again")
    assert page.text_input(key="note-p").value == "called the holder"
    press(page, "Fraud")
    assert store.rows("select verdict, note from labels") == [("fraud", "called the holder")]


def test_what_was_entered_outlasts_the_outage(store: Any, open_page: Open, outage: Any) -> None:
    """A note typed, a list chosen, a filter set while the database was away: all of it stands there again."""
    for number in range(3):
        store.payment(f"p{number}", "2026-11-19T10:31Z", merchant="Kuhn LLC" if number else "Other", flagged=number > 1)
    page = open_page("review")
    page.segmented_control(key="review_kind").set_value("sample").run()
    note = page.text_input[0].key
    outage.begin()
    page.text_input(key=note).set_value("called the holder").run()
    outage.end()
    press(page, "Try again")
    assert page.segmented_control(key="review_kind").value == "sample"
    assert page.text_input(key=note).value == "called the holder"
    day = open_page()
    outage.begin()
    day.text_input(key="search-2026-11-19").set_value("kuhn").run()
    outage.end()
    press(day, "Try again")
    assert day.text_input(key="search-2026-11-19").value == "kuhn"


def test_a_page_that_gets_no_connection_says_so(store: Any, open_page: Open, text: Text) -> None:
    """All of them wait for a database that is frozen: the next page ends in a sentence, too."""
    page = open_page("review")
    with ExitStack() as busy:
        engine = database.engine(settings.read_settings())
        for _ in range(8):
            busy.enter_context(engine.connect())
        page.run()
        assert not page.exception
        assert "every connection waits for its answer" in text(page)
    assert "The database does not answer" not in text(press(page, "Try again"))


@pytest.mark.parametrize("name", ["yesterday", "review", "model", "pipeline"])
def test_another_page_or_day_while_the_database_is_away_shows_no_numbers(
    store: Any, open_page: Open, text: Text, outage: Any, name: str
) -> None:
    """Rather none than old ones, also where they are kept for a while."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    page = open_page(name)
    outage.begin()
    page.run()
    assert not page.exception
    read = text(page)
    assert "The database does not answer" in read
    assert "Kuhn" not in read
