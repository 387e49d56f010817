"""Messages that wait, kept in ``fraud_db``: written by load's transaction, leased and marked by senders.

A message is frozen when it is written. A sender leases it under a token; only the holder of the token can mark it, so
that of two senders one marks and the other learns that it did not. Delivery is at-least-once: a sender that dies
between the server's "accepted" and its own mark leaves the message to the next sender, who sends the same bytes under
the same Message-ID, which lets a mailbox fold the repeat.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg2.extensions
from sqlalchemy import Engine

from fraud_scorer.domain.ports import Message
from fraud_scorer.store.engine import transaction
from fraud_scorer.store.queries import query

Cursor = psycopg2.extensions.cursor

MAX_ERROR_LENGTH = 500


@dataclass(frozen=True)
class Backlog:
    """What waits in the outbox and what was refused for good."""

    pending: int
    failed: int
    oldest_pending_seconds: float  # 0 if nothing waits


def write_messages(cursor: Cursor, messages: Sequence[Message], *, now: datetime | None = None) -> int:
    """Write messages inside the caller's transaction; the number of new ones that wait to be sent.

    What a recipient was told before (same channel, same payment) is left out of the message; a message with nothing
    left is not written. Writing the same messages again writes nothing. ``now`` replaces the server's clock.
    """
    ordered = sorted(messages, key=lambda message: (message.channel, message.recipient, message.message_id))
    return sum(_write(cursor, message, now) and not message.suppressed for message in ordered)


def _write(cursor: Cursor, message: Message, now: datetime | None) -> bool:
    values: dict[str, object] = {
        "message_id": message.message_id,
        "batch_id": message.batch_id,
        "kind": message.kind,
        "channel": message.channel,
        "recipient": message.recipient,
        "content": json.dumps(message.content, allow_nan=False),
        "suppressed": message.suppressed,
        "now": now,
    }
    asked = values | {"trans_nums": sorted(message.trans_nums)}
    if not _rows(cursor, "outbox/insert", values):
        untold = {str(row["trans_num"]) for row in _rows(cursor, "outbox/untold", asked)}
        return bool(untold) and _write(cursor, _second(message, untold), now)
    if not message.trans_nums:
        return True
    fresh = {str(row["trans_num"]) for row in _rows(cursor, "outbox/insert_payments", asked)}
    if not fresh:
        _rows(cursor, "outbox/drop_empty", values)
    elif len(fresh) < len(set(message.trans_nums)):
        _rows(cursor, "outbox/trim", values | {"content": json.dumps(_only(message.content, fresh))})
    return bool(fresh)


def _second(message: Message, untold: set[str]) -> Message:
    """What a message of this Message-ID left untold, under an id of its own."""
    local, _, domain = message.message_id.rpartition("@")
    mark = hashlib.sha256("\x00".join(sorted(untold)).encode()).hexdigest()[:8]
    return replace(
        message,
        message_id=f"{local}.{mark}@{domain}",
        trans_nums=tuple(sorted(untold)),
        content=_only(message.content, untold),
    )


def _only(content: dict[str, object], trans_nums: set[str]) -> dict[str, object]:
    payments = content.get("payments")
    if not isinstance(payments, list):
        return content
    return content | {"payments": [payment for payment in payments if payment["trans_num"] in trans_nums]}


class PostgresOutbox:
    """``ports.Outbox`` on the table ``outbox``.

    Args:
        engine: of ``fraud_db``.
        clock: replaces the server's clock (for tests that play hours in seconds); None: the server's.
        jitter: between 0.5 and 1, the share of the backoff that is waited; spreads what failed together.

    Raises:
        StoreUnavailable: from every method, if ``fraud_db`` cannot be reached or gave the transaction up.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime] | None = None,
        jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.0),  # noqa: S311 - no secret hangs on it
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._jitter = jitter

    def lease(self, limit: int, *, seconds: float, channels: Sequence[str]) -> tuple[str, list[Message]]:
        """A token and at most ``limit`` due messages that are its holder's for ``seconds``; each counts an attempt."""
        token = str(uuid.uuid4())
        rows = self._run("outbox/lease", lease=token, at_most=limit, seconds=seconds, channels=list(channels))
        return token, [_message(row) for row in rows]

    def sent(self, message_id: str, lease: str) -> bool:
        """Mark as accepted by the server and count the batch's alerted payments; False if the lease is another's."""
        with transaction(self._engine) as cursor:
            self._on(cursor, "outbox/lock_batch", message_id=message_id)
            marked = self._on(cursor, "outbox/sent", message_id=message_id, lease=lease)
            if marked and marked[0]["batch_id"] is not None:
                self._on(cursor, "outbox/count_alerted", batch_id=marked[0]["batch_id"])
        return bool(marked)

    def retry_later(self, message_id: str, lease: str, error: str) -> None:
        """Give the message back, due again after a backoff; nothing if the lease is another's."""
        self._run(
            "outbox/retry_later",
            message_id=message_id,
            lease=lease,
            error=error[:MAX_ERROR_LENGTH],
            jitter=self._jitter(),
        )

    def failed(self, message_id: str, lease: str, error: str) -> None:
        """Keep the message as refused for good; nothing if the lease is another's."""
        self._run("outbox/failed", message_id=message_id, lease=lease, error=error[:MAX_ERROR_LENGTH])

    def write(self, messages: Sequence[Message]) -> int:
        """Write messages in a transaction of their own (what load does inside its own)."""
        with transaction(self._engine) as cursor:
            return write_messages(cursor, messages, now=self._now())

    def backlog(self) -> Backlog:
        """How much waits, how much was refused, how long the oldest waits."""
        return Backlog(**self._run("outbox/backlog")[0])

    def listed(self, statuses: Sequence[str] = ("pending", "failed"), limit: int = 200) -> list[dict[str, object]]:
        """Messages of these states, latest first: message_id, batch_id, kind, channel, recipient, status, attempts,
        last_error, created_at, next_attempt_at, sent_at, payments (their number).
        """  # noqa: D205 - one list
        return self._run("outbox/list", statuses=list(statuses), at_most=limit)

    def retry(self, message_ids: Sequence[str] | None = None, *, held: bool = False) -> int:
        """Queue refused messages again (all, or those named), with ``held`` also what a flood held back; how many."""
        return len(self._run("outbox/retry", message_ids=None if message_ids is None else list(message_ids), held=held))

    def snoozed(self) -> dict[str, frozenset[str]]:
        """What is not mailed now: tokens under ``card``, names under ``merchant``."""
        rows = self._run("outbox/active_snoozes")
        return {
            subject: frozenset(str(row["value"]) for row in rows if row["subject"] == subject)
            for subject in ("card", "merchant")
        }

    def usual_share(self, before_seq: int, *, at_least: int = 500) -> float | None:
        """The flagged share (0-1) of the batches before ``before_seq``; None with fewer than ``at_least`` payments."""
        usual = self._run("outbox/usual_share", before_seq=before_seq)[0]
        return usual["flagged"] / usual["valid"] if usual["valid"] >= at_least else None

    def _run(self, name: str, **values: object) -> list[dict[str, Any]]:
        with transaction(self._engine) as cursor:
            return self._on(cursor, name, **values)

    def _on(self, cursor: Cursor, name: str, **values: object) -> list[dict[str, Any]]:
        return _rows(cursor, name, values | {"now": self._now()})

    def _now(self) -> datetime | None:
        return self._clock() if self._clock else None


def _message(row: Mapping[str, Any]) -> Message:
    return Message(
        message_id=row["message_id"],
        kind=row["kind"],
        channel=row["channel"],
        recipient=row["recipient"],
        content=row["content"],
        trans_nums=tuple(row["trans_nums"]),
        batch_id=row["batch_id"],
    )


def _rows(cursor: Cursor, name: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
    cursor.execute(query(name), dict(values))
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []
