"""Model inputs as CSV bodies."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fraud_common.errors import SettingsError
from fraud_scorer.scoring.sagemaker.body import bodies, csv_of

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=False)


@given(arrays("float32", st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=FLOATS))
def test_every_float32_comes_back_bit_for_bit(matrix: np.ndarray) -> None:
    """What the container reads as float64 and stores as float32 is the number that was sent; missing stays missing."""
    rows = [[float(cell or "nan") for cell in line.split(",")] for line in csv_of(matrix).decode().split("\n")]
    back = np.array(rows, dtype="float64").astype("float32")
    assert np.array_equal(back, matrix, equal_nan=True)


def test_a_body_has_no_header_and_no_last_newline() -> None:
    """The container takes the first line for data, and an empty last line for a ragged one."""
    body = csv_of(np.array([[1, np.nan], [2.5, -0.1]], dtype="float32"))
    assert body == b"1,\n2.5,-0.100000001"


@given(st.integers(1, 40), st.integers(12, 60))
def test_bodies_stay_below_the_limit_and_lose_no_row(rows: int, max_bytes: int) -> None:
    """Bodies are cut between rows, below the limit, and together are the whole."""
    matrix = np.arange(rows * 3, dtype="float32").reshape(rows, 3)
    parts = list(bodies(matrix, max_bytes))
    assert all(len(body) <= max_bytes for _, body in parts)
    assert b"\n".join(body for _, body in parts) == csv_of(matrix)
    assert [count for count, _ in parts] == [body.count(b"\n") + 1 for _, body in parts]


def test_bodies_are_as_few_as_can_be() -> None:
    """A chunk is cut only where the next row would not fit: calls cost money and time."""
    matrix = np.ones((10, 2), dtype="float32")  # "1,1" is 3 bytes, with its newline 4
    assert [count for count, _ in bodies(matrix, 15)] == [4, 4, 2]


def test_a_row_longer_than_a_body_is_refused() -> None:
    """A limit below one row's length is a setting to mend, not an endless loop."""
    with pytest.raises(SettingsError, match="SAGEMAKER_MAX_BODY_BYTES"):
        list(bodies(np.full((1, 4), 0.1, dtype="float32"), 20))


def test_no_rows_make_no_body() -> None:
    """An empty body would be answered 204, a success without a score."""
    assert list(bodies(np.empty((0, 3), dtype="float32"), 100)) == []


def test_a_csv_sniffer_finds_the_comma() -> None:
    """The container guesses the delimiter from the first 512 characters; sparse first rows must not mislead it."""
    for cells in ([np.nan] * 23 + [-1e-30], [1e30, *[np.nan] * 23], list(range(24))):
        line = csv_of(np.array([cells], dtype="float32")).decode()
        assert csv.Sniffer().sniff(line[:512]).delimiter == ","
        assert len(next(csv.reader(io.StringIO(line)))) == 24
