"""The run ledger: which batches have landed, who works on them, what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine

from fraud_common.logs import without_card_numbers
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import KEYED, Completion
from fraud_scorer.store.bulk import rows, without_nul
from fraud_scorer.store.engine import transaction

MAX_ERROR_LENGTH = 2000
NOTED_AT_ONCE = 500  # batches a transaction
PURGED = "its landed bytes were purged before this ledger knew it"


class PostgresLedger:
    """The ledger's half of ``ports.Store``. Each method is one transaction; raises StoreUnavailable or TerminalError.

    Args:
        engine: of ``fraud_db`` (`create_store_engine`).
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note_landed(self, completions: Sequence[Completion]) -> None:
        """Make ledger and landing index know these batches, landed or missed. Known ones are left as they are.

        Thousands of them (after an outage, or when the ledger is made anew) take several transactions, lowest landing
        sequence first: what is cut short goes on from `highest_landed_seq`. Batches that were purged before this
        ledger knew them have failed.
        """
        in_order = sorted(completions, key=lambda completion: completion.landing_seq)
        for start in range(0, len(in_order), NOTED_AT_ONCE):
            self._note_some(in_order[start : start + NOTED_AT_ONCE])

    def _note_some(self, completions: Sequence[Completion]) -> None:
        with transaction(self._engine) as cursor:
            for done in sorted(completions, key=lambda completion: completion.batch.batch_id):
                rows(cursor, "ledger/note_batch", _line(done))
                for part in done.parts:
                    mark = part.sha256 if part.sha256.startswith(KEYED) else ""  # a plain hash gives a card away
                    values = {**vars(part), "batch_id": done.batch.batch_id, "part": part.number, "sha256": mark}
                    rows(cursor, "ledger/note_part", values)

    def highest_landed_seq(self) -> int:
        """The highest landing sequence number that the ledger knows; 0 if none."""
        with transaction(self._engine) as cursor:
            return int(str(rows(cursor, "ledger/highest_seq", {})[0]["landing_seq"]))

    def unloaded(self, limit: int) -> list[tuple[Batch, int]]:
        """Landed and not yet loaded batches with their landing sequence number, lowest first, ``limit`` at most.

        Batches of imported history are left out: their bytes are not in landing, only their import can load them. So
        is what landed after a day that an import is at (see `hold`).
        """
        with transaction(self._engine) as cursor:
            found = rows(cursor, "ledger/unloaded", {"at_most": limit})
        return _in_line(found)

    def ahead(self, batches: Sequence[Batch]) -> list[tuple[Batch, int]]:
        """As ``unloaded``: what waits up to the last of these that was never loaded, itself among it if it waits."""
        with transaction(self._engine) as cursor:
            return _in_line(rows(cursor, "ledger/ahead", {"batch_ids": [batch.batch_id for batch in batches]}))

    def claim(self, batches: Sequence[Batch], token: str) -> None:
        """From now on only the holder of ``token`` (a uuid) may load these batches.

        Each claim counts as an attempt until the batch is done, whatever ends the run: attempts say nothing against the
        batch. Until `answered` it counts among the ``unanswered`` ones too, and among the ``lone_unanswered`` ones if
        it is the only one that is claimed. Batches that the ledger does not know are passed over.
        """
        batch_ids = [batch.batch_id for batch in batches]
        with transaction(self._engine) as cursor:
            rows(cursor, "ledger/claim", {"batch_ids": batch_ids, "token": token, "is_alone": len(batch_ids) == 1})

    def answered(self, batches: Sequence[Batch], token: str) -> None:
        """The run that claimed these came to an end of its own, be it an error: nothing is ``unanswered`` of them."""
        with transaction(self._engine) as cursor:
            rows(cursor, "ledger/answered", {"batch_ids": [batch.batch_id for batch in batches], "token": token})

    def hold(self, batch: Batch) -> None:
        """An import is at this day: for two minutes from now, what landed after it waits until it is loaded."""
        with transaction(self._engine) as cursor:
            rows(cursor, "ledger/hold", {"batch_id": batch.batch_id})

    def forget(self, batch: Batch) -> bool:
        """Drop a day whose import was cut off from the ledger, if what landed after it is loaded; whether it was."""
        with transaction(self._engine) as cursor:
            return bool(rows(cursor, "ledger/forget", {"batch_id": batch.batch_id}))

    def count_refusal(self, batch: Batch) -> int:
        """One more run to which this waiting batch itself was the trouble: how many by now; 0 if it does not wait."""
        with transaction(self._engine) as cursor:
            found = rows(cursor, "ledger/refused", {"batch_id": batch.batch_id})
        return int(str(found[0]["refusals"])) if found else 0

    def mark_failed(self, batch: Batch, error: str, *, passed_for: str = "refusals", by: str | None = None) -> bool:
        """Pass a landed batch: it is not among ``unloaded`` any more, its bytes are kept. One that is done stays done.

        ``passed_for``: ``refusals`` or ``hand`` (then ``by`` says whose). Gives whether it was passed.
        """
        values = {"batch_id": batch.batch_id, "error": _told(error), "passed_for": passed_for, "passed_by": by}
        with transaction(self._engine) as cursor:
            return bool(rows(cursor, "ledger/failed", values))

    def pass_unanswered(self, most: int, error: str) -> list[Batch]:
        """Pass the waiting batches that ``most`` runs in a row took alone and never answered for; these batches."""
        with transaction(self._engine) as cursor:
            return [
                batch
                for batch, _ in _in_line(rows(cursor, "ledger/pass_unanswered", {"most": most, "error": _told(error)}))
            ]

    def to_try_again(self) -> tuple[Batch, int] | None:
        """The first batch so passed that is due to be tried a last time, with its landing sequence; None: none is.

        It is due once another batch was loaded since, and counts as tried from now on, whatever becomes of it.
        """
        with transaction(self._engine) as cursor:
            found = _in_line(rows(cursor, "ledger/try_again", {}))
        return found[0] if found else None

    def mark_tried(self, batch: Batch, *, is_tried: bool) -> None:
        """Whether a passed batch counts as tried again."""
        with transaction(self._engine) as cursor:
            rows(cursor, "ledger/mark_tried", {"batch_id": batch.batch_id, "is_tried": is_tried})

    def troubled(self, limit: int) -> list[dict[str, object]]:
        """What waits, in line, then what failed or was passed, latest first: state, size in bytes, counts and why."""
        with transaction(self._engine) as cursor:
            return rows(cursor, "ledger/troubled", {"at_most": limit})

    def recent(
        self, limit: int = 20, *, kinds: Sequence[str] = ("minute",), batches: Sequence[Batch] | None = None
    ) -> list[dict[str, object]]:
        """The ledger's last lines, latest first: the columns of run_ledger but ``claim``; or those of ``batches``."""
        batch_ids = None if batches is None else [batch.batch_id for batch in batches]
        with transaction(self._engine) as cursor:
            return rows(cursor, "ledger/recent", {"at_most": limit, "kinds": list(kinds), "batch_ids": batch_ids})

    def finished(self, batches: Sequence[Batch]) -> set[Batch]:
        """Of these, the batches that wait for nobody: done, missed, unreadable or passed by hand."""
        with transaction(self._engine) as cursor:
            found = rows(cursor, "ledger/finished", {"batch_ids": [batch.batch_id for batch in batches]})
        return {Batch.of_id(str(line["batch_id"])) for line in found}

    def retries(self, since: datetime, until: datetime) -> list[Batch]:
        """The batches of retried records, and of minutes asked for again, that landed in [since, until)."""
        with transaction(self._engine) as cursor:
            found = rows(cursor, "ledger/retries", {"since": since, "until": until})
        return [Batch.of_id(str(line["batch_id"])) for line in found]


def _told(error: str) -> str:
    return without_card_numbers(without_nul(error))[:MAX_ERROR_LENGTH]


def _in_line(found: Sequence[Mapping[str, object]]) -> list[tuple[Batch, int]]:
    """Batch and landing sequence number of each row."""
    return [(Batch.of_id(str(line["batch_id"])), int(str(line["landing_seq"]))) for line in found]


def _line(done: Completion) -> dict[str, object]:
    purged = done.status == "purged"
    return {
        "batch_id": done.batch.batch_id,
        "kind": done.batch.kind,
        "minute": done.batch.minute,
        "status": "failed" if purged else done.status,
        "landing_seq": done.landing_seq,
        "landed_at": done.closed_at,
        "error": PURGED if purged else None,
    }
