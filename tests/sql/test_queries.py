"""The query files: one statement each, its purpose in the first line, parameters by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fraud_scorer.adapters.postgres.queries import query
from fraud_scorer.sql_files import sql_root

FILES = sorted((sql_root() / "queries").glob("*.sql"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_query_is_one_statement_with_its_purpose_first(path: Path) -> None:
    """So that an editor or `psql` can run it by itself, and a reader knows what for."""
    first = path.read_text().splitlines()[0]
    assert first.startswith("-- ")
    assert not first.startswith("-- noqa")
    statement = query(path.stem)
    assert statement
    assert ";" not in statement


def test_names_become_parameters_and_casts_and_comments_do_not(tmp_path: Path) -> None:
    """`:name` is a parameter; `::type`, times of day in quotes' neighbourhood and comments are not."""
    statement = query("ledger_recent")
    assert "%(batch_ids)s::text[]" in statement
    assert "%(at_most)s" in statement
    assert "--" not in statement
