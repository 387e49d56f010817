"""The page on connecting one's own API: its example does what it says, and its list of fields is ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from fraud_scorer.payments.decode import RECORD_KEYS, decode
from fraud_scorer.payments.fields import OURS, parse_field_map
from fraud_scorer.payments.validate import Rules, validate

PAGE = (Path(__file__).parents[2] / "docs" / "connect-your-own-api.md").read_text(encoding="utf-8")
EXAMPLE = PAGE[PAGE.index("## 3.") : PAGE.index("## 4.")]


def block(language: str) -> str:
    """The example's one block in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", EXAMPLE, re.DOTALL)
    return str(found)


def table(text: str) -> list[dict[str, str]]:
    """The rows of the one table in a text, by column."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def test_the_example_becomes_the_payments_that_the_page_shows() -> None:
    """Its JSON through its field map: the payments of its table, and one record in quarantine for the named reason."""
    decoded = decode(block("json").encode())
    columns = parse_field_map(block("yaml")).apply(decoded)
    received_at = datetime(2026, 11, 20, 10, 32, tzinfo=UTC)
    judged = validate(columns, len(decoded), rules=Rules(), received_at=received_at)
    shown = table(EXAMPLE)
    payments = judged.payments.assign(event_time=judged.payments["event_time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert payments[list(shown[0])].astype(str).to_dict("records") == shown
    assert [reject.reason for reject in judged.rejects] == ["event_time_not_a_time"]
    assert f"`{judged.rejects[0].reason}`" in EXAMPLE


def test_the_page_lists_every_field_of_ours() -> None:
    """What the field map may map to, no more and no less; and the keys under which a list of records may stand."""
    fields = PAGE[PAGE.index("## 2.") : PAGE.index("## 3.")]
    named = {name for row in table(fields) for name in re.findall(r"`([a-z_]+)`", row["ours"])}
    assert named == set(OURS)
    assert all(f"`{key}`" in PAGE for key in RECORD_KEYS)
