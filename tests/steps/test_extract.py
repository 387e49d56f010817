"""extract: lands first, asks no more than it may, ends in time, and closes each minute once."""

from datetime import timedelta

import pytest

from fraud_common.errors import ApiUnavailable, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer
from fraud_scorer.steps.extract import AnswersUnreadable, ExtractLimits, extract

BATCH = Batch.of_id("2026-11-20T10:31Z")
GOOD = b'[{"trans_num": "a"}]'


def test_an_answer_is_landed_and_the_minute_closed(landing, clock, fake_api, bodies):
    """One call, one part, one marker with its sequence."""
    completion = extract(BATCH, fake_api(clock, GOOD), landing, clock, ExtractLimits())

    assert (completion.status, bodies(landing, completion)) == ("landed", [GOOD])
    assert completion == landing.completion(BATCH)


def test_a_landed_minute_is_never_asked_for_again(landing, clock, fake_api):
    """A second run, a day later, finds what the first one landed."""
    api = fake_api(clock, GOOD, windowed=True)
    first = extract(BATCH, api, landing, clock, ExtractLimits())
    clock.time += timedelta(days=1)

    assert extract(BATCH, api, landing, clock, ExtractLimits()) == first
    assert len(api.asked) == 1


def test_several_calls_are_several_parts(landing, clock, fake_api, bodies):
    """A server of one row a call is asked as often as the setting says."""
    completion = extract(BATCH, fake_api(clock, b"[1]", b"[2]", b"[3]", b"[4]"), landing, clock, ExtractLimits(calls=3))

    assert bodies(landing, completion) == [b"[1]", b"[2]", b"[3]"]


def test_an_answer_that_cannot_be_read_is_landed_all_the_same(landing, clock, fake_api, bodies):
    """Nothing fails on a body before it is on disk; it counts as a call, and the next may be better."""
    api = fake_api(clock, b"<html>", GOOD, GOOD)
    completion = extract(BATCH, api, landing, clock, ExtractLimits(calls=2))

    assert bodies(landing, completion) == [b"<html>", GOOD]
    assert "part 1 cannot be read" in completion.notes[0]


def test_a_server_that_is_busy_is_given_the_time_it_asks_for(landing, clock, fake_api, busy):
    """429 with Retry-After: wait so long, then ask on; the notes say what happened."""
    completion = extract(BATCH, fake_api(clock, GOOD, busy(7), GOOD), landing, clock, ExtractLimits(calls=2))

    assert clock.waits == [7]
    assert len(completion.parts) == 2
    assert completion.notes == ("10:32:02 the API answered 429",)


def test_the_step_ends_in_time_with_what_it_has(landing, clock, fake_api, busy):
    """A Retry-After beyond the budget is not waited for: what landed is closed."""
    completion = extract(BATCH, fake_api(clock, GOOD, busy(60)), landing, clock, ExtractLimits(calls=5))

    assert (len(completion.parts), clock.waits) == (1, [])
    assert clock.time < BATCH.end + timedelta(seconds=5)


def test_failures_are_repeated_ever_more_slowly_within_the_budget(landing, clock, fake_api, busy):
    """Nothing at all: the error carries the last reason, the batch stays open, the budget holds."""
    with pytest.raises(ApiUnavailable, match=r"no usable answer for 2026-11-20T10:31Z: .* down") as caught:
        extract(BATCH, fake_api(clock, busy(what="down")), landing, clock, ExtractLimits(budget_seconds=20))

    assert clock.waits == [0.5, 1, 2, 4]
    assert clock.time <= BATCH.end + timedelta(seconds=21)
    assert caught.value.retry_after is None
    assert landing.completion(BATCH) is None


def test_the_error_keeps_the_cure_of_the_last_refusal(landing, clock, fake_api):
    """Wrong credentials are told by the setting that holds them."""
    refused = ApiUnavailable("the API answered 401", "Set PAYMENTS_API_HEADERS")
    with pytest.raises(ApiUnavailable, match=r"answered 401. Set PAYMENTS_API_HEADERS"):
        extract(BATCH, fake_api(clock, refused), landing, clock, ExtractLimits(budget_seconds=2))


