"""What `fraud-scorer check` says of the payments API's answer: whether it becomes payments, by the field map."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from fraud_common.errors import SettingsError
from fraud_common.text import count_text
from fraud_scorer.ingest.decode import decode, harmless_names
from fraud_scorer.ingest.envelope import envelope_sentences
from fraud_scorer.ingest.event_words import SCORED
from fraud_scorer.ingest.text_checks import NUMERIC_IDS
from fraud_scorer.ingest.validate import Validated, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fraud_scorer.domain.ports import Answer
    from fraud_scorer.ingest.columns import Reject
    from fraud_scorer.ingest.tables import AnyTable
    from fraud_scorer.steps.transform import TransformConfig


def judge_answer(answer: Answer, config: TransformConfig) -> str:
    """How many records came and how many are payments, in words; never any of their values.

    Raises:
        PayloadError: the answer cannot be read, or says that it failed.
        SettingsError: every record would be refused or left unscored, a name in the field map stands in none of them,
            or they are not all that there is.
    """
    table = decode(answer.body, http_status=answer.http_status, truncated=answer.truncated)
    if not len(table) and not envelope_sentences(table.envelope):
        return "0 records, so nothing tries the field map: check again when payments come"
    columns = config.fields.apply(table)
    judged = validate(columns, len(table), rules=config.rules, received_at=answer.received_at)
    counts = f"{_records(len(table))}, {len(judged.payments)} valid"
    if judged.rejects:
        counts += f"; the first refused because {judged.rejects[0].detail}"
    counts += _numeric_ids(judged.rejects)
    if len(table) and (unseen := config.fields.unseen(table)):
        names = ", ".join(f"{theirs} (mapped to {ours})" for theirs, ours in unseen.items())
        raise SettingsError(f"{counts}; no record has {names}; {_found(table)}", _UNSEEN)
    if judged.payments.empty and len(table):
        raise SettingsError(f"{counts}; {_found(table)}", _ALL_REFUSED)
    counts += _told(judged)
    if said := envelope_sentences(table.envelope):
        raise SettingsError(f"{counts}; the answer {' and '.join(said)}", _NOT_ALL)
    if not judged.payments["kind"].isin(SCORED).any():
        negative = _is_spending_negative(columns, len(table), config, answer)
        why = "negative amounts count as refunds" if negative else "none is a purchase"
        raise SettingsError(f"{counts}; nothing of this is scored: {why}", _NEGATIVE if negative else _NO_PURCHASE)
    return counts


def _is_spending_negative(
    columns: dict[str, list[object]], count: int, config: TransformConfig, answer: Answer
) -> bool:
    """Whether the declaration of negative spending would let some of these records be scored."""
    amounts = replace(config.rules.amounts, spending_is_negative=not config.rules.amounts.spending_is_negative)
    turned = validate(columns, count, rules=replace(config.rules, amounts=amounts), received_at=answer.received_at)
    return bool(amounts.spending_is_negative and turned.payments["kind"].isin(SCORED).any())


def _found(table: AnyTable) -> str:
    """The names that could be mapped, as far as they can be nobody's data."""
    return f"the names found are {harmless_names(islice(table.names, _MOST_NAMES), count=len(table.names)) or 'none'}"


def _told(judged: Validated) -> str:
    """What is not scored, the words that say nothing, and what was dropped; words only if they can be no one's data."""
    others = judged.payments["kind"][~judged.payments["kind"].isin(SCORED)].value_counts()
    sentences = [f"{count} of kind {kind}, not scored" for kind, count in others.items()]
    if judged.unknown_kinds:
        words = [word for word in judged.unknown_kinds if _WORD.fullmatch(word)][:_MOST_WORDS]
        shown = f": {', '.join(words)}" if words else ""
        number = len(judged.unknown_kinds)
        sentences.append(f"{count_text(number, 'unknown word')} in type and status{shown} (purchases, "
                         "unless declared under kinds)")  # fmt: skip
    if judged.dropped:
        counts = Counter(one.reason for one in judged.dropped)
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common(_MOST_WORDS))
        sentences.append(f"unusable optional values dropped: {reasons}")
    return "".join(f"; {sentence}" for sentence in sentences)


def _numeric_ids(rejects: Sequence[Reject]) -> str:
    """The declaration that would save records whose ids look like card numbers: one long number in ten does."""
    refused = Counter(one.reason for one in rejects)
    found = {name: refused[f"{name}_card_number"] for name in NUMERIC_IDS if f"{name}_card_number" in refused}
    if not found:
        return ""
    said = " and ".join(f"{count} for {name}" for name, count in found.items())
    return (
        f"; refused as card numbers: {said}. If these are long numbers by nature and never card numbers, declare "
        f"numeric_ids: [{', '.join(found)}] in the file that PAYMENTS_API_FIELDS names"
    )


def _records(count: int) -> str:
    return count_text(count, "record")


_UNSEEN = (
    "Correct the name in the file that PAYMENTS_API_FIELDS names; if the API writes it for some payments only, "
    "check again in a minute, or leave it so"
)
_NOT_ALL = (
    "Pages are not followed: let PAYMENTS_API_URL ask for pages large enough for a minute; of an error, ask whoever "
    "runs the API"
)
_MOST_NAMES = 100
_WORD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}")
_MOST_WORDS = 5
_NEGATIVE = (
    "If the API writes spending as negative amounts, declare it in the file that PAYMENTS_API_FIELDS names: "
    "amounts: {spending: negative}; if these are refunds, check again when payments come"
)
_NO_PURCHASE = (
    "If some are purchases, declare their words under kinds in the file that PAYMENTS_API_FIELDS names; else check "
    "again when payments come"
)
_ALL_REFUSED = "Map the API's names to ours: PAYMENTS_API_FIELDS, docs/connect-your-own-api.md"
