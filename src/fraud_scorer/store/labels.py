"""Labels that come from outside: chargebacks and other people's verdicts. Appended, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Engine

from fraud_scorer.store.audit import note
from fraud_scorer.store.bulk import rows
from fraud_scorer.store.engine import transaction

ASKED_AT_ONCE = 20_000
# In one transaction, for which other imports wait; loads and verdicts wait for none.
APPENDED_AT_ONCE = 2_000
AUTHOR_LENGTH, NOTE_LENGTH = 200, 2_000  # in letters; the rest is cut off


@dataclass(frozen=True, slots=True)
class LabelStatement:
    """One statement about one payment."""

    trans_num: str
    verdict: str  # fraud, not_fraud, unsure, withdrawn
    known_at: datetime  # aware
    note: str | None = None


class PostgresLabels:
    """The table ``labels``. Every method raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def event_times(self, trans_nums: Sequence[str]) -> dict[str, datetime]:
        """Of these payments, those that are stored, with the (aware) time they happened at."""
        names = list(dict.fromkeys(trans_nums))
        found: dict[str, datetime] = {}
        for start in range(0, len(names), ASKED_AT_ONCE):
            with transaction(self._engine) as cursor:
                for row in rows(cursor, "labels/payments", {"trans_nums": names[start : start + ASKED_AT_ONCE]}):
                    found[str(row["trans_num"])] = cast("datetime", row["event_time"])
        return found

    def in_other_case(self, trans_nums: Sequence[str]) -> dict[str, str]:
        """For some of these names, a stored payment's that is the same in small or in capital letters."""
        stored = self.event_times([other for name in trans_nums for other in (name.lower(), name.upper())])
        return {name: other for name in trans_nums for other in (name.upper(), name.lower()) if other in stored}

    def by_card(
        self,
        last4s: Sequence[str],
        amounts: Sequence[int],
        currencies: Sequence[str],
        *,
        day_starts: datetime,
        day_ends: datetime,
    ) -> Iterator[tuple[int, str, datetime, bool]]:
        """Payments of the time given with these last four digits, or unknown ones, and amounts (minor units).

        Gives, for each that fits, its place in the lists, its id, its time, and whether its last four digits are known.
        """
        values: dict[str, object] = {
            "last4s": list(last4s),
            "amounts": list(amounts),
            "currencies": list(currencies),
            "day_starts": day_starts,
            "day_ends": day_ends,
        }
        with transaction(self._engine) as cursor:
            found = rows(cursor, "labels/by_card", values)
        for row in found:
            place, known = int(str(row["place"])) - 1, bool(row["card_is_known"])
            yield place, str(row["trans_num"]), cast("datetime", row["event_time"]), known

    def append(self, said: Sequence[LabelStatement], *, source: str, author: str) -> int:
        """Append what was not said before (same payment, source, verdict and moment), all or nothing; how many.

        Audited. Give no more than ``APPENDED_AT_ONCE``: other imports wait meanwhile. Loads do not, nor verdicts.
        """
        values: dict[str, object] = {
            "trans_nums": [one.trans_num for one in said],
            "verdicts": [one.verdict for one in said],
            "known_at": [one.known_at for one in said],
            "notes": [one.note and one.note[:NOTE_LENGTH] for one in said],
            "source": source,
            "author": author[:AUTHOR_LENGTH],
        }
        with transaction(self._engine) as cursor:
            rows(cursor, "labels/lock", {})
            rows(cursor, "labels/import", values)
            appended = int(cursor.rowcount)
            note(cursor, "labels import", source=source, author=author, rows=len(said), appended=appended)
        return appended

    def count(self) -> None:
        """Count in the merchants' sums as many labels as one append leaves waiting; loads wait for so many."""
        with transaction(self._engine) as cursor:
            rows(cursor, "labels/count", {"at_most": APPENDED_AT_ONCE})
