"""Bodies in and out, as AWS's XGBoost container reads and writes them."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

CSV = "text/csv"
JSON = "application/json"


class UnsupportedBody(Exception):
    """A body that cannot be read as model inputs (the container says 415)."""


class NotAcceptable(Exception):
    """An Accept header that names neither CSV nor JSON (the container says 406)."""


def decode(body: bytes, content_type: str) -> np.ndarray:
    """``body`` as model inputs: float32, shape (rows, columns), NaN for what is missing.

    CSV has no header, and the same number of cells in each row; JSON is ``[[…]]``, ``{"instances": [[…]]}`` or
    ``{"instances": [{"features": […]}]}``.

    Raises:
        UnsupportedBody: anything else; with no content type CSV is assumed.
    """
    media_type = content_type.partition(";")[0].strip().lower() or CSV
    if media_type == CSV:
        return _from_csv(body)
    if media_type == JSON:
        return _from_json(body)
    raise UnsupportedBody(f"content type {media_type} is not supported: send {CSV} or {JSON}")


def encode(scores: np.ndarray, accept: str) -> tuple[str, str]:
    """``scores`` as (body, content type); JSON if the first acceptable type is JSON, else CSV with a score a line.

    Raises:
        NotAcceptable: neither is accepted.
    """
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()] or [CSV]
    for media_type in wanted:
        if media_type == JSON:
            return json.dumps({"predictions": [{"score": score} for score in scores.tolist()]}), JSON
        if media_type in (CSV, "text/*", "*/*"):
            return "\n".join(map(str, scores.tolist())), CSV
    raise NotAcceptable(f"accept {accept} is not supported: take {CSV} or {JSON}")


def _from_csv(body: bytes) -> np.ndarray:
    text = body.strip(b"\r\n \t")
    if not text:
        raise UnsupportedBody("the CSV cannot be read: it holds no row")
    width = text.split(b"\n", 1)[0].count(b",") + 1
    try:
        table = pa_csv.read_csv(
            io.BytesIO(text + b"\n"),
            read_options=pa_csv.ReadOptions(autogenerate_column_names=True, block_size=max(1 << 20, len(text) + 2)),
            parse_options=pa_csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                null_values=["", "nan", "NaN"], column_types={f"f{column}": pa.float64() for column in range(width)}
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnsupportedBody(f"the CSV cannot be read: {error}") from None
    with np.errstate(over="ignore"):  # too large for a float32 becomes infinite, which the model refuses
        return np.column_stack([column.to_numpy() for column in table.columns]).astype(np.float32)


def _from_json(body: bytes) -> np.ndarray:
    try:
        parsed = json.loads(body)
        rows = parsed["instances"] if isinstance(parsed, dict) else parsed
        matrix = np.array([row["features"] if isinstance(row, dict) else row for row in rows], dtype=np.float32)
    except (ValueError, TypeError, KeyError) as error:
        raise UnsupportedBody(f"the JSON cannot be read: {error}") from None
    if matrix.ndim != 2:
        raise UnsupportedBody("the JSON holds no rows of numbers")
    return matrix
