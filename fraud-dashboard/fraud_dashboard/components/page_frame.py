"""The frame around every page: style, navigation, sign-in, and a true sentence when the database does not answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import streamlit as st

from fraud_dashboard.access import return_link
from fraud_dashboard.access.sign_in import Person, foot_note, require_person
from fraud_dashboard.data.database import DatabaseTrouble
from fraud_dashboard.settings import WrongSetting, read_settings

LOOK = Path(__file__).with_name("style.css")
PERSON = "person"
P = ParamSpec("P")
NOT_DONE = "not_done"  # why the last click was not recorded
ENTERED = "entered"  # what stood in the fields when the database did not answer


def show(pages: list[Any]) -> None:
    """Run the page that the address names, inside the frame."""
    page = st.navigation(pages, position="top")
    st.html(f"<style>{LOOK.read_text()}</style>")
    with st.container(horizontal=True, key="phone-pages"):  # the upper bar hides behind a sign where it is narrow
        for other in pages:
            st.page_link(other, width="content")
    try:
        person = require_person(read_settings(), page)
        st.session_state[PERSON] = person
        if person.signed_in:
            return_link.follow(pages, page)
        _show_not_done()
        _enter_again()
        page.run()
        foot_note(person)
    except WrongSetting as error:
        st.title("A setting is missing")
        st.error(str(error))
    except DatabaseTrouble as trouble:
        show_trouble(trouble)


def guarded(callback: Callable[P, None]) -> Callable[P, None]:
    """``callback`` for a button that writes: Streamlit calls it before the page, where ``show`` catches nothing.

    Its DatabaseTrouble is kept, and the page that follows says that nothing was recorded.
    """

    @wraps(callback)
    def called(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except DatabaseTrouble as trouble:
            st.session_state[NOT_DONE] = trouble

    return called


def _show_not_done() -> None:
    trouble = st.session_state.pop(NOT_DONE, None)
    if trouble is not None:
        st.error(
            f"**Not recorded: your last click changed nothing.** `fraud_db`: {trouble.what}. {trouble.cure} Then click "
            "again.",
            icon=":material/error:",
        )


def show_trouble(trouble: DatabaseTrouble) -> None:
    """Say that the database gave no answer, that nothing is lost by it, and offer another try."""
    st.title("The database does not answer")
    st.error(f"`fraud_db`: {trouble.what}. {trouble.cure}")
    st.write(
        "No numbers are shown, rather than old ones. Payments are landed on disk without this database and are scored "
        "when it is back; frauds are mailed then. If this stays, tell whoever runs the database."
    )
    st.button("Try again", type="primary")
    # Streamlit forgets the fields that a page did not show; a button's state, a bool, cannot be set
    st.session_state[ENTERED] = {key: is_ for key, is_ in st.session_state.items() if isinstance(is_, str | list)}


def _enter_again() -> None:
    """Fill in again the notes, filters and choices that Streamlit forgot while the page showed trouble."""
    for key, value in st.session_state.pop(ENTERED, {}).items():
        st.session_state.setdefault(key, value)


def person() -> Person:
    """The person who looks at the page."""
    at_page = st.session_state[PERSON]
    assert isinstance(at_page, Person)
    return at_page
