"""`fraud-scorer labels import`: appends labels (chargebacks, verdicts) from a file.

The whole file is read, checked and matched before anything is written. Then it is written in short transactions, for
other imports wait for each of them; an import that is cut off is done again: what is in is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from fraud_common.card_numbers import without_card_numbers
from fraud_common.errors import StoreUnavailable
from fraud_scorer.ingest.data_files import row_names
from fraud_scorer.store.labels import APPENDED_AT_ONCE, LabelStatement, PostgresLabels
from fraud_scorer.use_cases.disputes.claims import VERDICTS, read_claims
from fraud_scorer.use_cases.disputes.columns import Fault, refused
from fraud_scorer.use_cases.disputes.label_map import LabelMap
from fraud_scorer.use_cases.disputes.matching import match
from fraud_scorer.use_cases.disputes.references import read_references, with_ids

SOURCES = tuple(VERDICTS)
_MOST_TOLD = 20
Progress = Callable[[int, int], None]  # done, total


@dataclass(frozen=True)
class LabelImportResult:
    """The result of an import, in rows of the file; empty rows do not count."""

    rows: int
    imported: int
    known_before: int  # said already, by this file or an earlier one
    skipped: int  # the map leaves them out
    unknown_payments: int  # left out because they were asked to be: no such payment is stored
    ambiguous: int  # left out because they were asked to be: several payments fit
    told: list[str] = field(default_factory=list)  # why rows were left out, the first ones by row


def import_labels(
    labels: PostgresLabels,
    path: Path,
    *,
    label_map: LabelMap | None = None,
    source: str = "chargeback",
    author: str = "labels import",
    time_zone: str | None = None,
    currency: str = "USD",
    skip_unknown: bool = False,
    references: Path | None = None,
    now: datetime | None = None,
    progress: Progress = lambda _done, _total: None,
) -> LabelImportResult:
    """Append the labels of ``path`` (trans_num, is_fraud or verdict, known_at, optionally note; others by the map).

    Args:
        labels: where they go.
        path: CSV, JSON or Parquet.
        label_map: the file's columns and words; None: our own.
        source: ``chargeback`` or ``verdict``.
        author: who says it.
        time_zone: of times that name none, before the map's; if neither, such times are refused.
        currency: of amounts that name none.
        skip_unknown: leave out rows whose payment is not stored, or not the only one that fits, instead of refusing the
            file.
        references: a settlement file: which payment (trans_num) an acquirer's reference (acquirer_reference) means.
        now: aware; a label known later than this is refused.
        progress: told how many labels are written.

    Raises:
        DataFileError: the file, a column or a row cannot be used, or a label is known before its payment happened;
            names the first rows, and nothing was written.
        SettingsError: no such time zone.
        StoreUnavailable: ``fraud_db`` cannot be reached; says how many labels are written.
    """
    label_map = (label_map or LabelMap()).with_options(time_zone=time_zone, date_order=None)
    known = read_references(references, label_map) if references else {}
    read = read_claims(
        path,
        label_map,
        source=source,
        currency=currency,
        now=now or datetime.now(UTC),
        by_reference=references is not None,
    )
    matches = match(labels, with_ids(read.claims, known), ZoneInfo(label_map.time_zone or "UTC"))
    not_found = sorted([*matches.unknown, *matches.ambiguous], key=lambda fault: fault.position)
    if wrong := matches.wrong or ([] if skip_unknown else not_found):
        raise refused(path, wrong)
    said = list(dict.fromkeys(matches.said))
    imported = _append(labels, said, source, without_card_numbers(author), progress)
    return LabelImportResult(
        rows=read.rows,
        imported=imported,
        known_before=len(matches.said) - imported,
        skipped=read.skipped.total(),
        unknown_payments=len(matches.unknown),
        ambiguous=len(matches.ambiguous),
        told=[f"{count:,} skipped: {why}" for why, count in read.skipped.most_common(_MOST_TOLD)]
        + _reasons_left_out(path, not_found),
    )


def _reasons_left_out(path: Path, faults: Sequence[Fault]) -> list[str]:
    told = faults[:_MOST_TOLD]
    rows = row_names([one.position for one in told], path)
    first = [f"left out: {row}: {one.reason}" for row, one in zip(rows, told, strict=True)]
    return first + ([f"and {len(faults) - _MOST_TOLD:,} more rows left out"] if len(faults) > _MOST_TOLD else [])


def _append(
    labels: PostgresLabels, said: Sequence[LabelStatement], source: str, author: str, progress: Progress
) -> int:
    imported, done, rest = 0, 0, iter(said)
    while some := list(islice(rest, APPENDED_AT_ONCE)):
        try:
            imported += labels.append(some, source=source, author=author)
            labels.count()  # else the day's first minute would have to, all at once
        except StoreUnavailable as error:
            written = f"{error.what}; {done:,} of {len(said):,} labels are written"
            raise StoreUnavailable(written, "Import the file again: what is written is passed over") from None
        done += len(some)
        progress(done, len(said))
    return imported
