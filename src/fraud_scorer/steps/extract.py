"""Extract: ask the payments API for a minute and land each answer before anything can fail on it.

Needs neither the database nor any other run. A closed batch is never asked for again: the API draws other payments
next time. A ``current`` API (no window in its URL) is asked only for the interval that has just ended; a windowed one
for any minute within the look-back.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from fraud_common.errors import ApiUnavailable, LandingError, PayloadError, SettingsError, TransientError
from fraud_scorer.domain.batches import MINUTE, Batch
from fraud_scorer.domain.ports import Answer, Completion, Landing, Part, PaymentsApi
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.envelope import envelope_sentences

CURRENT_FOR = timedelta(minutes=2)  # how long after its end a minute may be asked of a `current` API
MISSED_WITHIN = timedelta(days=1)  # minutes missed longer ago than this leave no record
MOST_UNREADABLE = 5  # answers that a window's first run takes; later runs ask once each, until the look-back is over
_MOST_UNREADABLE_MINUTES = 3  # one such minute may be at fault itself; several are the API's: the next run tries again
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0


class AnswersUnreadable(ApiUnavailable):
    """The payments API answers, but nothing that could be a window's payments."""


class Clock(Protocol):
    """Time, so that tests need not wait."""

    def now(self) -> datetime:
        """The time (aware)."""

    def sleep(self, seconds: float) -> None:
        """Wait so long."""


class ExtractLanding(Landing, Protocol):
    """The landing as extract needs it beyond the port: one extractor a batch, and the closed minutes."""

    def lock(self, batch: Batch) -> AbstractContextManager[bool]:
        """Held by one process at a time; gives False, at once, if that is another one."""

    def closed_minutes(self, since: datetime) -> set[datetime]:
        """The minutes from ``since`` on whose batches are closed."""

    def first_minute(self) -> datetime | None:
        """The earliest minute ever begun, None on a new installation."""


@dataclass(frozen=True)
class ExtractLimits:
    """Limits on the calls of the API."""

    calls: int = 1  # answers wanted of a `current` API; a windowed one gives the whole minute in one
    call_seconds: float = 5.0
    budget_seconds: float = 20.0
    look_back: timedelta = timedelta(hours=2)  # windowed API: how far back missed minutes are asked for
    most_missed: int = 30  # minutes asked for in one ``extract_missed``


def extract(batch: Batch, api: PaymentsApi, landing: ExtractLanding, clock: Clock, limits: ExtractLimits) -> Completion:
    """Land the batch's minute and close it; a batch that is closed already is left as it is.

    Raises:
        ApiUnavailable: no usable answer within the budget; the batch stays open and a retry continues it.
        TransientError: the minute is not over, or another run is extracting it, or the disk is full.
    """
    if clock.now() < batch.end:
        raise TransientError(f"minute {batch.batch_id} is not over yet", f"Extract it from {batch.end:%H:%M:%S} UTC on")
    if (closed := landing.completion(batch)) is not None:
        return closed
    ends = clock.now() + timedelta(seconds=limits.budget_seconds)
    with _exclusive_lock(batch, landing, clock, ends):
        return landing.completion(batch) or _extract(batch, api, landing, clock, limits, ends)


def extract_again(
    minute: Batch, api: PaymentsApi, landing: ExtractLanding, clock: Clock, limits: ExtractLimits
) -> Completion:
    """Ask a windowed API again for a minute, closed or not, and land the answer as a batch of its own.

    The minute's own batch stays as it is. Payments that are stored already change nothing when loaded.

    Raises:
        SettingsError: the API has no windows: it would answer with today's payments.
        ApiUnavailable: no usable answer within the budget; the same call again goes on.
        TransientError: the minute is not over, or another command asks for it, or the disk is full.
    """
    if not api.windowed:
        raise SettingsError(
            "PAYMENTS_API_URL holds no {start} and {end}: the API shows only what is current",
            "Only an API that can be asked for a window can be asked again",
        )
    if clock.now() < minute.end:
        raise TransientError(f"minute {minute.batch_id} is not over yet", f"Ask again from {minute.end:%H:%M} UTC on")
    assert minute.minute is not None
    attempts = (Batch.of_again(minute.minute, number) for number in itertools.count(1))
    batch = next(one for one in attempts if landing.completion(one) is None)
    ends = clock.now() + timedelta(seconds=limits.budget_seconds)
    with _exclusive_lock(batch, landing, clock, ends):
        notes: list[str] = []
        calls = _BatchCalls(batch, api, landing, clock, limits, notes, window=minute)
        if not calls.ask_until(ends):
            raise calls.error()
        return landing.close(batch, now=clock.now(), notes=notes)


