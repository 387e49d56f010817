"""extract: lands first, asks no more than it may, ends in time, and closes each minute once."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from fraud_scorer.adapters.cipher import Cipher
from fraud_scorer.adapters.landing.on_disk import DiskLanding
from fraud_scorer.batches import Batch
from fraud_scorer.errors import ApiUnavailable, TransientError
from fraud_scorer.ports import Answer
from fraud_scorer.steps.extract import AnswersUnreadable, Limits, extract, extract_missed

BATCH = Batch.of_id("2026-11-20T10:31Z")
GOOD = b'[{"trans_num": "a"}]'


def minute(text):
    """The batch of a time of the day."""
    return Batch.of_id(f"2026-11-20T{text}Z")


class FakeClock:
    """Time that passes only by waiting."""

    def __init__(self, now=BATCH.end + timedelta(seconds=1)):
        self.time = now
        self.waits = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


class FakeApi:
    """Gives its answers one after the other (the last one for ever); each call takes a second."""

    def __init__(self, clock, *answers, windowed=False):
        self.windowed = windowed
        self.asked = []
        self._clock, self._answers = clock, list(answers)

    def ask(self, batch, *, deadline):
        self.asked.append(batch.batch_id)
        assert deadline > self._clock.now()
        self._clock.time += timedelta(seconds=1)
        given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(given, Exception):
            raise given
        if isinstance(given, Answer):
            return given
        return Answer(given, 200, "application/json", self._clock.now())


def busy(retry_after=None, what="the API answered 429"):
    """A refusal."""
    error = ApiUnavailable(what)
    error.retry_after = retry_after
    return error


@pytest.fixture
def landing(tmp_path):
    """A landing that holds nothing yet."""
    return DiskLanding(tmp_path / "landing", Cipher.from_setting(Fernet.generate_key().decode()))


@pytest.fixture
def clock():
    """One second after the minute."""
    return FakeClock()


def bodies(landing, completion):
    """What landed."""
    return [landing.read(completion.batch, part) for part in completion.parts]


def test_an_answer_is_landed_and_the_minute_closed(landing, clock):
    """One call, one part, one marker with its sequence."""
    completion = extract(BATCH, FakeApi(clock, GOOD), landing, clock, Limits())

    assert (completion.status, bodies(landing, completion)) == ("landed", [GOOD])
    assert completion == landing.completion(BATCH)


def test_a_landed_minute_is_never_asked_for_again(landing, clock):
    """A second run, a day later, finds what the first one landed."""
    api = FakeApi(clock, GOOD, windowed=True)
    first = extract(BATCH, api, landing, clock, Limits())
    clock.time += timedelta(days=1)

    assert extract(BATCH, api, landing, clock, Limits()) == first
    assert len(api.asked) == 1


def test_several_calls_are_several_parts(landing, clock):
    """A server of one row a call is asked as often as the setting says."""
    completion = extract(BATCH, FakeApi(clock, b"[1]", b"[2]", b"[3]", b"[4]"), landing, clock, Limits(calls=3))

    assert bodies(landing, completion) == [b"[1]", b"[2]", b"[3]"]


def test_an_answer_that_cannot_be_read_is_landed_all_the_same(landing, clock):
    """Nothing fails on a body before it is on disk; it counts as a call, and the next may be better."""
    api = FakeApi(clock, b"<html>", GOOD, GOOD)
    completion = extract(BATCH, api, landing, clock, Limits(calls=2))

    assert bodies(landing, completion) == [b"<html>", GOOD]
    assert "part 1 cannot be read" in completion.notes[0]


def test_a_server_that_is_busy_is_given_the_time_it_asks_for(landing, clock):
    """429 with Retry-After: wait so long, then ask on; the notes say what happened."""
    completion = extract(BATCH, FakeApi(clock, GOOD, busy(7), GOOD), landing, clock, Limits(calls=2))

    assert clock.waits == [7]
    assert len(completion.parts) == 2
    assert completion.notes == ("10:32:02 the API answered 429",)


def test_the_step_ends_in_time_with_what_it_has(landing, clock):
    """A Retry-After beyond the budget is not waited for: what landed is closed."""
    completion = extract(BATCH, FakeApi(clock, GOOD, busy(60)), landing, clock, Limits(calls=5))

    assert (len(completion.parts), clock.waits) == (1, [])
    assert clock.time < BATCH.end + timedelta(seconds=5)


def test_failures_are_repeated_ever_more_slowly_within_the_budget(landing, clock):
    """Nothing at all: the error carries the last reason, the batch stays open, the budget holds."""
    with pytest.raises(ApiUnavailable, match=r"no usable answer for 2026-11-20T10:31Z: .* down") as caught:
        extract(BATCH, FakeApi(clock, busy(what="down")), landing, clock, Limits(budget_seconds=20))

    assert clock.waits == [0.5, 1, 2, 4]
    assert clock.time <= BATCH.end + timedelta(seconds=21)
    assert caught.value.retry_after is None
    assert landing.completion(BATCH) is None


def test_a_retry_goes_on_where_the_last_run_stopped(landing, clock):
    """One of three answers landed before the run was killed: two more are asked for."""
    landing.land(BATCH, Answer(b"[1]", 200, "", clock.now()))
    api = FakeApi(clock, b"[2]", b"[3]")

    completion = extract(BATCH, api, landing, clock, Limits(calls=3))

    assert bodies(landing, completion) == [b"[1]", b"[2]", b"[3]"]
    assert len(api.asked) == 2


def test_a_minute_that_is_not_over_is_not_asked_for(landing):
    """Its payments are not all there yet; a retry is right."""
    clock = FakeClock(BATCH.end - timedelta(seconds=1))
    api = FakeApi(clock, GOOD, windowed=True)

    with pytest.raises(TransientError, match=r"not over yet\. Extract it from 10:32:00 UTC on"):
        extract(BATCH, api, landing, clock, Limits())
    assert api.asked == []


def test_a_current_api_is_not_asked_for_the_past(landing):
    """Two minutes after its end a minute is recorded missed: the API would give today's payments."""
    clock = FakeClock(BATCH.end + timedelta(seconds=121))
    api = FakeApi(clock, GOOD)

    assert extract(BATCH, api, landing, clock, Limits()).status == "missed"
    assert api.asked == []


