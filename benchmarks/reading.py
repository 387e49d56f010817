"""Reading an answer: parsing its JSON is the limit, one pydantic model a row the peer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pydantic

from benchmarks.comparison import Comparison
from benchmarks.dataset import END, Dataset
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.validate import ValidationRules, validate


class Row(pydantic.BaseModel):
    """A payment as a model of its own: types and ranges only; ours also checks cards, times, currencies."""

    trans_num: str = pydantic.Field(min_length=1, max_length=64)
    trans_date_trans_time: datetime
    cc_num: int
    merchant: str = pydantic.Field(min_length=1, max_length=200)
    amt: float
    category: str | None = None
    city: str | None = None
    state: str | None = None
    zip: int | None = None
    lat: float | None = pydantic.Field(None, ge=-90, le=90)
    long: float | None = pydantic.Field(None, ge=-180, le=180)
    merch_lat: float | None = pydantic.Field(None, ge=-90, le=90)
    merch_long: float | None = pydantic.Field(None, ge=-180, le=180)
    city_pop: int | None = None
    dob: str | None = None
    is_fraud: bool | None = None


@contextmanager
def comparisons(dataset: Dataset) -> Iterator[list[Comparison]]:
    """From bytes to valid payments."""
    body, fields, rules = dataset.answer(), FieldMap(), ValidationRules()
    at = datetime.fromtimestamp(END, UTC)

    def parsed() -> int:
        return len(json.loads(json.loads(body))["data"])

    def ours() -> int:
        table = decode(body)
        return len(validate(fields.apply(table), len(table), rules=rules, received_at=at).payments)

    def row_by_row() -> int:
        document = json.loads(json.loads(body))
        return len([Row(**dict(zip(document["columns"], row, strict=True))) for row in document["data"]])

    yield [
        Comparison(
            "read and validate an answer",
            f"{len(dataset.public):,} payments in {len(body) / 1e6:.1f} MB",
            "columns at once",
            {"parse the JSON (limit)": parsed, "columns at once": ours, "a pydantic model a row": row_by_row},
            {},
        )
    ]