def test_a_retry_goes_on_where_the_last_run_stopped(landing, clock, fake_api, bodies):
    """One of three answers landed before the run was killed: two more are asked for."""
    landing.land(BATCH, Answer(b"[1]", 200, "", clock.now()))
    api = fake_api(clock, b"[2]", b"[3]")

    completion = extract(BATCH, api, landing, clock, ExtractLimits(calls=3))

    assert bodies(landing, completion) == [b"[1]", b"[2]", b"[3]"]
    assert len(api.asked) == 2


def test_a_minute_that_is_not_over_is_not_asked_for(landing, fake_clock, fake_api, clock):
    """Its payments are not all there yet; a retry is right."""
    clock = fake_clock(BATCH.end - timedelta(seconds=1))
    api = fake_api(clock, GOOD, windowed=True)

    with pytest.raises(TransientError, match=r"not over yet\. Extract it from 10:32:00 UTC on"):
        extract(BATCH, api, landing, clock, ExtractLimits())
    assert api.asked == []


def test_a_current_api_is_not_asked_for_the_past(landing, fake_clock, fake_api, clock):
    """Two minutes after its end a minute is recorded missed: the API would give today's payments."""
    clock = fake_clock(BATCH.end + timedelta(seconds=121))
    api = fake_api(clock, GOOD)

    assert extract(BATCH, api, landing, clock, ExtractLimits()).status == "missed"
    assert api.asked == []


def test_a_half_done_minute_of_a_current_api_is_closed_with_what_it_holds(landing, fake_clock, fake_api, clock, bodies):
    """Too late to ask, but what landed counts."""
    clock = fake_clock(BATCH.end + timedelta(seconds=121))
    landing.land(BATCH, Answer(GOOD, 200, "", clock.now()))

    completion = extract(BATCH, fake_api(clock, GOOD), landing, clock, ExtractLimits(calls=3))

    assert (completion.status, bodies(landing, completion)) == ("landed", [GOOD])


@pytest.mark.parametrize(
    "bad", [b"", b"<html>", b'{"columns": ["a"], "data": [[', Answer(GOOD, 200, "", BATCH.end, True)]
)
def test_a_window_is_asked_for_until_it_can_be_read(landing, clock, bad, fake_api, bodies):
    """Empty, HTML or cut: landed, and asked again, for the window's payments are still there."""
    completion = extract(BATCH, fake_api(clock, bad, GOOD, windowed=True), landing, clock, ExtractLimits())

    assert len(completion.parts) == 2
    assert bodies(landing, completion)[1] == GOOD


def test_a_window_answered_unreadably_stays_open_while_it_may_be_asked(landing, clock, fake_api, bodies):
    """A maintenance page loses nothing: five answers the first time, one each later, until one can be read."""
    down, up = fake_api(clock, b"<html>", windowed=True), fake_api(clock, GOOD, windowed=True)
    for parts in (5, 6, 7):
        with pytest.raises(AnswersUnreadable, match=f"part {parts} cannot be read"):
            extract(BATCH, down, landing, clock, ExtractLimits(budget_seconds=60))
        assert landing.open_batches() == [BATCH]

    completion = extract(BATCH, up, landing, clock, ExtractLimits())

    assert (completion.status, len(completion.parts)) == ("landed", 8)
    assert bodies(landing, completion)[-1] == GOOD


def test_a_run_gives_up_an_unreadable_window_within_its_budget(landing, clock, fake_api):
    """A later one goes on; when it is too late to ask, the batch is closed with what it holds."""
    api = fake_api(clock, b"<html>", windowed=True)
    with pytest.raises(ApiUnavailable, match="part 2 cannot be read"):
        extract(BATCH, api, landing, clock, ExtractLimits(budget_seconds=3))

    clock.time = BATCH.end + timedelta(hours=3)
    completion = extract(BATCH, api, landing, clock, ExtractLimits())

    assert (completion.status, len(completion.parts), len(api.asked)) == ("landed", 2, 2)


