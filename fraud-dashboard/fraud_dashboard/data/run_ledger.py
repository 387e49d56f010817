"""The run ledger as a grid of minutes, and the actions that it asks for. Pure: frames in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from fraud_dashboard.data.frames import rows
from fraud_dashboard.text import formats

LATE_SECONDS = 120.0
WAITING_SECONDS = 300.0  # what waits longer is told
GRACE_MINUTES = 2  # the running minute and the one whose run is under way are not missing yet

# state: sign in the cell, what it means
STATES = {
    "done": ("", "done in time"),
    "late": (
        "+",
        f"done late, {LATE_SECONDS / 60:.0f} minutes or more after its end: caught up after a pause or a start",
    ),
    "fallback": ("L", "done by the local model, because the endpoint failed"),
    "waiting": ("…", "landed, not loaded yet"),
    "missed": ("–", "missed: nothing landed"),
    "failed": ("!", "failed for good: someone has to act"),
    "unknown": ("·", "nothing landed yet: no run, or no usable answer of the payments API; it is asked again"),
}


@dataclass(frozen=True)
class Action:
    """An action that a person has to take: the finding, and the command or step that mends it."""

    what: str
    do: str
    urgent: bool = True


def state_of(row: Any) -> str:
    """The state of one minute of the ledger (a key of STATES). A minute that was stored before it ran is not late."""
    if row.status == "missed" or row.status == "failed":
        return str(row.status)
    if row.status == "landed":
        return "waiting"
    if row.scored_by == "local-fallback":
        return "fallback"
    is_late = row.lag_seconds is not None and row.lag_seconds > LATE_SECONDS
    return "late" if is_late and not was_there(row) else "done"


def was_there(minutes: Any) -> Any:
    """Whether all of a minute (or of each in a frame) was stored before it ran, as a first start's import leaves it."""
    return (minutes.unchanged > 0) & (minutes.inserted == 0) & (minutes.updated == 0) & (minutes.events == 0)


def states(
    minutes: pd.DataFrame, this_minute: pd.Timestamp, time_zone: str, first_minute: pd.Timestamp
) -> pd.DataFrame:
    """Each minute of the last 24 hours (columns minute, local, state), oldest first; what the ledger lacks is unknown.

    Args:
        minutes: rows of ``pipeline_minutes.sql``.
        this_minute: the running minute (UTC).
        first_minute: the first that the ledger ever knew; none before it is given.
        time_zone: of the local times.
    """
    known = {row.minute: state_of(row) for row in rows(minutes)}
    start = max(this_minute - pd.Timedelta(hours=24), first_minute)
    every = pd.date_range(start, this_minute, freq="min", inclusive="left")
    shown = [
        minute for minute in every if minute in known or minute < this_minute - pd.Timedelta(minutes=GRACE_MINUTES)
    ]
    local = pd.DatetimeIndex(shown, tz="UTC").tz_convert(time_zone)
    return pd.DataFrame({"minute": shown, "local": local, "state": [known.get(m, "unknown") for m in shown]})


def actions(
    opened: pd.DataFrame,
    outbox: pd.DataFrame,
    breaker: pd.DataFrame,
    quarantine: pd.DataFrame,
    silent_minutes: float,
) -> list[Action]:
    """The actions that a person has to take, the most urgent first."""
    found: list[Action] = []
    if silent_minutes > GRACE_MINUTES + 1:
        found.append(
            Action(
                f"No minute was recorded for {formats.duration(60 * silent_minutes)}.",
                "See whether Airflow's scheduler runs (`make run`, or the container). Nothing landed is lost.",
            )
        )
    found += [_batches(row) for row in rows(opened) if row.status == "failed" or row.oldest_seconds > WAITING_SECONDS]
    found += [_messages(row) for row in rows(outbox) if _stuck(row)]
    found += [
        Action(
            f"The endpoint {row.endpoint} failed {row.failed_runs} minutes in a row and is asked only now and then.",
            "`fraud-scorer check` says what it answers. Meanwhile the local model scores.",
        )
        for row in rows(breaker)
        if row.is_open
    ]
    if len(quarantine):
        total = formats.count(quarantine["records"].sum(), "record")
        found.append(
            Action(
                f"{total} still open in quarantine: they could not become payments.",
                "`fraud-scorer quarantine list` shows them; once the cause is mended, "
                "`quarantine retry` tries them again.",
                urgent=False,
            )
        )
    return found


def _batches(row: Any) -> Action:
    first, last = row.first_batch_id, row.last_batch_id
    if row.status == "landed":
        return Action(
            f"{formats.count(row.batches, 'batch', 'batches')} wait to be loaded, the oldest for "
            f"{formats.duration(row.oldest_seconds)}.",
            "They are taken oldest first, by themselves. If the number grows, see the load task's log in Airflow.",
        )
    span = first if first == last else f"{first} to {last}"
    return Action(
        f"{formats.count(row.batches, 'batch', 'batches')} failed for good ({span}).",
        f"{_last_error(row)}Mend the cause, then {_again(first, last)}.",
    )


def _again(first: str, last: str) -> str:
    """The command that replays failed batches; its end is excluded, so it lies a minute after the last batch."""
    if first.startswith("history-") or last.startswith("history-"):
        return "import the file again: `fraud-scorer history import FILE`"
    if not (first[0].isdigit() and last[0].isdigit()):  # records tried again, or a minute asked for again
        return "`fraud-scorer batch retry ID` (`fraud-scorer batch list` names them)"
    end = datetime.fromisoformat(last) + timedelta(minutes=1)
    return f"`fraud-scorer replay --from {first} --to {end:%Y-%m-%dT%H:%MZ}`"


def _stuck(row: Any) -> bool:
    return bool(row.status == "failed" or (row.status == "pending" and row.oldest_seconds > WAITING_SECONDS))


def _messages(row: Any) -> Action:
    what = f"{formats.count(row.messages, 'message')} by {row.channel}"
    if row.status == "failed":
        return Action(
            f"{what} refused for good.", f"{_last_error(row)}Mend address or server, then `fraud-scorer alerts retry`."
        )
    return Action(
        f"{what} not sent yet, the oldest for {formats.duration(row.oldest_seconds)}.",
        f"{_last_error(row)}They are sent by themselves once the server takes them; `fraud-scorer check` tries it now.",
    )


def _last_error(row: Any) -> str:
    return f"Last error: {formats.as_markdown(row.example_error)}. " if isinstance(row.example_error, str) else ""