def extract_missed(api: PaymentsApi, landing: ExtractLanding, clock: Clock, limits: ExtractLimits) -> list[Completion]:
    """Finish half-done batches of earlier runs, and minutes in which nothing ran.

    A windowed API is asked for them, oldest first, within the look-back and the budget; where it is too late, a
    half-done batch is closed with what it holds, and a minute with nothing is recorded ``missed``. Ends at the
    first minute that the API does not answer, or the third that it answers unreadably.
    """
    ends = clock.now() + timedelta(seconds=limits.budget_seconds)
    done: list[Completion] = []
    unreadable = 0
    for batch in _unfinished_batches(api, landing, clock, limits):
        if clock.now() >= ends:
            break
        with landing.lock(batch) as mine:
            if not mine:
                continue
            try:
                done.append(landing.completion(batch) or _extract(batch, api, landing, clock, limits, ends))
            except AnswersUnreadable:
                unreadable += 1
                if unreadable >= _MOST_UNREADABLE_MINUTES:
                    break
            except ApiUnavailable:
                break
    return done


def _unfinished_batches(
    api: PaymentsApi, landing: ExtractLanding, clock: Clock, limits: ExtractLimits
) -> Iterator[Batch]:
    """Open batches and gaps whose own run must have ended, oldest first; the number to ask for is bounded."""
    now = clock.now()
    open_minutes = {batch.minute for batch in landing.open_batches() if batch.minute}
    gaps = set(_gaps(landing, now))
    asked = 0
    for minute in sorted(open_minutes | gaps):
        batch = Batch.of_minute(minute)
        if batch.end + CURRENT_FOR >= now:
            return
        asked += _may_ask(batch, api, now, limits)
        if asked > limits.most_missed:
            return
        yield batch


def _gaps(landing: ExtractLanding, now: datetime) -> Iterator[datetime]:
    """Minutes since we first ran (and within a day) that left no marker."""
    first = landing.first_minute()
    if first is None:
        return
    minute = Batch.of_minute(max(first, now - MISSED_WITHIN)).minute
    assert minute is not None
    closed = landing.closed_minutes(minute)
    while minute + MINUTE + CURRENT_FOR < now:
        if minute not in closed:
            yield minute
        minute += MINUTE


def _may_ask(batch: Batch, api: PaymentsApi, now: datetime, limits: ExtractLimits) -> bool:
    """Whether the API would still give this minute's payments."""
    return now - batch.end <= (limits.look_back if api.windowed else CURRENT_FOR)


@contextmanager
def _exclusive_lock(batch: Batch, landing: ExtractLanding, clock: Clock, ends: datetime) -> Iterator[None]:
    """Be the batch's only extractor, waiting for another one as long as the budget lasts."""
    while True:
        with landing.lock(batch) as mine:
            if mine:
                yield
                return
        if clock.now() >= ends:
            raise TransientError(f"another run is extracting {batch.batch_id}")
        clock.sleep(0.1)


def _extract(
    batch: Batch, api: PaymentsApi, landing: ExtractLanding, clock: Clock, limits: ExtractLimits, ends: datetime
) -> Completion:
    """Ask for the missing answers, then close the batch; the caller holds its lock."""
    notes: list[str] = []
    if _may_ask(batch, api, clock.now(), limits):
        calls = _BatchCalls(batch, api, landing, clock, limits, notes)
        finished = calls.ask_until(ends if api.windowed else min(ends, batch.end + CURRENT_FOR))
        nothing_landed = not landing.parts(batch)
        if not finished and (api.windowed or nothing_landed):
            raise calls.error()
    status = "landed" if landing.parts(batch) else "missed"
    return landing.close(batch, now=clock.now(), status=status, notes=notes)


