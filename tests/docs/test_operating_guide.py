"""The operating guide leaves nothing out: every error, every state, every incident, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from fraud_common import errors
from fraud_scorer.cli import app
from fraud_scorer.monitoring.incidents import NAMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating-guide.md").read_text(encoding="utf-8")
MIGRATIONS = "".join(path.read_text() for path in sorted((ROOT / "sql" / "migrations").glob("*.sql")))


def part(heading: str) -> str:
    """The text under a heading."""
    return PAGE.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]


def firsts(text: str) -> set[str]:
    """The code words in a table's first column."""
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


def states(table: str) -> set[str]:
    """The states that a table's check allows."""
    made = re.search(rf"create table {table} \(.*?status in \((.*?)\)", MIGRATIONS, re.DOTALL)
    assert made
    return set(re.findall(r"'(\w+)'", made.group(1)))


def test_every_error_has_its_line() -> None:
    """Each class of errors.py, but the root of the tree."""
    classes = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert firsts(part("Errors")) == classes - {"FraudScorerError"}


def test_every_state_has_its_line() -> None:
    """Of a minute and of a message, as the tables allow them."""
    assert firsts(part("The states of a minute")) == states("run_ledger")
    assert firsts(part("The states of a message")) == states("outbox")


MAILED_AS = {
    "fraud_db cannot be reached": "fraud_db cannot be reached",
    "no minute has completed": "No minute has completed",
    "the payments API gives no payments": "The payments API has given no payment",
    "nothing that comes is scored": "None of the last",
    "mail is undeliverable": "Fraud mails cannot be delivered",
    "the endpoint fails, the local model scores": "The SageMaker endpoint fails",
    "minutes could not be loaded": "Minutes could not be loaded",
    "many records go to quarantine": "Many records go to quarantine",
    "runs died over a batch, and it was passed": "Runs died over a batch, and it was passed",
    "answers of the payments API are not all of the payments": "Answers of the payments API are not all",
    "the alert rules cannot be used": "The alert rules cannot be used",
    "landed minutes are not copied to the bucket": "Landed minutes have not been copied to the bucket",
}


def test_every_incident_has_its_line() -> None:
    """What the watchdog can mail, in the first words of the mail."""
    titles = (ROOT / "src/fraud_scorer/monitoring/incidents.py").read_text(encoding="utf-8")
    assert set(MAILED_AS) == set(NAMES.values())
    for title in MAILED_AS.values():
        assert f"\n| {title}" in part("Mails to the operator")
        assert f'"{title}' in titles


@pytest.mark.integration  # takes seconds
def test_commands_within_sentences_exist() -> None:
    """Not only those in shell blocks."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for words in re.findall(r"`fraud-scorer ([^`]+)`", page.read_text(encoding="utf-8")):
            command = typer.main.get_command(app)
            rest = words.split()
            while rest and not rest[0].startswith("-") and hasattr(command, "commands"):
                assert rest[0] in command.commands, f"{page.name}: {words}"
                command = command.commands[rest.pop(0)]
            options = {
                option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
            }
            assert {word for word in rest if word.startswith("--")} <= options | {"--help"}, f"{page.name}: {words}"