def test_two_extracts_at_once_have_one_result(landing, clock, fake_clock, fake_api, bodies):
    """The second waits for the first and takes its completion; it asks nothing."""
    api = fake_api(clock, GOOD, windowed=True)
    holder = landing.lock(BATCH)
    holder.__enter__()

    class ClosingClock(fake_clock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if len(self.waits) == 3:
                landing.land(BATCH, Answer(b"[9]", 200, "", self.now()))
                landing.close(BATCH, now=self.now())
                holder.__exit__(None, None, None)

    completion = extract(BATCH, api, landing, ClosingClock(), ExtractLimits())

    assert bodies(landing, completion) == [b"[9]"]
    assert api.asked == []


def test_a_second_extract_does_not_wait_for_ever(landing, clock, fake_api):
    """It ends with its budget."""
    with landing.lock(BATCH), pytest.raises(TransientError, match="another run is extracting"):
        extract(BATCH, fake_api(clock, GOOD), landing, clock, ExtractLimits())


def test_neither_database_nor_other_steps_are_needed():
    """Its arguments are the API, the landing and a clock."""
    assert list(extract.__annotations__) == ["batch", "api", "landing", "clock", "limits", "return"]


FAILED = b'{"success": false, "data": []}'
IN_PART = b'{"errors": ["timeout"], "data": [{"trans_num": "a"}]}'


def test_a_failed_answer_is_no_window_without_payments(landing, clock, fake_api, bodies):
    """An error in a 200 is asked again, as any unreadable answer; the notes say why."""
    completion = extract(BATCH, fake_api(clock, FAILED, GOOD, windowed=True), landing, clock, ExtractLimits())

    assert bodies(landing, completion) == [FAILED, GOOD]
    assert "part 1 cannot be read: the answer says that it failed (success is false)" in completion.notes[0]


def test_a_window_that_always_fails_stays_open(landing, clock, fake_api):
    """Never an empty minute."""
    with pytest.raises(ApiUnavailable, match="says that it failed"):
        extract(BATCH, fake_api(clock, FAILED, windowed=True), landing, clock, ExtractLimits())
    assert landing.completion(BATCH) is None


def test_records_beside_an_error_are_asked_for_again_and_then_taken(landing, clock, fake_api, bodies):
    """A clean answer is better; where none comes, the payments that came are not held back."""
    better = extract(BATCH, fake_api(clock, IN_PART, GOOD, windowed=True), landing, clock, ExtractLimits())
    assert bodies(landing, better) == [IN_PART, GOOD]

    other = Batch.of_id("2026-11-20T10:30Z")
    taken = extract(other, fake_api(clock, IN_PART, windowed=True), landing, clock, ExtractLimits())
    assert set(bodies(landing, taken)) == {IN_PART}
    assert "says that it failed, though it holds records (errors is not empty)" in taken.notes[0]


def test_more_pages_are_noted(landing, clock, fake_api):
    """They are not followed; the minute closes, and its marker says so."""
    answer = b'{"has_more": true, "data": [{"trans_num": "a"}]}'
    completion = extract(BATCH, fake_api(clock, answer, windowed=True), landing, clock, ExtractLimits())

    assert completion.notes == ("10:32:02 part 1 is not all that the payments API has (has_more is true)",)


def test_of_what_earlier_runs_landed_only_the_last_answer_is_read_again(landing, clock, fake_api):
    """A run that was killed between landing and closing left its good answer last; bad ones pile up at no cost."""
    for body in (b"<html>", b"<html>", GOOD):
        landing.land(BATCH, Answer(body, 200, "", clock.now()))
    read, api = [], fake_api(clock, GOOD, windowed=True)
    landing.read = lambda batch, part, whole=landing.read: read.append(part.number) or whole(batch, part)

    assert extract(BATCH, api, landing, clock, ExtractLimits()).status == "landed"
    assert (read, api.asked) == ([3], [])
