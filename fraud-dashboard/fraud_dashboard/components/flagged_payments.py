"""A day's flagged payments: filters, the list itself a page at a time, and its files."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from fraud_dashboard.components import html
from fraud_dashboard.components.html import Column, Html
from fraud_dashboard.data import spreadsheets
from fraud_dashboard.data.frames import rows
from fraud_dashboard.text import formats

PAGE_ROWS = 10
ORDERS = {
    "expected loss": (["expected_loss"], False),
    "probability": (["fraud_probability"], False),
    "amount": (["amount"], False),
    "time, latest first": (["event_time_local"], False),
    "time, earliest first": (["event_time_local"], True),
}
AT_RISK = (
    "At risk: the sum of the payments' amounts. Expected loss: each amount times its fraud probability, of 100.00 at "
    "80% it is 80.00."
)
STATES = {
    "fraud": "fraud",
    "not fraud": "not_fraud",
    "no label yet": None,
}
COLUMNS = [
    Column("Time", "tight"),
    Column("Merchant"),
    Column("Card", "tight"),
    Column("Amount", "number"),
    Column("Probability", "number"),
    Column("Why flagged", "wide"),
    Column("Known of it"),
]


def show(flagged: pd.DataFrame, day: date, flagged_in_all: int) -> None:
    """Draw the list. ``flagged``: rows of ``day_flagged.sql`` in one currency."""
    st.subheader("Flagged payments", anchor="flagged")
    if flagged.empty:
        st.write("No payment of this day was flagged.")
        return
    chosen = _filtered(flagged.assign(expected_loss=flagged["amount"] * flagged["fraud_probability"]), day)
    if len(flagged) < flagged_in_all:
        st.caption(f"Of {flagged_in_all:,} the {len(flagged):,} with the largest expected loss; the others need SQL.")
    _files(chosen, day)
    if chosen.empty:
        st.write(f"None of the {len(flagged):,} flagged payments fits these filters.")
        return
    _page(chosen, day)


def _filtered(flagged: pd.DataFrame, day: date) -> pd.DataFrame:
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        search = st.text_input("Search", placeholder="merchant, city, last four, id", width=230, key=f"search-{day}")
        codes = sorted(flagged["category"].dropna().unique())
        chosen = st.multiselect(
            "Category", codes, format_func=formats.category, placeholder="all", width=230, key=f"in-{day}"
        )
        states = st.multiselect("Known of it", list(STATES), placeholder="anything", width=230, key=f"known-{day}")
        least = st.number_input("Amount from", min_value=0.0, step=50.0, width=130, key=f"least-{day}")
        order = st.selectbox("Sorted by", list(ORDERS), width=190, key=f"order-{day}")
    fits = _contains(flagged, search) & (flagged["amount"] >= least)
    if chosen:
        fits &= flagged["category"].isin(chosen)
    if states:
        wanted = {STATES[state] for state in states}
        fits &= flagged["label"].map(lambda label: (label if isinstance(label, str) else None) in wanted)
    by, ascending = ORDERS[order]
    return flagged[fits].sort_values([*by, "trans_num"], ascending=[ascending] * len(by) + [True])


def _contains(flagged: pd.DataFrame, search: str) -> pd.Series[bool]:
    """Every word of the search stands somewhere in the row's texts; a merchant is found by its stored name, too."""
    texts = (
        flagged[["merchant", "city", "state", "card_last4", "trans_num"]].fillna("").agg(" ".join, axis=1).str.lower()
    )
    fits = pd.Series(True, index=flagged.index)
    for word in search.lower().split():
        fits &= texts.str.contains(word.removeprefix(formats.DECORATION), regex=False)
    return fits


def _files(chosen: pd.DataFrame, day: date) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{_in_all(chosen)}**", width="content", help=AT_RISK)
        table = for_export(chosen)
        st.download_button(
            "CSV",
            partial(spreadsheets.as_csv, table),
            f"flagged-{day}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"csv-{day}",
            disabled=chosen.empty,
        )
        st.download_button(
            "Excel",
            partial(spreadsheets.as_excel, table, f"flagged {day}"),
            f"flagged-{day}.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            disabled=chosen.empty,
            icon=":material/download:",
            on_click="ignore",
            key=f"xlsx-{day}",
        )


def _in_all(chosen: pd.DataFrame) -> str:
    """The number of payments, the sum of their amounts and the expected loss; they have one currency."""
    number = formats.count(len(chosen), "payment")
    if chosen.empty:
        return number
    at_risk, loss = (
        formats.money(chosen[name].sum(), chosen.iloc[0]["currency"]) for name in ("amount", "expected_loss")
    )
    return f"{number}, {at_risk} at risk, expected loss {loss}"


def for_export(chosen: pd.DataFrame) -> pd.DataFrame:
    """The list as a file holds it: every filtered row, plain columns, reasons in one text."""
    table = chosen.drop(columns=["reasons", "merch_lat", "merch_long", "expected_loss"], errors="ignore")
    table["events"] = [formats.events(row.events, row.amount, row.currency) for row in rows(chosen)]
    table["reasons"] = ["; ".join(html.reason_texts(reasons)) for reasons in chosen["reasons"]]
    return table.rename(columns={"event_time_local": "local_time"})


def _page(chosen: pd.DataFrame, day: date) -> None:
    pages = -(-len(chosen) // PAGE_ROWS)
    number = 1
    if pages > 1:
        number = int(st.pagination(pages, key=f"page-{day}-{pages}") or 1)
    first = (number - 1) * PAGE_ROWS
    html.table(COLUMNS, map(_row, rows(chosen.iloc[first : first + PAGE_ROWS])), caption="Flagged payments")


def _row(row: Any) -> tuple[object, ...]:
    place = ", ".join(part for part in (row.city, row.state) if isinstance(part, str))
    return (
        Html(html.payment_link(row.trans_num, f"{row.event_time_local:%H:%M:%S}")),
        Html(
            f"{html.safe(formats.merchant(row.merchant))}<br>"
            f'<span class="quiet">{html.safe(formats.category(row.category))}'
            f"{' · holder in ' + html.safe(place) if place else ''}</span>"
        ),
        formats.card(row.card_last4) or "—",
        formats.money(row.amount, row.currency),
        formats.probability(row.fraud_probability),
        html.reason_list(row.reasons),
        Html(
            html.label_badge(row.label, row.label_source, row.verdict)
            + (
                f'<br><span class="quiet">{html.safe(formats.events(row.events, row.amount, row.currency))}</span>'
                if row.events
                else ""
            )
        ),
    )
