"""What an endpoint answers, read strictly: one finite score in [0, 1] a row, or an error that says what came."""

from __future__ import annotations

import json

import numpy as np

from fraud_common.aws_errors import as_log_line
from fraud_common.errors import EndpointUnavailable

CURE = "See the endpoint's log in CloudWatch (/aws/sagemaker/Endpoints/)"


def scores_of(body: bytes, content_type: str, rows: int) -> np.ndarray:
    """The scores in an endpoint's answer: float64, shape (rows,), finite, 0-1.

    Three forms are understood: ``{"predictions": [{"score": 0.4}, …]}``, CSV with a score a line (newer containers)
    and CSV with all scores on one line (older and multi-model containers).

    Raises:
        EndpointUnavailable: anything else; no score is ever made up.
    """
    if not body.strip():
        raise _nonsense(f"an empty body for {rows} payments")
    scores = _from_json(body) if _media_type(content_type) == "application/json" else _from_csv(body, content_type)
    if len(scores) != rows:
        raise _nonsense(f"{len(scores)} scores for {rows} payments")
    if not np.isfinite(scores).all():
        raise _nonsense(f"{int((~np.isfinite(scores)).sum())} scores of {rows} that are no finite numbers")
    outside = (scores < 0) | (scores > 1)
    if outside.any():
        raise _nonsense(f"scores outside 0 to 1, the first of them {scores[outside][0]:g}")
    return scores


def _from_json(body: bytes) -> np.ndarray:
    try:
        values = [prediction["score"] for prediction in json.loads(body)["predictions"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _nonsense(f'JSON without {{"predictions": [{{"score": …}}]}}: {as_log_line(body)}') from None
    if not all(type(value) in (int, float) for value in values):
        raise _nonsense("scores that are no numbers")
    try:
        return np.array(values, dtype="float64")
    except OverflowError:
        raise _nonsense("scores too large for a number") from None


def _from_csv(body: bytes, content_type: str) -> np.ndarray:
    if _media_type(content_type) != "text/csv":
        raise _nonsense(f"{as_log_line(content_type) or 'no content type'} instead of JSON or CSV: {as_log_line(body)}")
    try:
        cells = body.decode("ascii").strip().replace("\n", ",").split(",")
        return np.array([float(cell) for cell in cells], dtype="float64")
    except ValueError:
        raise _nonsense(f"CSV whose cells are no numbers: {as_log_line(body)}") from None


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _nonsense(what: str) -> EndpointUnavailable:
    return EndpointUnavailable(f"the endpoint answered {what}", CURE)
