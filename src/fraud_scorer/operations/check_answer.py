"""What `fraud-scorer check` says of the payments API's answer: whether it becomes payments, by the field map."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from fraud_scorer.errors import SettingsError
from fraud_scorer.payments.beside import told
from fraud_scorer.payments.decode import decode, harmless
from fraud_scorer.payments.validate import validate

if TYPE_CHECKING:
    from fraud_scorer.payments.tables import AnyTable
    from fraud_scorer.ports import Answer
    from fraud_scorer.steps.transform import Recipe


def judge_answer(answer: Answer, recipe: Recipe) -> str:
    """How many records came and how many are payments, in words; never any of their values.

    Raises:
        PayloadError: the answer cannot be read, or says that it failed.
        SettingsError: every record would be refused, a name in the field map stands in none of them, or they are not
            all that there is.
    """
    table = decode(answer.body, http_status=answer.http_status, truncated=answer.truncated)
    if not len(table) and not told(table.beside):
        return "0 records, so nothing tries the field map: check again when payments come"
    columns = recipe.fields.apply(table)
    judged = validate(columns, len(table), rules=recipe.rules, received_at=answer.received_at)
    counts = f"{_records(len(table))}, {len(judged.payments)} valid"
    if judged.rejects:
        counts += f"; the first refused because {judged.rejects[0].detail}"
    if len(table) and (unseen := recipe.fields.unseen(table)):
        names = ", ".join(f"{theirs} (mapped to {ours})" for theirs, ours in unseen.items())
        raise SettingsError(f"{counts}; no record has {names}; {_found(table)}", _UNSEEN)
    if judged.payments.empty and len(table):
        raise SettingsError(f"{counts}; {_found(table)}", _ALL_REFUSED)
    if said := told(table.beside):
        raise SettingsError(f"{counts}; the answer {' and '.join(said)}", _NOT_ALL)
    return counts


def _found(table: AnyTable) -> str:
    """The names that could be mapped, as far as they can be nobody's data."""
    return f"the names found are {harmless(islice(table.names, _MOST_NAMES), count=len(table.names)) or 'none'}"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


_UNSEEN = (
    "Correct the name in the file that PAYMENTS_API_FIELDS names; if the API writes it for some payments only, "
    "check again in a minute, or leave it so"
)
_NOT_ALL = (
    "Pages are not followed: let PAYMENTS_API_URL ask for pages large enough for a minute; of an error, ask whoever "
    "runs the API"
)
_MOST_NAMES = 100
_ALL_REFUSED = "Map the API's names to ours: PAYMENTS_API_FIELDS, docs/connect-your-own-api.md"
