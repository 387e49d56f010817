"""``fraud_db`` as transform and load see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pandas as pd
import psycopg2.extensions
import pyarrow as pa
import structlog

from fraud_scorer.domain.frames import DECISION_COLUMNS, HISTORY_COLUMNS
from fraud_scorer.domain.ports import LoadCounts, LoadWork
from fraud_scorer.store.bulk import copy_out, frame_of, rows, texts
from fraud_scorer.store.engine import transaction
from fraud_scorer.store.loading import load_batch
from fraud_scorer.store.run_ledger import PostgresLedger

log = structlog.get_logger()

LABELS_AT_ONCE = 5_000  # counted in one transaction: loads wait for it
_HISTORY_TYPES = {
    "trans_num": pa.string(),
    "event_time": pa.int64(),
    "landing_seq": pa.int64(),
    "place": pa.int64(),
    "merchant": pa.dictionary(pa.int32(), pa.string()),
    "category": pa.dictionary(pa.int32(), pa.string()),
    "amount_cents": pa.int64(),
    "currency": pa.dictionary(pa.int32(), pa.string()),
    "merch_lat": pa.float64(),
    "merch_long": pa.float64(),
}
_KNOWN_TYPES = {
    "trans_num": pa.string(),
    "event_time": pa.timestamp("us", "UTC"),
    "landing_seq": pa.int64(),
    "first_landing_seq": pa.int64(),
    "body_hash": pa.string(),
    "kind": pa.string(),
}
_COUNTS = ("payments_7d", "payments_30d", "labelled_7d", "labelled_30d", "frauds_7d", "frauds_30d")
_PROFILE_TYPES = {"profile_day": pa.date32(), "merchant": pa.string(), **dict.fromkeys(_COUNTS, pa.int64())}


class PostgresStore(PostgresLedger):
    """``ports.Store`` on PostgreSQL. Every method is one transaction and raises StoreUnavailable or TerminalError.

    Texts come back as pandas' ``str`` (backed by Arrow), whole numbers exact.
    """

    def known(self, trans_nums: Sequence[str]) -> pd.DataFrame:
        """Of the payments already stored: trans_num, event_time (UTC), landing_seq, first_landing_seq, body_hash, kind.

        One row a stored payment, in no order; landing sequence numbers int64, body_hash bytes.
        """
        with transaction(self._engine) as cursor:
            table = copy_out(cursor, "payments/known", {"trans_nums": texts(trans_nums)}, _KNOWN_TYPES)
        found = frame_of(table)
        found["body_hash"] = pd.Series([bytes.fromhex(text) for text in found["body_hash"]], dtype=object)
        return found

    def decided(self, trans_nums: Sequence[str]) -> pd.DataFrame:
        """DECISION_COLUMNS in force on these payments, for those that are stored and were scored; in no order."""
        with transaction(self._engine) as cursor:
            found = rows(cursor, "payments/decided", {"trans_nums": texts(trans_nums)})
        frame = pd.DataFrame(found, columns=list(DECISION_COLUMNS))
        return frame.astype({name: kind for name, kind in DECISION_COLUMNS.items() if kind != "object"})

    def history(self, card_tokens: Sequence[str], since: datetime, until: datetime, before_seq: int) -> pd.DataFrame:
        """HISTORY_COLUMNS of these cards' payments in [since, until) first landed before ``before_seq``; in no order.

        Refunds are left out. A payment that a later landing corrected comes as it stood just before ``before_seq``,
        under the card it then had. ``landing_seq`` is that of the batch that first brought the payment.
        """
        cards = texts(card_tokens)
        values = {"card_tokens": cards, "since": since, "until": until, "before_seq": before_seq}
        with transaction(self._engine) as cursor:
            table = copy_out(cursor, "payments/history", values, _HISTORY_TYPES)
        return _history_frame(table, cards)

    def note_card_tokens(self, earlier: Mapping[str, str]) -> None:
        """Remember that tokens of older keys (``earlier``'s keys) name the same cards as today's (its values).

        Only where payments are stored under them; idempotent.
        """
        values = {"earlier": texts(list(earlier)), "tokens": texts(list(earlier.values()))}
        with transaction(self._engine) as cursor:
            rows(cursor, "load/card_tokens", values)

    def merchant_profiles(self, days: Sequence[object], before_seq: int) -> pd.DataFrame:
        """merchant_profiles' columns for these days (``datetime.date``); one row a day and merchant known of, sorted.

        Days that are written come as they are written. Others are computed from what landed before the first batch
        that brought a payment of the day or of a later one: that is ``before_seq`` at the latest.
        """
        wanted = sorted(_as_date(day) for day in set(days))
        with transaction(self._engine) as cursor:
            stored = frame_of(copy_out(cursor, "profiles/stored", {"days": wanted}, _PROFILE_TYPES))
        missing = [day for day in wanted if day not in set(stored["profile_day"])]
        if missing:
            self.count_labels()
            with transaction(self._engine) as cursor:
                computed = compute_profiles(cursor, missing, before_seq)
            stored = pd.concat([stored, computed]) if len(stored) else computed
        return stored.sort_values(["profile_day", "merchant"], ignore_index=True)

    def count_labels(self) -> int:
        """Count in the merchants' sums what was said of payments since; in short transactions. How many labels."""
        counted = 0
        while True:
            with transaction(self._engine) as cursor:
                taken = int(str(rows(cursor, "labels/count", {"at_most": LABELS_AT_ONCE})[0]["counted"]))
            counted += taken
            if taken < LABELS_AT_ONCE:
                return counted

    def load(self, work: LoadWork, token: str) -> LoadCounts:
        """One batch in one transaction: payments, decisions, labels, quarantine, profiles, messages, ledger.

        Loading the same again writes nothing. History is never alerted: its messages are dropped.

        Raises:
            Fenced: another run claimed the batch since ``token`` did; nothing is written.
        """
        with transaction(self._engine) as cursor:
            return load_batch(cursor, work, token)


def compute_profiles(cursor: psycopg2.extensions.cursor, days: list[date], before_seq: int) -> pd.DataFrame:
    """Profiles of days that are not written: from the kept sums, and payment by payment where those cannot tell."""
    values: dict[str, object] = {"days": days, "before_seq": before_seq}
    summed = frame_of(copy_out(cursor, "profiles/compute", values, _PROFILE_TYPES | {"in_doubt": pa.string()}))
    in_doubt = sorted(set(summed.loc[summed.pop("in_doubt") == "t", "profile_day"]))
    if not in_doubt:
        return summed
    log.info("The kept sums cannot tell: counting payments.", action="profiles", days=len(in_doubt))
    counted = frame_of(copy_out(cursor, "profiles/recount", values | {"days": in_doubt}, _PROFILE_TYPES))
    return pd.concat([summed[~summed["profile_day"].isin(in_doubt)], counted])


def _history_frame(table: pa.Table, cards: list[str]) -> pd.DataFrame:
    place = pa.compute.subtract(table["place"], 1)
    columns = {
        "trans_num": table["trans_num"],
        "event_time": table["event_time"].cast(pa.timestamp("us", "UTC")),
        "landing_seq": table["landing_seq"],
        "card_token": pa.array(cards, pa.large_string()).take(place),
        "merchant": table["merchant"].cast(pa.string()),
        "category": table["category"].cast(pa.string()),
        "currency": table["currency"].cast(pa.string()),
    }
    rest = {name: table[name] for name in HISTORY_COLUMNS if name not in columns}
    return frame_of(pa.table(columns | rest).select(list(HISTORY_COLUMNS)))


def _as_date(day: object) -> date:
    """``date``, or what pandas and numpy make of one."""
    return pd.Timestamp(day).date()  # type: ignore[arg-type]
