"""The query files, the library's and the dashboard's: one statement each, its purpose first, its grain if it reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fraud_scorer.store.queries import query
from fraud_scorer.store.sql_files import sql_root

ROOT = Path(__file__).parents[2]
FILES = sorted((sql_root() / "queries").glob("*.sql"))
PAGES = sorted((ROOT / "fraud-dashboard" / "queries").glob("*.sql"))
WRITES = re.compile(
    r"^(insert|update|delete|copy|create|select (record_verdict|undo_verdict|snooze|end_snooze)\()", re.MULTILINE
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_query_is_one_statement(path: Path) -> None:
    """So that an editor or `psql` can run it by itself."""
    statement = query(path.stem)
    assert statement
    assert ";" not in statement


@pytest.mark.parametrize("path", FILES + PAGES, ids=lambda path: path.stem)
def test_a_query_says_what_for_and_what_a_row_is(path: Path) -> None:
    """Its purpose in the first line; its grain, if rows are what it is for."""
    text = path.read_text()
    first = text.splitlines()[0]
    assert first.startswith("-- ")
    assert not first.startswith("-- noqa")
    assert WRITES.search(text) or "Grain: " in text


def test_every_query_is_asked_by_name() -> None:
    """What nobody asks for any more is not kept."""
    asking = [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "benchmarks").glob("*.py"),
        *(ROOT / "fraud-dashboard").rglob("*.py"),
    ]
    named = set(re.findall(r'"([a-z_]+)"', "\n".join(path.read_text() for path in asking)))
    unasked = {path.stem for path in FILES + PAGES if path.stem.removeprefix("stack_") not in named}
    assert unasked == set()


def test_names_become_parameters_and_casts_and_comments_do_not() -> None:
    """`:name` is a parameter; `::type`, times of day in quotes' neighbourhood and comments are not."""
    statement = query("ledger_recent")
    assert "%(batch_ids)s::text[]" in statement
    assert "%(at_most)s" in statement
    assert "--" not in statement
