"""The first page: a day's payments and frauds. Opens on yesterday; ``?day=2026-11-19`` is any other day."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from fraud_dashboard.components import day_report
from fraud_dashboard.data.database import ReportState, ask_cached, report_state
from fraud_dashboard.data.day_totals import hours_in
from fraud_dashboard.text import formats

DAY = "day"
EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 31)  # what is beyond has no neighbours, or no hours
MOST_REPEATED = 100


def render() -> None:
    """Draw the page for the day in the address."""
    state = report_state()
    if state.first_day is None:
        _before_the_first_payment(state)
        return
    day = _chosen_day(state)
    _heading(day, state)
    hours = ask_cached("day_hours", state.version, day=day)
    if hours.empty:
        _empty_day(day, state)
        return
    day_report.show(day, state, hours)


def _chosen_day(state: ReportState) -> date:
    """The day in the address, else yesterday. If the address names no valid day, the page says so."""
    asked = st.query_params.get(DAY, "")
    yesterday = state.today - timedelta(days=1)
    try:
        day = date.fromisoformat(asked) if asked else yesterday
    except ValueError:
        day = date.min
    if EARLIEST <= day <= LATEST:
        return day
    repeated = formats.as_markdown(asked[:MOST_REPEATED])
    st.warning(f"“{repeated}” is not a day; write it as ?day={yesterday}. This is yesterday.")
    return yesterday


def _go_to(day: date) -> None:
    st.query_params[DAY] = day.isoformat()


def _heading(day: date, state: ReportState) -> None:
    st.title(
        f"{formats.day_name(day, state.today)}, {formats.long_day(day).split(', ')[1]}"
        if (state.today - day).days in {0, 1}
        else formats.long_day(day)
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        earlier, later = day - timedelta(days=1), day + timedelta(days=1)
        st.button(f"‹ {earlier:%a}", on_click=_go_to, args=(earlier,), key="earlier")
        picked = st.date_input(
            "Day",
            day,
            max_value=max(state.today, day),
            label_visibility="collapsed",
            width=150,
            format="YYYY-MM-DD",
            key=f"pick-{day}",
        )
        st.button(f"{later:%a} ›", on_click=_go_to, args=(later,), disabled=later > state.today, key="later")
    if isinstance(picked, date) and picked != day:
        _go_to(picked)
        st.rerun()
    st.caption(_what_day(day, state))


def _what_day(day: date, state: ReportState) -> str:
    sentences = [f"Times are {state.time_zone}."]
    if (length := hours_in(day, state.time_zone)) != 24:
        sentences.append(f"Clocks changed: this day has {length} hours.")
    if day == state.today:
        sentences.append(f"The day is not over: numbers up to {state.now_local:%H:%M}.")
    if state.last_load_at is not None:
        loaded = pd.Timestamp(state.last_load_at).tz_convert(state.time_zone)
        sentences.append(f"Last batch loaded {formats.moment(loaded)}.")
    return " ".join(sentences)


def _before_the_first_payment(state: ReportState) -> None:
    st.title("No payments yet")
    st.info(
        "`fraud_db` is there and empty: no payment was ever loaded. The first minute's payments stand here a few "
        "seconds after it ends."
    )
    st.markdown(
        "If you expected some, the **Pipeline** page says whether minutes are landing; `fraud-scorer check` tries "
        "every connection; `fraud-scorer history import FILE` brings past payments."
    )
    st.caption(f"Times are {state.time_zone}.")


def _empty_day(day: date, state: ReportState) -> None:
    assert state.first_day is not None
    assert state.last_day is not None
    if day > state.today:
        st.info("This day has not come yet.")
    elif day < state.first_day:
        st.info(f"Nothing was stored on this day: the first payment is of {formats.long_day(state.first_day)}.")
    else:
        st.info(
            "No payment of this day was stored. If payments were made, their minutes were missed or wait for their "
            "turn: the **Pipeline** page shows which."
        )
    nearest = state.first_day if day < state.first_day else state.last_day
    if nearest != day:
        st.button(f"Go to {formats.long_day(nearest)}", on_click=_go_to, args=(nearest,), type="primary")
