"""Reason codes: why a payment is suspicious, from the features' contributions, each with the usual value beside it.

A contribution is what a feature added to the model's log-odds for this payment (XGBoost's ``pred_contribs``).
Features that tell one story share a reason code; only a contribution that raises the probability counts as a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.explain.baseline import UNKNOWN, Baseline
from fraud_scorer.explain.sentences import SENTENCES
from fraud_scorer.features.declared import BY_NAME

STRONGEST = 3
_LEAST_CONTRIBUTION = 0.01  # log-odds; a smaller contribution is no reason
REASON_CODES: tuple[str, ...] = tuple(SENTENCES)
FORMER_CODES = {"impossible_travel": "travel"}  # as decisions stored earlier name them


def strongest_reasons(
    features: pd.DataFrame,
    contributions: np.ndarray,
    columns: Sequence[str],
    baseline: Baseline,
    currencies: Sequence[str],
) -> list[list[dict[str, object]]]:
    """The three strongest reasons of each row, strongest first; reasons with an unknown value come last.

    Args:
        features: declared features, one row a payment.
        contributions: log-odds, shape (rows, len(columns)); no bias column.
        columns: the declared feature behind each column of the matrix.
        baseline: usual values, for comparison where the card's own past says nothing.
        currencies: of each row's amounts.

    Returns:
        For each row a list of ``{"code", "text", "value", "usual"}``, all text; empty if nothing raises the score.
    """
    codes = list(dict.fromkeys(BY_NAME[name].reason for name in columns))
    member = np.array([[BY_NAME[name].reason == code for code in codes] for name in columns], dtype=np.float64)
    by_code = contributions.astype(np.float64) @ member.reshape(len(columns), len(codes))
    order = np.argsort(-by_code, axis=1, kind="stable")
    rows: list[dict[Any, Any]] = features.to_dict("records")
    found = []
    for number, (row, currency) in enumerate(zip(rows, currencies, strict=True)):
        raising = [codes[place] for place in order[number] if by_code[number, place] >= _LEAST_CONTRIBUTION]
        found.append(_select_reasons(raising, row | {"currency": currency}, baseline))
    return found


def _select_reasons(codes: Sequence[str], row: dict[Any, Any], baseline: Baseline) -> list[dict[str, object]]:
    known: list[dict[str, object]] = []
    unknown: list[dict[str, object]] = []
    for code in codes:
        reason = _reason(code, row, baseline)
        (unknown if reason["value"] == UNKNOWN else known).append(reason)
        if len(known) == STRONGEST:
            break
    return (known + unknown)[:STRONGEST]


def with_current_codes(reasons: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Stored reasons under today's codes; their sentences stay as stored."""
    return [{**reason, "code": FORMER_CODES.get(str(reason.get("code")), reason.get("code"))} for reason in reasons]


def _reason(code: str, row: dict[Any, Any], baseline: Baseline) -> dict[str, object]:
    value, normal, text = SENTENCES[code](row, baseline)
    return {"code": code, "text": text, "value": value, "usual": normal}
