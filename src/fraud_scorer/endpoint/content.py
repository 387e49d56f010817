"""Bodies in and out, as AWS's XGBoost container reads and writes them."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

CSV = "text/csv"
JSON = "application/json"
MOST_ROWS = 1_000_000  # a body of SageMaker's size holds fewer of any model of seven columns or more
DEEPEST = 8  # JSON's brackets; three are needed
_SCORE = '{{"score": {!r}}}'
_BESIDE = 16  # values in JSON beside a row's own, as an id


class UnsupportedBody(Exception):
    """A body that cannot be read as model inputs (the container says 415)."""


class TooManyRows(Exception):
    """More rows than are scored at once (413)."""


class UnfitBody(ValueError):
    """A body that can be read, and does not fit the model (the container says 400)."""


class NotAcceptable(Exception):
    """An Accept header that names neither CSV nor JSON (the container says 406)."""


def decode(body: bytes, content_type: str, columns: int) -> np.ndarray:
    """``body`` as inputs of a model that reads ``columns``: float32, shape (rows, columns or less), NaN for missing.

    CSV has no header, and the same number of cells in each row; JSON is ``[[…]]``, ``{"instances": [[…]]}`` or
    ``{"instances": [{"features": […]}]}``. What is too large is refused before it is parsed.

    Raises:
        UnsupportedBody: anything else; with no content type CSV is assumed.
        TooManyRows: more than ``MOST_ROWS``.
        UnfitBody: more columns than the model reads, JSON nested deeper than ``DEEPEST``, a number beyond a float.
    """
    media_type = content_type.partition(";")[0].strip().lower() or CSV
    if media_type == CSV:
        return _from_csv(body, columns)
    if media_type == JSON:
        return _from_json(body, columns)
    raise UnsupportedBody(f"content type {media_type[:100]} is not supported: send {CSV} or {JSON}")


def encode(scores: np.ndarray, accept: str) -> tuple[str, str]:
    """``scores`` as (body, content type); JSON if the first acceptable type is JSON, else CSV with a score a line.

    Raises:
        NotAcceptable: neither is accepted.
    """
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()] or [CSV]
    for media_type in wanted:
        if media_type == JSON:
            return f'{{"predictions": [{", ".join(map(_SCORE.format, scores.tolist()))}]}}', JSON
        if media_type in (CSV, "text/*", "*/*"):
            return "\n".join(map(str, scores.tolist())), CSV
    raise NotAcceptable(f"accept {accept} is not supported: take {CSV} or {JSON}")


def _refuse_rows(rows: int) -> None:
    if rows > MOST_ROWS:
        raise TooManyRows(f"the body holds more than {MOST_ROWS:,} rows: send it in parts")


def _from_csv(body: bytes, columns: int) -> np.ndarray:
    text = body.strip(b"\r\n \t")
    if not text:
        raise UnsupportedBody("the CSV cannot be read: it holds no row")
    width = text.split(b"\n", 1)[0].count(b",") + 1
    if width > columns:
        raise UnfitBody(f"Number of columns does not match: the model reads {columns}, the first row has {width}")
    _refuse_rows(text.count(b"\n") + 1)
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


def _from_json(body: bytes, columns: int) -> np.ndarray:
    _refuse_shape(body, columns)
    try:
        parsed = json.loads(body)
        rows = parsed["instances"] if isinstance(parsed, dict) else parsed
        with np.errstate(over="ignore"):  # as in CSV
            matrix = np.array([row["features"] if isinstance(row, dict) else row for row in rows], dtype=np.float32)
    except OverflowError:
        raise UnfitBody("the JSON holds a number that is too large") from None
    except (ValueError, TypeError, KeyError) as error:
        if "integer string conversion" in str(error):
            raise UnfitBody("the JSON holds a number that is too long") from None
        raise UnsupportedBody(f"the JSON cannot be read: {str(error)[:300]}") from None
    if matrix.ndim != 2:
        raise UnsupportedBody("the JSON holds no rows of numbers")
    if matrix.shape[1] > columns:
        raise UnfitBody(f"Number of columns does not match: the model reads {columns}, the rows have {matrix.shape[1]}")
    return matrix


def _refuse_shape(body: bytes, columns: int) -> None:
    """Judge rows, columns and depth by the brackets and commas alone: parsing would cost fifty times the body."""
    signs = np.frombuffer(body, np.uint8) | 0x20  # [ and {, ] and } differ in this bit only
    opened = signs == ord("{")
    depth = np.cumsum(opened.astype(np.int8) - (signs == ord("}")), dtype=np.int32)
    if depth.size and depth.max() > DEEPEST:
        raise UnfitBody(f"the JSON is nested deeper than {DEEPEST} brackets")
    brackets = int(opened.sum())
    _refuse_rows((brackets - 1) // 2 if b"{" in body[1:] and b'"features"' in body else brackets - 1)
    if body.count(b",") > brackets * (columns + _BESIDE):
        raise UnfitBody(f"Number of columns does not match: the model reads {columns}, the rows have more")
