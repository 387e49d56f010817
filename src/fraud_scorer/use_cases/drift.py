"""Drift: each day's features and scores against those that the model was measured on. No label is needed.

A day is compared once it is over and no batch of it waits to be loaded, and kept; comparing it again replaces what is
kept. What is compared are the values that the scorer saw, as they are stored with each payment that the model in force
decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from fraud_common.errors import FraudScorerError
from fraud_scorer.features.declared import BY_NAME
from fraud_scorer.features.drift import bin_names, number_shares, psi, text_shares

if TYPE_CHECKING:
    import pandas as pd

    from fraud_scorer.wiring import Parts

log = structlog.get_logger()

LONGEST_CATCH_UP = 35  # days; as far back as the dashboard's Model page looks
MOST_COMPARED = 50_000  # payments of a day: chance moves the index by some 0.0002
SCORE = "fraud_probability"
ONE_VALUE_A_DAY = ("weekday_local",)  # a day has one weekday, training had seven
HOURS = ("hour_local", "is_night")  # of a part of a day they say which part
_UNKNOWN = "the model in force was trained before references were written: its drift is unknown"
_CURE = "train again (`fraud-scorer train`) to have days compared"


def drift(parts: Parts, day: date | None = None, *, most: int = MOST_COMPARED) -> dict[str, Any]:
    """Compare ``day`` (also one that is not over), or without it every loaded day that was missed; keep the result.

    Args:
        parts: the model's manifest, the clock and ``fraud_db``.
        day: of the report's calendar.
        most: payments of a day that are compared, about; a bigger day is sampled.

    Returns:
        ``model_hash``; ``days``, a mapping each: ``day``, ``is_over``, ``payments``, ``compared``, ``features`` (the
        farthest first: name, psi, state, is_young, missing and bin shares); ``note``: why there is nothing, or empty.

    Raises:
        ArtifactError: the model's manifest cannot be read.
        StoreUnavailable: ``fraud_db`` cannot be reached.
    """
    from fraud_scorer.scoring.manifest import read_manifest

    manifest, model_hash = read_manifest(parts.settings.fraud_artifacts, parts.settings.fraud_model_public_key)
    days = [day] if day else parts.database.drift.missing_days(now=parts.clock.now(), most=LONGEST_CATCH_UP)
    done = [_compare(parts, one, manifest, model_hash, most) for one in days]
    log.info("Compared days with the model's reference.", action="drift", days=len(done), model_hash=model_hash[:12])
    return {"model_hash": model_hash, "days": done, "note": _note(manifest, day, done)}


def catch_up(parts: Parts) -> None:
    """Compare what was missed; a failure is a warning in the log, for whoever has done something more important."""
    try:
        drift(parts)
    except FraudScorerError as error:
        log.warning(f"Days could not be compared with the model's reference: {error}", action="drift")


def _compare(parts: Parts, day: date, manifest: Mapping[str, Any], model_hash: str, most: int) -> dict[str, Any]:
    found = parts.database.drift.day(day, now=parts.clock.now())
    reference = manifest.get("reference")
    features: list[dict[str, Any]] = []
    compared = 0
    if reference and found.payments:
        sample = parts.database.drift.sample(found, model_hash, manifest["matrix_columns"], most=most)
        compared = len(sample)
        left_out = ONE_VALUE_A_DAY if found.is_whole else ONE_VALUE_A_DAY + HOURS
        features = list(compare(sample, reference, left_out)) if compared else []
    about = {name: reference[name] for name in ("rows", "payments", "from", "until")} if reference else None
    if found.payments:
        parts.database.drift.write(day, model_hash, found, compared=compared, reference=about, features=features)
    return {
        "day": str(day),
        "is_over": found.is_over,
        "payments": found.payments,
        "compared": compared,
        "features": parts.database.drift.stored(day, model_hash) if features else [],
    }


def compare(sample: pd.DataFrame, reference: Mapping[str, Any], left_out: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """What the table feature_drift keeps of each feature of ``sample`` (at least one row) and of the score."""
    entries = {**reference["numbers"], **reference["texts"], SCORE: reference["probability"]}
    for name, entry in entries.items():
        if name in left_out:
            continue
        expected = [*entry["shares"], entry["missing"]]
        shares = _shares(sample[name], entry)
        yield {
            "feature": name,
            "feature_group": BY_NAME[name].group if name in BY_NAME else "score",
            "psi": round(psi(expected, shares), 6),
            "missing_share": round(float(shares[-1]), 6),
            "bins": bin_names(entry),
            "reference_shares": expected,
            "day_shares": [round(float(share), 6) for share in shares],
        }


def _shares(values: pd.Series, entry: Mapping[str, Any]) -> np.ndarray:
    if "values" in entry:
        return text_shares(values, entry["values"])
    return number_shares(values.to_numpy(np.float32, na_value=np.nan), entry["edges"])


def _note(manifest: Mapping[str, Any], day: date | None, done: list[dict[str, Any]]) -> str:
    if not manifest.get("reference"):
        return f"{_UNKNOWN}; {_CURE}"
    if not done:
        return "every day that is over and loaded was compared before"
    if day and not done[0]["payments"]:
        return f"no scored payment is stored of {day}"
    if day and not done[0]["compared"]:
        return f"the payments of {day} were decided by another model than the one in force: nothing to compare"
    return ""
