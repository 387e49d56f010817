"""Event times: every way the API writes them gives the same microsecond."""

from datetime import UTC, datetime

import pytest

from fraud_scorer.ingest.event_times import MISSING, UNREADABLE, event_micros, micros_of

MOMENT = datetime(2026, 11, 20, 10, 31, 5, 250_000, tzinfo=UTC)
MILLIS = 1_795_170_665_250


def micros(time_zone="UTC", **columns):
    """The first row's microseconds."""
    given = {"current_time": [None], "trans_date_trans_time": [None], "unix_time": [None]} | columns
    return int(event_micros(given, time_zone)[0])


@pytest.mark.parametrize(
    "columns",
    [
        {"current_time": [MILLIS]},
        {"current_time": [float(MILLIS)]},
        {"current_time": [str(MILLIS)]},
        {"current_time": ["2026-11-20T10:31:05.250Z"]},
        {"current_time": ["2026-11-20T11:31:05.250+01:00"]},
        {"current_time": ["2026-11-20 10:31:05.250000"]},
        {"trans_date_trans_time": ["2026-11-20 10:31:05.25"]},
        {"unix_time": [1_795_170_665.25]},
        {"unix_time": ["1795170665.25"]},
        {"current_time": [None], "unix_time": [1_795_170_665.25]},
    ],
)
def test_every_form_is_the_same_moment(columns):
    """Milliseconds, seconds, text with or without zone: one moment."""
    assert micros(**columns) == micros_of(MOMENT)


def test_current_time_wins_over_the_others():
    """`unix_time` of the public set lies seven years behind: it is only read where nothing else is given."""
    assert micros(current_time=[MILLIS], trans_date_trans_time=["2019-01-01"], unix_time=[1]) == micros_of(MOMENT)


def test_a_naive_clock_is_read_in_its_zone():
    """Summer and winter time apply; the doubled hour means its first pass."""
    assert micros("Europe/Berlin", current_time=["2026-07-01 12:00"]) == micros_of(datetime(2026, 7, 1, 10, tzinfo=UTC))
    assert micros("Europe/Berlin", current_time=["2026-10-25 02:30"]) == micros_of(
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "text", ["2026-11-20 10:31:00 UTC", "2026-11-20T10:31:00 utc", "2026-11-20 10:31:00GMT", "2026-11-20t10:31:00z"]
)
def test_a_zone_may_be_a_word_in_any_letters(text):
    """As databases and warehouses print it, whatever zone naive times are in."""
    assert micros("Asia/Tokyo", current_time=[text]) == micros_of(datetime(2026, 11, 20, 10, 31, tzinfo=UTC))


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", float("nan"), float("inf"), "NaN"])
def test_what_is_no_time_is_marked(value):
    """Garbage is unreadable, not missing."""
    assert micros(current_time=[value]) == UNREADABLE


@pytest.mark.parametrize("value", [None, "", "  "])
def test_nothing_is_missing(value):
    """Empty text says as little as null."""
    assert micros(current_time=[value]) == MISSING


@pytest.mark.parametrize("value", [10**30, -(10**30), 1e300, "9" * 60])
def test_absurd_numbers_stay_in_range(value):
    """No number overflows; what is absurd is judged as far future or far past."""
    assert abs(micros(current_time=[value])) > micros_of(datetime(2900, 1, 1, tzinfo=UTC))


def test_no_rows_is_no_times():
    """An empty column gives an empty array."""
    assert len(event_micros({"current_time": [], "trans_date_trans_time": [], "unix_time": []}, "UTC")) == 0


def test_a_column_that_says_nothing_leaves_the_others_their_say():
    """Rows of None alone, as a file's whole missing column, are missing at once; the next column counts."""
    nothing = [None, None, None]
    times = event_micros(
        {"current_time": nothing, "trans_date_trans_time": nothing, "unix_time": [1_795_170_665, None, "x"]}, "UTC"
    )

    assert times.tolist() == [1_795_170_665_000_000, MISSING, UNREADABLE]
