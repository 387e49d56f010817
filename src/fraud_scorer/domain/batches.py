"""Batches: the payments that one minute's extraction landed, named by the start of the minute's interval.

>>> batch = Batch.of_minute(parse_minute("2026-11-20T10:31Z"))
>>> batch.batch_id
'2026-11-20T10:31Z'
>>> batch.end.isoformat()
'2026-11-20T10:32:00+00:00'
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fraud_common.errors import SettingsError

MINUTE = timedelta(minutes=1)
LIVE = timedelta(minutes=3)  # after its minute's end a run is a live one for so long, then an old one


@dataclass(frozen=True, order=True)
class Batch:
    """One batch. ``minute`` is the start of its interval (UTC), None where it is no minute's own (see ``kind``)."""

    batch_id: str
    minute: datetime | None = None

    @classmethod
    def of_minute(cls, minute: datetime) -> Batch:
        """The batch of the interval that starts at ``minute`` (aware; seconds are dropped)."""
        start = require_aware(minute).astimezone(UTC).replace(second=0, microsecond=0)
        return cls(start.strftime("%Y-%m-%dT%H:%MZ"), start)

    @classmethod
    def of_history(cls, source: str, day: date, attempt: int = 1) -> Batch:
        """The batch of one day of an imported file; ``source`` is the file's short keyed hash.

        A day whose import was cut off, and that missed its turn, is another batch at the next attempt.
        """
        mark = source if attempt == 1 else f"{source}.{attempt}"
        return cls(f"history-{mark}-{day.isoformat()}")

    @classmethod
    def of_retry(cls, mark: str, *, history: bool = False) -> Batch:
        """The batch of records that are taken out of quarantine again; ``mark`` is their content's short hash.

        Records of imported history make a batch of history: it is never alerted.
        """
        return cls(f"history-retry-{mark}" if history else f"retry-{mark}")

    @classmethod
    def of_again(cls, minute: datetime, attempt: int = 1) -> Batch:
        """The batch of a windowed API's answer when asked again for the interval that starts at ``minute``.

        Another one at each attempt: the bytes of a closed batch never change.
        """
        mark = f"{require_aware(minute).astimezone(UTC):%Y%m%dT%H%MZ}"
        return cls(f"again-{mark}" if attempt == 1 else f"again-{mark}.{attempt}")

    @classmethod
    def of_id(cls, batch_id: str) -> Batch:
        """The batch that ``batch_id`` names."""
        return (
            cls(batch_id)
            if batch_id.startswith(("history-", "retry-", "again-"))
            else cls.of_minute(parse_minute(batch_id))
        )

    @property
    def kind(self) -> str:
        """``minute``, ``history``, ``retry`` or ``again``, as the run ledger writes it."""
        return self.batch_id.partition("-")[0] if self.minute is None else "minute"

    @property
    def end(self) -> datetime:
        """The end of the interval (UTC): when the batch may be asked for. Only minutes have one."""
        if self.minute is None:
            raise SettingsError(f"batch {self.batch_id} has no interval")
        return self.minute + MINUTE


def parse_minute(text: str) -> datetime:
    """An ISO time with a zone, as ``--at`` and the batch ids write it.

    Raises:
        SettingsError: not a time, or no zone (a naive time would mean another minute on another machine).
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{text!r} is not a time", "Write it as 2026-11-20T10:31Z") from None
    return require_aware(parsed)


def require_aware(moment: datetime) -> datetime:
    """``moment`` itself, if it names its zone."""
    if moment.tzinfo is None:
        raise SettingsError(f"the time {moment.isoformat()} names no zone", "Add Z for UTC, or an offset like +02:00")
    return moment


def minutes_between(start: datetime, end: datetime) -> Iterator[Batch]:
    """The batches of every minute from ``start`` (included) to ``end`` (excluded)."""
    minute = Batch.of_minute(start).minute
    while minute is not None and minute < require_aware(end):
        yield Batch.of_minute(minute)
        minute += MINUTE
