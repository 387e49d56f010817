"""Frames of past payments become tables like any answer."""

import pandas as pd
import pytest

from fraud_common.errors import PayloadError
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.tables import Records, Table, join_key, join_tables, table_of_frame


def test_a_frame_becomes_plain_values():
    """Missing is None, integers stay exact, times are ISO text."""
    frame = pd.DataFrame(
        {
            "cc_num": [4532015112830366777, 4532015112830366778],
            "amt": [1.5, None],
            "city_pop": pd.array([1, None], dtype="Int64"),
            "merchant": ["a", None],
            "trans_date_trans_time": pd.to_datetime(["2026-01-01 12:00", None]),
            "is_fraud": pd.array([True, None], dtype="boolean"),
        }
    )

    table = table_of_frame(frame)

    assert table.columns == tuple(frame.columns)
    assert [list(row) for row in table.rows] == [
        [4532015112830366777, 1.5, 1, "a", "2026-01-01T12:00:00", True],
        [4532015112830366778, None, None, None, None, None],
    ]
    assert {type(value) for value in table.rows[0]} == {int, float, str, bool}


def test_records_of_any_fields_are_joined_and_taken_as_they_are():
    """Retried records need no common columns: one body holds them all, each with its own fields."""
    one, other = Records([{"a": 1}]), Records([{"b": {"c": 2}}, {"a": None}], {2: 7})
    both = join_tables([one, other])

    assert join_key(one) == join_key(other) != join_key(Table(("a",), [[1]]))
    assert (both.column("a"), both.column("b"), both.column("c")) == ([1, None, None], [None, {"c": 2}, None], None)
    assert both.take([2, 0]).items == [{"a": None}, {"a": 1}]
    assert decode(both.body()).items == both.items


def test_tables_of_the_same_columns_are_joined_in_order():
    """Rows of one form follow each other; other columns are another form."""
    one, other = Table(("a", "b"), [[1, 2]]), Table(("a", "b"), [[3, 4]])

    assert join_tables([one, other]).column("b") == [2, 4]
    assert join_key(one) != join_key(Table(("b", "a"), [[1, 2]]))


@pytest.mark.integration  # takes seconds
def test_what_is_nested_too_deeply_has_no_body_of_its_own():
    """It is told as PayloadError, so that its answer is read all the same."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(PayloadError, match="nested too deeply"):
        Records([{"a": deep}]).record_body(0)
