"""Frames of past payments become tables like any answer."""

import pandas as pd

from fraud_scorer.payments.tables import table_of_frame


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
