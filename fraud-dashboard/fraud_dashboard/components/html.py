"""HTML elements: cards, badges, tables that turn into cards on a phone. Every text is escaped here, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import streamlit as st

from fraud_dashboard.text import formats

LABELS = {"fraud": ("alarm", "✖ fraud"), "not_fraud": ("good", "✔ not fraud")}
SOURCES = {"chargeback": "by chargeback", "verdict": "by verdict", "payload": "by the payments API"}


class Html(str):
    """Text that is HTML already; anything else is escaped before it is shown."""

    __slots__ = ()


def safe(value: object) -> str:
    """``value`` as HTML text."""
    return value if isinstance(value, Html) else escape(str(value))


@dataclass(frozen=True)
class Card:
    """A number with its name and a note, such as the number to compare it with."""

    label: str
    value: object
    note: object = ""


def cards(shown: Iterable[Card]) -> None:
    """A row of cards; as many beside each other as the width holds."""
    boxes = "".join(
        f'<div class="fd-card"><div class="label">{safe(card.label)}</div><div class="value">{safe(card.value)}</div>'
        f'<div class="note">{safe(card.note)}</div></div>'
        for card in shown
    )
    st.html(f'<div class="fd-cards">{boxes}</div>')


def amount(text: str) -> Html:
    """An amount with its currency in small: `1,482.10 <small>USD</small>`."""
    number, _, currency = text.rpartition(" ")
    return Html(f"{safe(number)} <small>{safe(currency)}</small>")


def lines(texts: Iterable[object]) -> Html:
    """Texts one below the other."""
    return Html("<br>".join(safe(text) for text in texts))


def badge(text: str, kind: str = "") -> Html:
    """A short state. ``kind``: alarm, good, warn or none."""
    return Html(f'<span class="fd-badge {escape(kind)}">{safe(text)}</span>')


def label_badge(label: object, source: object, verdict: object) -> Html:
    """The payment's label and its source, as a badge; or a note that nobody has labelled the payment."""
    if isinstance(label, str) and label in LABELS:
        kind, text = LABELS[label]
        whose = f' <span class="fd-quiet">{SOURCES.get(str(source), "")}</span>'
        return Html(badge(text, kind) + whose)
    return badge("? unsure", "warn") if verdict == "unsure" else badge("no label yet")


def payment_link(trans_num: str, text: str) -> Html:
    """A link to a payment's own page."""
    return Html(f'<a href="./?payment={quote(trans_num, safe="")}" target="_self">{safe(text)}</a>')


def reason_list(reasons: object, *, most: int = 3) -> Html:
    """The first reasons of a payment, a line each."""
    texts = reason_texts(reasons)[:most]
    return Html("<ul>" + "".join(f"<li>{safe(text)}</li>" for text in texts) + "</ul>") if texts else Html("")


def reason_texts(reasons: object) -> list[str]:
    """The texts of a payment's reasons, strongest first; none if it has none."""
    if not isinstance(reasons, list):
        return []
    told = [reason for reason in reasons if isinstance(reason, Mapping)]
    return [str(reason.get("text") or formats.plain(reason.get("code"))) for reason in told]


@dataclass(frozen=True)
class Column:
    """A table's column: heading, and look of its cells (``number``, ``tight``, ``wide``; ``minor``: not on a phone)."""

    heading: str
    kind: str = ""


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, caption: str, stacks: bool = True) -> None:
    """A table that becomes one card a row on a phone. ``caption`` is read out, not shown."""
    head = "".join(f'<th scope="col" class="{column.kind}">{safe(column.heading)}</th>' for column in columns)
    body = "".join(_row(columns, row) for row in rows)
    st.html(
        f'<table class="fd-table{" stacks" if stacks else ""}" aria-label="{escape(caption)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(columns: Sequence[Column], cells: Sequence[object]) -> str:
    shown = "".join(
        f'<td class="{column.kind}{"" if safe(cell) else " empty"}" data-label="{escape(column.heading)}">'
        f"<div>{safe(cell)}</div></td>"
        for column, cell in zip(columns, cells, strict=True)
    )
    return f"<tr>{shown}</tr>"


def bar(part: float, whole: float) -> Html:
    """A thin bar, ``part`` of ``whole`` long; it repeats a number that stands beside it."""
    width = 100 * part / whole if whole else 0
    return Html(f'<span class="fd-bar" aria-hidden="true"><span style="width:{width:.1f}%"></span></span>')


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, a line each."""
    lines = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in pairs)
    st.html(f'<dl class="fd-facts">{lines}</dl>')
