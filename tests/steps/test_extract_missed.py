"""extract_missed: what earlier runs left is asked for, completed, or recorded missed."""

from datetime import timedelta

import pytest

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer
from fraud_scorer.steps.extract import ExtractLimits, extract_missed

BATCH = Batch.of_id("2026-11-20T10:31Z")
GOOD = b'[{"trans_num": "a"}]'


def minute(text):
    """The batch of a time of the day."""
    return Batch.of_id(f"2026-11-20T{text}Z")


def asked_and_status(landing, api, clock, **limits):
    """What the API was asked for so far, and how each minute was closed."""
    done = extract_missed(api, landing, clock, ExtractLimits(**limits))
    return api.asked, {completion.batch.batch_id[11:16]: completion.status for completion in done}


def closed(landing, *minutes):
    """Minutes that ran in time."""
    for one in minutes:
        landing.close(minute(one), now=minute(one).end)


@pytest.fixture
def odd_minutes(fake_api):
    """Makes windowed APIs that answer some minutes with a page."""

    class OddMinutes(fake_api):
        """A windowed API that answers some minutes with a page."""

        def __init__(self, clock, *odd):
            super().__init__(clock, GOOD, windowed=True)
            self._odd = odd

        def ask(self, batch, *, deadline):
            """One of both."""
            answer = super().ask(batch, deadline=deadline)
            return Answer(b"<html>", 200, "", answer.received_at) if batch.batch_id[11:16] in self._odd else answer

    return OddMinutes


def test_a_new_installation_misses_nothing(landing, clock, fake_api):
    """Before the first minute nothing was missed."""
    assert asked_and_status(landing, fake_api(clock, GOOD, windowed=True), clock) == ([], {})


def test_missed_windows_are_asked_for_oldest_first(landing, fake_clock, fake_api, clock):
    """The scheduler was down from 10:21 to 10:24: three windows are filled; minutes still under way are let be."""
    closed(landing, "10:20", "10:24")
    clock = fake_clock(minute("10:26").end)
    api = fake_api(clock, GOOD, windowed=True)

    asked, status = asked_and_status(landing, api, clock)

    assert [batch_id[11:16] for batch_id in asked] == ["10:21", "10:22", "10:23"]
    assert status == dict.fromkeys(["10:21", "10:22", "10:23"], "landed")


def test_missed_windows_are_bounded(landing, fake_clock, fake_api, clock):
    """By number, by budget, and by the look-back; what is older is recorded missed."""
    closed(landing, "09:59")
    clock = fake_clock(minute("10:30").end)
    api = fake_api(clock, GOOD, windowed=True)

    asked, status = asked_and_status(landing, api, clock, look_back=timedelta(minutes=25), most_missed=3)

    assert [batch_id[11:16] for batch_id in asked] == ["10:05", "10:06", "10:07"]
    assert [name for name, one in status.items() if one == "missed"] == ["10:00", "10:01", "10:02", "10:03", "10:04"]
    assert len(asked_and_status(landing, api, clock, budget_seconds=4.5)[1]) == 5


def test_minutes_that_a_current_api_missed_are_recorded(landing, fake_clock, fake_api, clock):
    """Not filled with other payments; a second look finds nothing more to do."""
    closed(landing, "10:20", "10:23")
    clock = fake_clock(minute("10:24").end + timedelta(seconds=1))
    api = fake_api(clock, GOOD)

    assert asked_and_status(landing, api, clock) == ([], {"10:21": "missed", "10:22": "missed"})
    assert asked_and_status(landing, api, clock) == ([], {})


def test_orphans_are_closed_or_completed(landing, fake_clock, fake_api, clock, bodies):
    """A run died between landing and closing: a current API's batch keeps what it has, a window is made whole."""
    clock = fake_clock(BATCH.end + timedelta(seconds=121))
    for batch, windowed, body in ((BATCH, False, b"[1]"), (minute("10:30"), True, b"<html>")):
        landing.land(batch, Answer(body, 200, "", clock.now()))
        api = fake_api(clock, GOOD, windowed=windowed)
        assert list(asked_and_status(landing, api, clock)[1].values()) == ["landed"]

    assert bodies(landing, landing.completion(BATCH)) == [b"[1]"]
    assert bodies(landing, landing.completion(minute("10:30"))) == [b"<html>", GOOD]


def test_one_unreadable_minute_does_not_hold_up_the_others(landing, fake_clock, fake_api, clock, odd_minutes):
    """Its own answer may be the trouble; at the third such minute the search ends, for then the API is."""
    closed(landing, "10:20", "10:26")
    clock = fake_clock(minute("10:30").end)

    asked, status = asked_and_status(landing, odd_minutes(clock, "10:21"), clock, budget_seconds=90)
    assert status == dict.fromkeys(["10:22", "10:23", "10:24", "10:25", "10:27"], "landed")

    clock.time += timedelta(minutes=6)
    asked, status = asked_and_status(landing, fake_api(clock, b"<html>", windowed=True), clock, budget_seconds=300)
    assert ([name[11:16] for name in dict.fromkeys(asked)], status) == (["10:21", "10:28", "10:29"], {})


def test_an_api_that_is_down_ends_the_search(landing, fake_clock, fake_api, busy, clock):
    """One failed minute is enough; the next run tries again."""
    closed(landing, "10:20")
    clock = fake_clock(minute("10:30").end)
    api = fake_api(clock, busy(60), windowed=True)

    assert asked_and_status(landing, api, clock)[1] == {}
    assert len(api.asked) == 1


def test_a_minute_that_another_run_extracts_is_let_be(landing, fake_clock, fake_api, clock):
    """No waiting: it is in good hands."""
    closed(landing, "10:20", "10:22")
    clock = fake_clock(minute("10:23").end)
    with landing.lock(minute("10:21")):
        assert asked_and_status(landing, fake_api(clock, GOOD, windowed=True), clock) == ([], {})