def test_a_half_done_minute_of_a_current_api_is_closed_with_what_it_holds(landing):
    """Too late to ask, but what landed counts."""
    clock = FakeClock(BATCH.end + timedelta(seconds=121))
    landing.land(BATCH, Answer(GOOD, 200, "", clock.now()))

    completion = extract(BATCH, FakeApi(clock, GOOD), landing, clock, Limits(calls=3))

    assert (completion.status, bodies(landing, completion)) == ("landed", [GOOD])


@pytest.mark.parametrize(
    "bad", [b"", b"<html>", b'{"columns": ["a"], "data": [[', Answer(GOOD, 200, "", BATCH.end, True)]
)
def test_a_window_is_asked_for_until_it_can_be_read(landing, clock, bad):
    """Empty, HTML or cut: landed, and asked again, for the window's payments are still there."""
    completion = extract(BATCH, FakeApi(clock, bad, GOOD, windowed=True), landing, clock, Limits())

    assert len(completion.parts) == 2
    assert bodies(landing, completion)[1] == GOOD


def test_a_window_answered_unreadably_stays_open_while_it_may_be_asked(landing, clock):
    """A maintenance page loses nothing: five answers the first time, one each later, until one can be read."""
    down, up = FakeApi(clock, b"<html>", windowed=True), FakeApi(clock, GOOD, windowed=True)
    for parts in (5, 6, 7):
        with pytest.raises(AnswersUnreadable, match=f"part {parts} cannot be read"):
            extract(BATCH, down, landing, clock, Limits(budget_seconds=60))
        assert landing.open_batches() == [BATCH]

    completion = extract(BATCH, up, landing, clock, Limits())

    assert (completion.status, len(completion.parts)) == ("landed", 8)
    assert bodies(landing, completion)[-1] == GOOD


def test_a_run_gives_up_an_unreadable_window_within_its_budget(landing, clock):
    """A later one goes on; when it is too late to ask, the batch is closed with what it holds."""
    api = FakeApi(clock, b"<html>", windowed=True)
    with pytest.raises(ApiUnavailable, match="part 2 cannot be read"):
        extract(BATCH, api, landing, clock, Limits(budget_seconds=3))

    clock.time = BATCH.end + timedelta(hours=3)
    completion = extract(BATCH, api, landing, clock, Limits())

    assert (completion.status, len(completion.parts), len(api.asked)) == ("landed", 2, 2)


