"""The page on connecting one's own API: its example does what it says, and its list of fields is ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fraud_scorer.ingest.decode import RECORD_KEYS, decode
from fraud_scorer.ingest.field_map import OURS, parse_field_map
from fraud_scorer.ingest.validate import validate

PAGE = (Path(__file__).parents[2] / "docs" / "connect-your-own-api.md").read_text(encoding="utf-8")
EXAMPLE = PAGE[PAGE.index("## 3.") : PAGE.index("## 4.")]
SECTIONS = PAGE[PAGE.index("### Amounts and kinds") : PAGE.index("### Payments without a card")]
WITHOUT_CARD = PAGE[PAGE.index("### Payments without a card") : PAGE.index("## 3.")]


def block(text: str, language: str) -> str:
    """The text's one block in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(found)


def table(text: str) -> list[dict[str, str]]:
    """The rows of the one table in a text, by column."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


@pytest.mark.parametrize(
    ("text", "refused"),
    [(EXAMPLE, ["event_time_not_a_time"]), (SECTIONS, []), (WITHOUT_CARD, [])],
    ids=["example", "sections", "without a card"],
)
def test_each_example_becomes_the_payments_that_the_page_shows(text: str, refused: list[str]) -> None:
    """Its JSON through its field map: the payments of its table, and records in quarantine for the named reasons."""
    decoded = decode(block(text, "json").encode())
    fields = parse_field_map(block(text, "yaml"))
    received_at = datetime(2026, 11, 20, 10, 32, tzinfo=UTC)
    rules = fields.rules(time_zone="UTC", currency="USD")
    judged = validate(fields.apply(decoded), len(decoded), rules=rules, received_at=received_at)
    shown = table(text)
    payments = judged.payments.assign(event_time=judged.payments["event_time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert payments[list(shown[0])].astype(str).to_dict("records") == shown
    assert [reject.reason for reject in judged.rejects] == refused
    assert all(f"`{reason}`" in text for reason in refused)
    assert fields.unseen(decoded) == {}


def test_the_page_lists_every_field_of_ours() -> None:
    """What the field map may map to, no more and no less; and the keys under which a list of records may stand."""
    fields = PAGE[PAGE.index("## 2.") : PAGE.index("### Amounts and kinds")]
    named = {name for row in table(fields) for name in re.findall(r"`([a-z_0-9]+)`", row["ours"])}
    assert named == set(OURS)
    assert all(f"`{key}`" in PAGE for key in RECORD_KEYS)
