"""The pipeline page: a cell a minute for the last day, and what needs someone."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from desk import frame, ledger, parts, words
from desk.database import DatabaseTrouble, ask, report_state
from desk.ledger import STATES
from desk.parts import Card, Column
from desk.rows import rows

RECENT_MINUTES = 10
DAY_MINUTES = 24 * 60 - ledger.GRACE_MINUTES
KINDS = {"alert": "Alerts", "daily": "Morning report", "operator": "To the operator"}
QUIET = "Nothing needs anyone: every landed minute is loaded, every message is sent."


def render() -> None:
    """Draw the page; asked anew every minute while it is open."""
    _live()


@st.fragment(run_every="30s")
def _live() -> None:
    try:
        _draw()
    except DatabaseTrouble as trouble:  # a fragment renews itself outside of the frame that shows trouble
        frame.show_trouble(trouble)


def _draw() -> None:
    state = report_state()
    ever = ask("pipeline_ever").iloc[0]
    quarantine, outbox, minutes = ask("pipeline_quarantine"), ask("pipeline_outbox"), ask("pipeline_minutes")
    still_open, breaker = ask("pipeline_open"), ask("pipeline_breaker")
    st.title("Pipeline")  # once all has answered: if the database does not, another heading says so
    st.caption(f"As of {state.now_local:%H:%M:%S}, times are {state.time_zone}. Renews itself.")
    started = not pd.isna(ever["last_minute"])
    silent = (ever["seen_at"] - ever["last_minute"]).total_seconds() / 60 - 1 if started else 0.0
    needed = ledger.actions(still_open, outbox, breaker, quarantine, silent)
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
    cells = ledger.states(minutes, this_minute, time_zone, first_minute)
    _numbers(minutes, cells)
    _grid(cells)
    _recent(minutes)


def _actions(needed: list[ledger.Action], quiet: str = QUIET) -> None:
    if quiet and not needed:
        st.success(quiet, icon=":material/check:")
    for action in needed:
        show = st.warning if action.urgent else st.info
        show(f"**{action.what}** {action.do}", icon=":material/build:" if action.urgent else ":material/info:")


def _numbers(minutes: pd.DataFrame, cells: pd.DataFrame) -> None:
    done = minutes[minutes["status"] == "done"]
    states = cells["state"].value_counts()
    lag = done.loc[~ledger.was_there(done), "lag_seconds"].astype("float64")
    parts.cards(
        [
            Card("Minutes done", f"{len(done):,}", _of_how_many(cells)),
            Card(
                "Typical lag",
                words.duration(float(lag.median())),
                f"after a minute's end; 95% within {words.duration(float(lag.quantile(0.95)))}",
            ),
            Card(
                "Received",
                f"{done['received'].sum():,}",
                f"{done['inserted'].sum():,} new, {done['updated'].sum():,} changed, {done['unchanged'].sum():,} known"
                + (f", {words.count(done['events'].sum(), 'refund or other event')}" if done["events"].any() else ""),
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
    """Who scored: the endpoint or, as chosen or for want of it, the local model."""
    by = done["scored_by"].value_counts()
    fallback, local, endpoint = (int(by.get(name, 0)) for name in ("local-fallback", "local", "sagemaker"))
    if fallback:
        said = "in the endpoint's place, because it failed"
        return Card("By the local model", words.count(fallback, "minute"), said)
    if endpoint and local:
        return Card("Scored by", "both models", f"{words.count(endpoint, 'minute')} SageMaker, {local:,} local, as set")
    if endpoint:
        return Card("Scored by", "SageMaker", "the local model had to stand in for no minute")
    return Card("Scored by", "local model" if local else "—", "as set; no endpoint is asked" if local else "")


def _grid(cells: pd.DataFrame) -> None:
    st.subheader("The last 24 hours, a minute a cell")
    lines = []
    for hour, in_hour in cells.groupby(cells["local"].dt.floor("h", ambiguous="NaT", nonexistent="NaT"), dropna=False):
        lines.append(_hour_row(hour, in_hour))
    st.html(f'<div class="desk-grid" role="img" aria-label="{_spoken(cells)}">{"".join(reversed(lines))}</div>')
    key = "".join(
        f'<span><span class="desk-cell {state}">{sign}</span>{meaning}</span>'
        for state, (sign, meaning) in STATES.items()
    )
    st.html(f'<div class="desk-key">{key}</div>')


def _hour_row(hour: pd.Timestamp, in_hour: pd.DataFrame) -> str:
    by_minute = {row.local.minute: row for row in rows(in_hour)}
    name = f"{hour:%H:%M}" if not pd.isna(hour) else f"{in_hour['local'].iloc[0]:%H}:00"
    boxes = "".join(_cell(by_minute.get(minute)) for minute in range(60))
    return f'<div class="hour">{name}</div>{boxes}'


def _cell(row: object) -> str:
    if row is None:
        return '<div class="desk-cell none"></div>'
    state, local = getattr(row, "state", "unknown"), getattr(row, "local", None)
    sign, meaning = STATES[state]
    return f'<div class="desk-cell {state}" title="{local:%H:%M} {meaning}">{sign}</div>'


def _spoken(cells: pd.DataFrame) -> str:
    counts = cells["state"].value_counts()
    return "; ".join(f"{words.count(count, 'minute')} {STATES[str(state)][1]}" for state, count in counts.items())


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
            words.duration(row.lag_seconds),
        )
        for row in rows(minutes.tail(RECENT_MINUTES).iloc[::-1])
    ]
    parts.table(heads, lines, caption="The run ledger's last minutes", stacks=False)


def _state_text(row: object) -> object:
    state = ledger.state_of(row)
    kind = {"failed": "alarm", "missed": "alarm", "late": "warn", "fallback": "warn", "done": "good"}.get(state, "")
    name = {"fallback": "done by the local model", "late": "done late"}.get(state, state)
    texts = [getattr(row, column, None) for column in ("error", "fallback_reason", "note")]
    told = [text for text in [*texts, words.dropped(getattr(row, "dropped", None))] if isinstance(text, str) and text]
    said = f' <span class="desk-quiet">{parts.safe("; ".join(told))}</span>' if told else ""
    return parts.Html(parts.badge(name, kind) + said)


def _quarantine(quarantine: pd.DataFrame) -> None:
    st.subheader("Quarantine")
    if quarantine.empty:
        st.write("Empty: every record received could be read as a payment.")
        return
    heads = [Column("Reason"), Column("Records", "number"), Column("Latest", "number")]
    lines = [
        (
            parts.Html(
                f'{parts.safe(words.plain(row.reason))}<br><span class="quiet">{parts.safe(row.example)}</span>'
            ),
            f"{row.records:,}",
            words.short_moment(row.latest_local),
        )
        for row in rows(quarantine)
    ]
    parts.table(heads, lines, caption="Quarantined records by reason", stacks=False)


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
            parts.badge(row.status, kinds.get(row.status, "")),
            f"{row.messages:,}",
            words.short_moment(row.latest_local),
        )
        for row in rows(outbox)
    ]
    parts.table(heads, lines, caption="Messages by state", stacks=False)
