"""The pipeline page: a cell per minute for the last day, and the actions that a person has to take."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fraud_dashboard.components import html, page_frame
from fraud_dashboard.components.html import Card, Column
from fraud_dashboard.data import run_ledger
from fraud_dashboard.data.database import DatabaseTrouble, ask, report_state
from fraud_dashboard.data.frames import rows
from fraud_dashboard.data.run_ledger import STATES
from fraud_dashboard.text import formats

RECENT_MINUTES = 10
DAY_MINUTES = 24 * 60 - run_ledger.GRACE_MINUTES
KINDS = {"alert": "Alerts", "daily": "Morning report", "operator": "To the operator"}
QUIET = "Nothing needs anyone: every landed minute is loaded, every message is sent."


def render() -> None:
    """Draw the page; it is queried again every minute while it is open."""
    _live()


@st.fragment(run_every="30s")
def _live() -> None:
    try:
        _draw()
    except DatabaseTrouble as trouble:  # a fragment renews itself outside of the frame that shows trouble
        page_frame.show_trouble(trouble)


def _draw() -> None:
    state = report_state()
    ever = ask("pipeline_ever").iloc[0]
    quarantine, outbox, minutes = ask("pipeline_quarantine"), ask("pipeline_outbox"), ask("pipeline_minutes")
    still_open, breaker = ask("pipeline_open"), ask("pipeline_breaker")
    st.title("Pipeline")  # once all has answered: if the database does not, another heading says so
    st.caption(f"As of {state.now_local:%H:%M:%S}, times are {state.time_zone}. Renews itself.")
    started = not pd.isna(ever["last_minute"])
    silent = (ever["seen_at"] - ever["last_minute"]).total_seconds() / 60 - 1 if started else 0.0
    needed = run_ledger.actions(still_open, outbox, breaker, quarantine, silent)
    if started:
        _actions(needed)
        _minutes(minutes, pd.Timestamp(ever["this_minute"]), pd.Timestamp(ever["first_minute"]), state.time_zone)
    else:
        st.info(
            "No minute has landed yet. Once the DAG `fraud_pipeline` runs, each minute stands here as a cell. "
            "`fraud-scorer check` tries every connection it needs."
        )
        _actions(needed, quiet="")
    left, right = st.columns(2, gap="large")
    with left:
        _quarantine(quarantine)
    with right:
        _outbox(outbox)


def _minutes(minutes: pd.DataFrame, this_minute: pd.Timestamp, first_minute: pd.Timestamp, time_zone: str) -> None:
    cells = run_ledger.states(minutes, this_minute, time_zone, first_minute)
    _numbers(minutes, cells)
    _grid(cells)
    _recent(minutes)


def _actions(needed: list[run_ledger.Action], quiet: str = QUIET) -> None:
    if quiet and not needed:
        st.success(quiet, icon=":material/check:")
    for action in needed:
        show = st.warning if action.urgent else st.info
        show(f"**{action.what}** {action.do}", icon=":material/build:" if action.urgent else ":material/info:")


def _numbers(minutes: pd.DataFrame, cells: pd.DataFrame) -> None:
    done = minutes[minutes["status"] == "done"]
    states = cells["state"].value_counts()
    lag = done.loc[~run_ledger.was_there(done), "lag_seconds"].astype("float64")
    html.cards(
        [
            Card("Minutes done", f"{len(done):,}", _of_how_many(cells)),
            Card(
                "Typical lag",
                formats.duration(float(lag.median())),
                f"after a minute's end; 95% within {formats.duration(float(lag.quantile(0.95)))}",
            ),
            Card(
                "Received",
                f"{done['received'].sum():,}",
                f"{done['inserted'].sum():,} new, {done['updated'].sum():,} changed, {done['unchanged'].sum():,} known"
                + (f", {formats.count(done['events'].sum(), 'refund or other event')}" if done["events"].any() else ""),
            ),
            Card("Flagged", f"{done['flagged'].sum():,}", f"{done['alerted'].sum():,} of them alerted"),
            _scored_by(done),
            Card(
                "Missed or failed",
                f"{states.get('missed', 0) + states.get('failed', 0):,}",
                f"minutes: {states.get('missed', 0):,} missed, {states.get('failed', 0):,} failed",
            ),
        ]
    )


def _of_how_many(cells: pd.DataFrame) -> str:
    if len(cells) >= DAY_MINUTES:
        return f"of {len(cells):,} in the last 24 hours"
    return (
        f"of {len(cells):,} since {cells['local'].iloc[0]:%H:%M}, the first ever" if len(cells) else "none is over yet"
    )


def _scored_by(done: pd.DataFrame) -> Card:
    """A card that says whether the endpoint or the local model scored, and why."""
    by = done["scored_by"].value_counts()
    fallback, local, endpoint = (int(by.get(name, 0)) for name in ("local-fallback", "local", "sagemaker"))
    if fallback:
        said = "in the endpoint's place, because it failed"
        return Card("By the local model", formats.count(fallback, "minute"), said)
    if endpoint and local:
        return Card(
            "Scored by", "both models", f"{formats.count(endpoint, 'minute')} SageMaker, {local:,} local, as set"
        )
    if endpoint:
        return Card("Scored by", "SageMaker", "the local model had to stand in for no minute")
    return Card("Scored by", "local model" if local else "—", "as set; no endpoint is asked" if local else "")


def _grid(cells: pd.DataFrame) -> None:
    st.subheader("The last 24 hours, a minute a cell")
    lines = []
    for hour, in_hour in cells.groupby(cells["local"].dt.floor("h", ambiguous="NaT", nonexistent="NaT"), dropna=False):
        lines.append(_hour_row(hour, in_hour))
    st.html(f'<div class="fd-grid" role="img" aria-label="{_spoken(cells)}">{"".join(reversed(lines))}</div>')
    key = "".join(
        f'<span><span class="fd-cell {state}">{sign}</span>{meaning}</span>'
        for state, (sign, meaning) in STATES.items()
    )
    st.html(f'<div class="fd-key">{key}</div>')


def _hour_row(hour: pd.Timestamp, in_hour: pd.DataFrame) -> str:
    by_minute = {row.local.minute: row for row in rows(in_hour)}
    name = f"{hour:%H:%M}" if not pd.isna(hour) else f"{in_hour['local'].iloc[0]:%H}:00"
    boxes = "".join(_cell(by_minute.get(minute)) for minute in range(60))
    return f'<div class="hour">{name}</div>{boxes}'


def _cell(row: object) -> str:
    if row is None:
        return '<div class="fd-cell none"></div>'
    state, local = getattr(row, "state", "unknown"), getattr(row, "local", None)
    sign, meaning = STATES[state]
    return f'<div class="fd-cell {state}" title="{local:%H:%M} {meaning}">{sign}</div>'


def _spoken(cells: pd.DataFrame) -> str:
    counts = cells["state"].value_counts()
    return "; ".join(f"{formats.count(count, 'minute')} {STATES[str(state)][1]}" for state, count in counts.items())


def _recent(minutes: pd.DataFrame) -> None:
    st.subheader("The last minutes")
    heads = [
        Column("Minute", "tight"),
        Column("State"),
        Column("Received", "number"),
        Column("New", "number minor"),
        Column("Flagged", "number"),
        Column("Alerts", "number minor"),
        Column("Quarantined", "number minor"),
        Column("Lag", "number"),
    ]
    lines = [
        (
            f"{row.minute_local:%H:%M}",
            _state_text(row),
            f"{row.received:,}",
            f"{row.inserted:,}",
            f"{row.flagged:,}",
            f"{row.alerted:,}",
            f"{row.quarantined:,}",
            formats.duration(row.lag_seconds),
        )
        for row in rows(minutes.tail(RECENT_MINUTES).iloc[::-1])
    ]
    html.table(heads, lines, caption="The run ledger's last minutes", stacks=False)


def _state_text(row: object) -> object:
    state = run_ledger.state_of(row)
    kind = {"failed": "alarm", "missed": "alarm", "late": "warn", "fallback": "warn", "done": "good"}.get(state, "")
    name = {"fallback": "done by the local model", "late": "done late"}.get(state, state)
    texts = [getattr(row, column, None) for column in ("error", "fallback_reason", "note")]
    told = [text for text in [*texts, formats.dropped(getattr(row, "dropped", None))] if isinstance(text, str) and text]
    said = f' <span class="fd-quiet">{html.safe("; ".join(told))}</span>' if told else ""
    return html.Html(html.badge(name, kind) + said)


def _quarantine(quarantine: pd.DataFrame) -> None:
    st.subheader("Quarantine")
    if quarantine.empty:
        st.write("Empty: every record received could be read as a payment.")
        return
    heads = [Column("Reason"), Column("Records", "number"), Column("Latest", "number")]
    lines = [
        (
            html.Html(f'{html.safe(formats.plain(row.reason))}<br><span class="quiet">{html.safe(row.example)}</span>'),
            f"{row.records:,}",
            formats.short_moment(row.latest_local),
        )
        for row in rows(quarantine)
    ]
    html.table(heads, lines, caption="Quarantined records by reason", stacks=False)


def _outbox(outbox: pd.DataFrame) -> None:
    st.subheader("Messages")
    if outbox.empty:
        st.write("No message was made in the last 24 hours, and none waits.")
        return
    heads = [Column("Message"), Column("State"), Column("Made", "number"), Column("Latest", "number")]
    kinds = {"failed": "alarm", "pending": "warn", "sent": "good"}
    lines = [
        (
            f"{KINDS.get(row.kind, row.kind)}, by {row.channel}",
            html.badge(row.status, kinds.get(row.status, "")),
            f"{row.messages:,}",
            formats.short_moment(row.latest_local),
        )
        for row in rows(outbox)
    ]
    html.table(heads, lines, caption="Messages by state", stacks=False)
