"""The staged fraud spree: obvious frauds in the first minutes after the server's start, so that an alert comes soon."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from payments_simulator.episodes import FRAUDS, expand
from payments_simulator.payments import joined, to_public
from payments_simulator.stream import Stream

_STOLEN, _, _TESTING, _ = FRAUDS
_STAGED = (  # kind, payments, gap seconds, seconds after the start
    (_STOLEN, 9, 13.0, (110, 170)),
    (_TESTING, 14, 6.0, (190,)),
)
REST_SECONDS = 30 * 60  # no new spree within this time after the last one's start


def stage(stream: Stream, start: int) -> pd.DataFrame:
    """The spree of a server started at ``start`` (epoch seconds): two stolen cards and a burst of card testing.

    All within five minutes of ``start``. Public columns and ``fraud_kind``, by time.
    """
    parts = []
    for kind, count, gap, delays in _STAGED:
        staged = replace(kind, payments=(count, count), gap=(gap, 0.4), ordinary=0.0, long_break=0.0)
        ids = stream.rng.ids(f"staged {kind.name}", start, np.array(delays))
        card = stream.ordinary.cards(stream.ordinary.any_slots(ids, np.full(len(ids), start // 3600 - 24)))
        begins = start + np.array(delays, dtype=np.int64)
        parts.append(expand(stream.ordinary, staged, ids, card, begins, np.full(len(ids), start + 300)))
    payments = joined(parts).ordered()
    return to_public(payments, stream.population, stream.rng)


def staged_payments(stream: Stream, start: int, state: Path | None) -> pd.DataFrame:
    """The spree of this start and, with a state folder, of earlier starts: a restart answers as before.

    A start within half an hour of the last one's stages no new spree.
    """
    path = state / "staged.json" if state else None
    kept = json.loads(path.read_text()) if path and path.exists() else []
    if not kept or start - kept[-1]["start"] >= REST_SECONDS:
        rows = stage(stream, start).astype(object).to_dict(orient="records")
        kept.append({"start": start, "payments": rows})
    if path:
        _write(path, kept)
    return pd.DataFrame([row for spree in kept for row in spree["payments"]])


def _write(path: Path, kept: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(kept))
    fresh.replace(path)
