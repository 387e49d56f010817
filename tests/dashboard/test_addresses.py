"""What a link brings into the page: said as text, never as Markdown; and no link brings a page down."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Open = Callable[..., Any]
Text = Callable[[Any], str]
LINK = "[sign in again](https://elsewhere.example)"
PICTURE = "` ![x](https://elsewhere.example/x.png)"


@pytest.fixture
def paid(store: Any) -> None:
    """One payment of yesterday, so that days have a page."""
    store.payment("p", "2026-11-19T10:31Z")


@pytest.mark.parametrize("written", [LINK, PICTURE])
@pytest.mark.parametrize("name", ["day", "payment"])
def test_what_stands_in_a_link_is_no_markdown(paid: None, open_page: Open, name: str, written: str) -> None:
    """Whoever sends a link cannot put a link or a picture of theirs on the page: each of its signs is escaped."""
    page = open_page(**{name: written})
    said = [*page.warning, *page.info][0].value
    repeated = said.split("“")[1].split("”")[0]
    assert r"elsewhere\.example" in repeated
    assert re.findall(r"(?<!\\)[`!\[\]().]", repeated) == []
    assert "://" not in repeated


@pytest.mark.parametrize("day", ["0001-01-01", "0001-02-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_no_calendar_shows_is_said(paid: None, open_page: Open, text: Text, day: str) -> None:
    """Neither the first day there is nor the last has a neighbour to go to."""
    assert "is not a day; write it as ?day=2026-11-19. This is yesterday." in text(open_page(day=day))


def test_an_id_that_no_database_can_hold_is_no_payment(paid: None, open_page: Open, text: Text) -> None:
    """A NUL in the link ends in the sentence that every unknown id gets."""
    assert "No such payment" in text(open_page(payment="a\x00b"))


def test_an_id_that_is_sql_is_an_id(store: Any, paid: None, open_page: Open, text: Text) -> None:
    """A link that would show any payment shows none, and one of that very name shows that one."""
    written = "x' or '1'='1"
    assert "No such payment" in text(open_page(payment=written))
    store.payment(written, "2026-11-19T10:32Z", merchant="'); drop table labels; --")
    assert "No such payment" not in text(open_page(payment=written))
    assert store.rows("select count(*) from labels") == [(0,)]


@pytest.mark.parametrize("address", [{"snooze": LINK}, {"snooze": ""}])
def test_what_a_snooze_link_names_is_not_repeated(paid: None, open_page: Open, text: Text, address: Any) -> None:
    """Card or merchant; anything else offers the card."""
    assert "elsewhere" not in text(open_page(payment="p", **address))
