"""Faults on demand: what can go wrong with an answer, and the plan of what will."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from payments_simulator.api import malformed_rows
from payments_simulator.api.answers import AT, Answer

# What each kind does and its parameters with their defaults.
Kinds = dict[str, tuple[dict[str, Any], str]]

STATUS: Kinds = {
    "status_429": ({"retry_after": 1}, "too many requests, with Retry-After"),
    "status_500": ({}, "internal server error"),
    "status_503": ({"retry_after": None}, "service unavailable"),
}
BODY: Kinds = {
    "truncated_json": ({"share": 0.6}, "the body ends in the middle, Content-Length fits what was sent"),
    "empty_body": ({}, "200 with no bytes"),
    "empty_list": ({}, "200 with []"),
    "html_page": ({}, "200 with a page of HTML"),
    "wrong_content_type": ({"content_type": "text/plain"}, "the right body under another content type"),
    "huge_body": ({"megabytes": 100}, "the right body behind that much white space, streamed"),
}
WIRE: Kinds = {
    "slow_first_byte": ({"seconds": 3.0}, "nothing at all for a while"),
    "slow_body": ({"seconds": 3.0, "pieces": 10}, "the body in drips"),
    "short_body": ({"share": 0.6}, "fewer bytes than Content-Length says, then the end"),
    "connection_cut": ({"after": "nothing"}, "reset: after `nothing`, `headers` or half the `body`"),
}
ROWS: Kinds = {
    "duplicate_rows": ({"rows": 3}, "rows that come twice in one answer"),
    "late": ({"share": 0.5}, "part of the payments comes with the next answer instead"),
    "out_of_order": ({}, "rows in any order"),
    "malformed_rows": (
        {"reason": "nul", "rows": 1, "field": "cc_num"},
        "rows spoilt: " + ", ".join(malformed_rows.REASONS),
    ),
    "refunds": ({"rows": 1}, "rows with a negative amount (well-formed)"),
    "same_id_other_body": ({"rows": 1}, "payments of the last answer again, with another amount"),
    "page_repeated": ({}, "the last answer once more, whatever was asked for"),
    "ragged_row": ({}, "one row a cell short"),
    "duplicate_column": ({"column": "amt"}, "a column that comes twice"),
    "missing_column": ({"column": "amt"}, "a column that is not there"),
}
KINDS: Kinds = {**STATUS, **BODY, **WIRE, **ROWS}
UNREADABLE = {
    "truncated_json", "empty_body", "empty_list", "html_page", "short_body", "connection_cut", "ragged_row",
    "duplicate_column", "missing_column",
}  # fmt: skip


class Fault(BaseModel):
    """One fault as ordered.

    ``count``: for how many answers (null: until cleared). ``probability``: of each answer to be struck.
    ``skip``: so many answers are spared first. ``params``: see the kind.
    """

    model_config = ConfigDict(extra="forbid")

    kind: str
    count: int | None = Field(1, ge=1)
    probability: float = Field(1.0, ge=0, le=1)
    skip: int = Field(0, ge=0)
    params: dict[str, Any] = Field(default_factory=dict)

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"no such fault; there are {', '.join(KINDS)}")
        return kind

    def model_post_init(self, _: Any) -> None:
        """Fill in the kind's default parameters; refuse unknown ones."""
        defaults = KINDS[self.kind][0]
        unknown = set(self.params) - set(defaults)
        if unknown:
            raise ValueError(f"{self.kind} has no parameter {', '.join(sorted(unknown))}")
        self.params = defaults | self.params
        if self.kind == "malformed_rows" and self.params["reason"] not in malformed_rows.REASONS:
            raise ValueError(f"no such reason; there are {', '.join(malformed_rows.REASONS)}")


class FaultPlan:
    """The faults that wait. Safe to use from several threads."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        """Order one more fault."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Drop all faults."""
        with self._lock:
            self._waiting.clear()

    @property
    def waiting(self) -> list[Fault]:
        """The faults that wait, each with its remaining count."""
        return list(self._waiting)

    def strike(self) -> list[Fault]:
        """The faults that this answer is to have."""
        with self._lock:
            struck = [fault for fault in self._waiting if self._strikes(fault)]
            self._waiting = [fault for fault in self._waiting if fault.count != 0]
            return struck

    def _strikes(self, fault: Fault) -> bool:
        if fault.skip:
            fault.skip -= 1
            return False
        if self.random.random() >= fault.probability:
            return False
        if fault.count is not None:
            fault.count -= 1
        return True


class RowFaults:
    """Alters answers' rows; remembers the last answer and what it held back."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._last: Answer | None = None
        self._held: list[tuple[Any, int, str]] = []

    def apply(self, answer: Answer, faults: list[Fault]) -> Answer:
        """The answer with its faults: payments held back earlier are added, then the faults damage it."""
        for held in self._held:
            answer.add(*held)
        self._held = []
        for fault in faults:
            change: Callable[..., Answer | None] | None = getattr(self, f"_{fault.kind}", None)
            if change and fault.kind in ROWS:
                answer = change(answer, **fault.params) or answer
        self._last = answer.copy()
        return answer

    def _duplicate_rows(self, answer: Answer, rows: int) -> None:
        for at in range(min(rows, len(answer.rows))):
            answer.add(list(answer.rows[at]), answer.index[at], answer.trans_nums[at])

    def _late(self, answer: Answer, share: float) -> None:
        for at in range(len(answer.rows) - 1, -1, -1):
            if self._chance.random() < share:
                self._held.append((answer.rows.pop(at), answer.index.pop(at), answer.trans_nums.pop(at)))

    def _out_of_order(self, answer: Answer) -> None:
        order = list(range(len(answer.rows)))
        self._chance.shuffle(order)
        answer.rows = [answer.rows[at] for at in order]
        answer.index = [answer.index[at] for at in order]
        answer.trans_nums = [answer.trans_nums[at] for at in order]

    def _malformed_rows(self, answer: Answer, reason: str, rows: int, field: str) -> None:
        for at in range(min(rows, len(answer.rows))):
            malformed_rows.spoil(answer.rows[at], reason, field)
            answer.malformed[answer.trans_nums[at]] = reason

    def _refunds(self, answer: Answer, rows: int) -> None:
        for row in answer.rows[:rows]:
            row[AT["amt"]] = -abs(row[AT["amt"]])

    def _same_id_other_body(self, answer: Answer, rows: int) -> None:
        source = self._last.copy() if self._last and self._last.rows else answer.copy()
        for at in range(min(rows, len(source.rows))):
            source.rows[at][AT["amt"]] = round(source.rows[at][AT["amt"]] + 1.11, 2)
            answer.add(source.rows[at], source.index[at], source.trans_nums[at])

    def _page_repeated(self, answer: Answer) -> Answer:
        return self._last.copy() if self._last else answer

    def _ragged_row(self, answer: Answer) -> None:
        for row in answer.rows[:1]:
            row.pop()

    def _duplicate_column(self, answer: Answer, column: str) -> None:
        answer.columns.append(column)
        for row in answer.rows:
            row.append(row[AT[column]])

    def _missing_column(self, answer: Answer, column: str) -> None:
        answer.columns.remove(column)
        for row in answer.rows:
            row.pop(AT[column])
