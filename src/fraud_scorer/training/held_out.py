"""Choose the payments to measure a model on: none that it may have seen, none that only feed features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from fraud_scorer.features import LOOK_BACK_DAYS
from fraud_scorer.training.periods import DAY_MICROS, iso, warm_up_end

_LATER = "Give later payments, or, if the model was trained on other payments of that time, --also-seen"
_MORE = "Give a longer file, with frauds and genuine payments"


@dataclass(frozen=True)
class MeasuredRows:
    """The rows (bool) to measure on, and a note on them: ``counts`` for scripts, ``note`` for people."""

    rows: np.ndarray
    counts: dict[str, Any]
    note: str
    cure: str  # where these rows are too few


def choose_rows(micros: np.ndarray, asked: np.ndarray, manifest: Mapping[str, Any], *, also_seen: bool) -> MeasuredRows:
    """Choose the rows to measure on, by time alone: a payment's file does not tell whether the model has seen it.

    From the beginning of the model's data to its test period (without one: to the end of its fitting data) it may
    have seen any payment. The first payments of all only feed the features of later ones, as in training.

    Args:
        micros: event times (UTC microseconds) of history and data together, in order; at least one.
        asked: which rows are data (bool); at least one.
        manifest: the model's.
        also_seen: count payments that the model may have seen, too.
    """
    begin, end = _seen(manifest)
    is_later = micros >= end
    is_earlier = not (asked & (micros >= begin)).any()
    may_count = asked if also_seen or is_earlier else asked & is_later
    fed_to = warm_up_end(int(micros[0]), int(micros[-1]))
    rows = may_count & (micros >= fed_to)
    counts = {
        "from": iso(int(micros[rows][0])) if rows.any() else None,
        "may_be_seen": int((rows & (micros >= begin) & ~is_later).sum()),
        "left_out_as_may_be_seen": int((asked & ~may_count).sum()),
        "left_out_to_feed_features": int((may_count & ~rows).sum()),
        "with_part_of_their_past": int((rows & (micros < micros[0] + LOOK_BACK_DAYS * DAY_MICROS)).sum()),
    }
    note = " ".join([_note_on_seen_payments(counts, manifest, is_earlier), *_notes_on_card_history(counts, fed_to)])
    return MeasuredRows(rows, counts, note, _LATER if counts["left_out_as_may_be_seen"] else _MORE)


def _seen(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """The period (end excluded) of which the model may have seen payments (the manifest has whole seconds)."""
    periods = manifest["periods"]
    end = _micros(periods["test_from"]) if periods["test_from"] else _micros(periods["trained_until"]) + 1_000_000
    return _micros(manifest["data"]["from"]), end


def _note_on_seen_payments(counts: Mapping[str, Any], manifest: Mapping[str, Any], is_earlier: bool) -> str:
    periods = manifest["periods"]
    fitted = f"The model was fitted on payments until {periods['trained_until']}"
    if counts["may_be_seen"]:
        return f"{fitted}: it may have seen {counts['may_be_seen']:,} of those measured here."
    if is_earlier:
        return (
            f"All of these lie before the model's own data (from {manifest['data']['from']}): it has not seen them, "
            "but what comes after it is the better judge."
        )
    if left_out := counts["left_out_as_may_be_seen"]:
        later = f"from {periods['test_from']} on, its test period," if periods["test_from"] else "after that"
        return f"{fitted}: only those {later} count, {left_out:,} earlier ones, which it may have seen, do not."
    return f"{fitted}: all of these lie after, it has not seen them."


def _notes_on_card_history(counts: Mapping[str, Any], fed_to: int) -> list[str]:
    said = []
    if fed := counts["left_out_to_feed_features"]:
        said.append(f"{fed:,} payments, until {iso(fed_to)}, only feed the features of later ones.")
    if young := counts["with_part_of_their_past"]:
        said.append(
            f"{young:,} of those measured lie within {LOOK_BACK_DAYS} days of the first payment given, so their cards' "
            "past is known in part only, and the model is better in service than here: give earlier payments by "
            "--history."
        )
    return said


def _micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000