class _BatchCalls:
    """The calls for one batch: each answer lands at once, until enough have landed."""

    def __init__(
        self,
        batch: Batch,
        api: PaymentsApi,
        landing: ExtractLanding,
        clock: Clock,
        limits: ExtractLimits,
        notes: list[str],
        *,
        window: Batch | None = None,
    ) -> None:
        """``window``: the minute that is asked for, if it is not the batch's own."""
        self._batch, self._api, self._landing, self._clock = batch, api, landing, clock
        self._limits, self._notes, self._window = limits, notes, window or batch
        self._pause = _FIRST_PAUSE
        self._failed_with_records = (
            False  # an answer brought records and says that it failed: else there is none better
        )
        self.gave_up = False  # the window was answered unreadably as often as one run asks
        self.retry_after: float | None = None
        self.cure = ""  # the cure of the last call that gave no answer

    def error(self) -> ApiUnavailable:
        """Why not enough has landed."""
        why = self._notes[-1] if self._notes else "no time was left"
        kind = AnswersUnreadable if self.gave_up else ApiUnavailable
        error = kind(f"no usable answer for {self._window.batch_id}: {why}", self.cure)
        error.retry_after = self.retry_after
        return error

    def ask_until(self, ends: datetime) -> bool:
        """Ask until enough has landed (True) or time is up (False)."""
        return self._call_until(ends) or (self._api.windowed and self._failed_with_records)

    def _call_until(self, ends: datetime) -> bool:
        landed = self._readable_parts()
        most = len(landed) + (1 if len(landed) >= MOST_UNREADABLE else MOST_UNREADABLE)
        while not self._enough(landed):
            if self._api.windowed and len(landed) >= most:
                self.gave_up = True
                return False
            now = self._clock.now()
            if now >= ends:
                return False
            deadline = min(ends, now + timedelta(seconds=self._limits.call_seconds))
            try:
                answer = self._api.ask(self._window, deadline=deadline)
            except ApiUnavailable as error:
                self._notes.append(f"{now:%H:%M:%S} {error.what}")
                self.cure = error.cure
                if not self._wait(error.retry_after, ends):
                    return False
                continue
            landed.append(self._land(answer))
            if not landed[-1] and not self._enough(landed) and not self._wait(None, ends):
                return False
        return True

    def _enough(self, landed: list[bool]) -> bool:
        """A windowed API: one readable answer. A current one: so many answers."""
        return any(landed) if self._api.windowed else len(landed) >= self._limits.calls

    def _readable_parts(self) -> list[bool]:
        """Whether each part of earlier runs is a window's answer: only the last can be, or the batch were closed."""
        parts = self._landing.parts(self._batch)
        last = parts[-1:] if self._api.windowed else []
        return [False] * (len(parts) - len(last)) + [self._is_answer(part) for part in last]

    def _land(self, answer: Answer) -> bool:
        """Land first; only then look whether it is an answer."""
        part = self._landing.land(self._batch, answer)
        if part.removed:
            self._note(part, f"brought {part.removed:,} card codes, PINs or track data: removed before it was landed")
        return self._is_usable(answer.body, part)

    def _is_answer(self, part: Part) -> bool:
        try:
            return self._is_usable(self._landing.read(self._batch, part), part)
        except LandingError:
            return False

    def _is_usable(self, body: bytes, part: Part) -> bool:
        """Whether a window needs no other answer; an answer with records that reports a failure is the best so far."""
        try:
            envelope = decode(body, http_status=part.http_status, truncated=part.truncated).envelope
        except PayloadError as error:
            self._note(part, f"cannot be read: {error.what}")
            return False
        for sentence in envelope_sentences(envelope):
            self._note(part, sentence)
        self._failed_with_records |= bool(envelope.error)
        return not envelope.error

    def _note(self, part: Part, sentence: str) -> None:
        self._notes.append(f"{part.received_at:%H:%M:%S} part {part.number} {sentence}")

    def _wait(self, retry_after: float | None, ends: datetime) -> bool:
        """Wait as the server asks, or a little longer each time; False if that would outlast the budget."""
        self.retry_after = retry_after
        seconds = retry_after if retry_after is not None else self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if self._clock.now() + timedelta(seconds=seconds) >= ends:
            return False
        self._clock.sleep(seconds)
        return True