def test_two_extracts_at_once_have_one_result(landing, clock):
    """The second waits for the first and takes its completion; it asks nothing."""
    api = FakeApi(clock, GOOD, windowed=True)
    holder = landing.lock(BATCH)
    holder.__enter__()

    class ClosingClock(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if len(self.waits) == 3:
                landing.land(BATCH, Answer(b"[9]", 200, "", self.now()))
                landing.close(BATCH, now=self.now())
                holder.__exit__(None, None, None)

    completion = extract(BATCH, api, landing, ClosingClock(), Limits())

    assert bodies(landing, completion) == [b"[9]"]
    assert api.asked == []


def test_a_second_extract_does_not_wait_for_ever(landing, clock):
    """It ends with its budget."""
    with landing.lock(BATCH), pytest.raises(TransientError, match="another run is extracting"):
        extract(BATCH, FakeApi(clock, GOOD), landing, clock, Limits())


# --- what earlier runs left ---------------------------------------------------------------------------------------
def asked_and_status(landing, api, clock, **limits):
    """What the API was asked for so far, and how each minute was closed."""
    done = extract_missed(api, landing, clock, Limits(**limits))
    return api.asked, {completion.batch.batch_id[11:16]: completion.status for completion in done}


def closed(landing, *minutes):
    """Minutes that ran in time."""
    for one in minutes:
        landing.close(minute(one), now=minute(one).end)


def test_a_new_installation_misses_nothing(landing, clock):
    """Before the first minute nothing was missed."""
    assert asked_and_status(landing, FakeApi(clock, GOOD, windowed=True), clock) == ([], {})


def test_missed_windows_are_asked_for_oldest_first(landing):
    """The scheduler was down from 10:21 to 10:24: three windows are filled; minutes still under way are let be."""
    closed(landing, "10:20", "10:24")
    clock = FakeClock(minute("10:26").end)
    api = FakeApi(clock, GOOD, windowed=True)

    asked, status = asked_and_status(landing, api, clock)

    assert [batch_id[11:16] for batch_id in asked] == ["10:21", "10:22", "10:23"]
    assert status == dict.fromkeys(["10:21", "10:22", "10:23"], "landed")


def test_missed_windows_are_bounded(landing):
    """By number, by budget, and by the look-back; what is older is recorded missed."""
    closed(landing, "09:59")
    clock = FakeClock(minute("10:30").end)
    api = FakeApi(clock, GOOD, windowed=True)

    asked, status = asked_and_status(landing, api, clock, look_back=timedelta(minutes=25), most_missed=3)

    assert [batch_id[11:16] for batch_id in asked] == ["10:05", "10:06", "10:07"]
    assert [name for name, one in status.items() if one == "missed"] == ["10:00", "10:01", "10:02", "10:03", "10:04"]
    assert len(asked_and_status(landing, api, clock, budget_seconds=4.5)[1]) == 5


def test_minutes_that_a_current_api_missed_are_recorded(landing):
    """Not filled with other payments; a second look finds nothing more to do."""
    closed(landing, "10:20", "10:23")
    clock = FakeClock(minute("10:24").end + timedelta(seconds=1))
    api = FakeApi(clock, GOOD)

    assert asked_and_status(landing, api, clock) == ([], {"10:21": "missed", "10:22": "missed"})
    assert asked_and_status(landing, api, clock) == ([], {})


def test_orphans_are_closed_or_completed(landing):
    """A run died between landing and closing: a current API's batch keeps what it has, a window is made whole."""
    clock = FakeClock(BATCH.end + timedelta(seconds=121))
    for batch, windowed, body in ((BATCH, False, b"[1]"), (minute("10:30"), True, b"<html>")):
        landing.land(batch, Answer(body, 200, "", clock.now()))
        api = FakeApi(clock, GOOD, windowed=windowed)
        assert list(asked_and_status(landing, api, clock)[1].values()) == ["landed"]

    assert bodies(landing, landing.completion(BATCH)) == [b"[1]"]
    assert bodies(landing, landing.completion(minute("10:30"))) == [b"<html>", GOOD]


def test_one_unreadable_minute_does_not_hold_up_the_others(landing):
    """Its own answer may be the trouble; at the third such minute the search ends, for then the API is."""
    closed(landing, "10:20", "10:26")
    clock = FakeClock(minute("10:30").end)

    asked, status = asked_and_status(landing, OddMinutes(clock, "10:21"), clock, budget_seconds=90)
    assert status == dict.fromkeys(["10:22", "10:23", "10:24", "10:25", "10:27"], "landed")

    clock.time += timedelta(minutes=6)
    asked, status = asked_and_status(landing, FakeApi(clock, b"<html>", windowed=True), clock, budget_seconds=300)
    assert ([name[11:16] for name in dict.fromkeys(asked)], status) == (["10:21", "10:28", "10:29"], {})


class OddMinutes(FakeApi):
    """A windowed API that answers some minutes with a page."""

    def __init__(self, clock, *odd):
        super().__init__(clock, GOOD, windowed=True)
        self._odd = odd

    def ask(self, batch, *, deadline):
        """One of both."""
        answer = super().ask(batch, deadline=deadline)
        return Answer(b"<html>", 200, "", answer.received_at) if batch.batch_id[11:16] in self._odd else answer


def test_an_api_that_is_down_ends_the_search(landing):
    """One failed minute is enough; the next run tries again."""
    closed(landing, "10:20")
    clock = FakeClock(minute("10:30").end)
    api = FakeApi(clock, busy(60), windowed=True)

    assert asked_and_status(landing, api, clock)[1] == {}
    assert len(api.asked) == 1


def test_a_minute_that_another_run_extracts_is_let_be(landing):
    """No waiting: it is in good hands."""
    closed(landing, "10:20", "10:22")
    clock = FakeClock(minute("10:23").end)
    with landing.lock(minute("10:21")):
        assert asked_and_status(landing, FakeApi(clock, GOOD, windowed=True), clock) == ([], {})


def test_neither_database_nor_other_steps_are_needed():
    """Its arguments are the API, the landing and a clock."""
    assert list(extract.__annotations__) == ["batch", "api", "landing", "clock", "limits", "return"]
