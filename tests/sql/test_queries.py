"""The query files, the library's and the dashboard's: one statement each, its purpose first, its grain if it reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fraud_scorer.store.queries import query, query_names
from fraud_scorer.store.sql_files import sql_root

ROOT = Path(__file__).parents[2]
QUERIES = sql_root() / "queries"
FILES = [QUERIES / f"{name}.sql" for name in query_names()]
PAGES = sorted((ROOT / "fraud-dashboard" / "queries").glob("*.sql"))
PARAMETER = re.compile(r"%\((\w+)\)s")
WRITES = re.compile(
    r"^(insert|update|delete|copy|create|select (record_verdict|undo_verdict|snooze|end_snooze)\()", re.MULTILINE
)


def name_of(path: Path) -> str:
    """The name by which code asks for the query."""
    return path.relative_to(QUERIES if QUERIES in path.parents else path.parent).with_suffix("").as_posix()


def without_comments(text: str) -> str:
    """The statement alone."""
    return re.sub(r"(?m)(^|\s)--(\s.*)?$", "", text)


def test_every_query_lies_in_the_folder_of_its_topic() -> None:
    """One level of folders, nothing beside them."""
    assert set(QUERIES.rglob("*.sql")) == set(FILES)
    assert len(FILES) > 90


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_query_is_one_statement(path: Path) -> None:
    """So that an editor or `psql` can run it by itself."""
    statement = without_comments(query(name_of(path)))
    assert statement.strip()
    assert ";" not in statement


@pytest.mark.parametrize("path", FILES + PAGES, ids=name_of)
def test_a_query_says_what_for_and_what_a_row_is(path: Path) -> None:
    """Its purpose in the first line; its grain, if rows are what it is for."""
    text = path.read_text()
    first = text.splitlines()[0]
    assert first.startswith("-- ")
    assert not first.startswith("-- noqa")
    assert WRITES.search(text) or "Grain: " in text


@pytest.mark.parametrize("path", FILES + PAGES, ids=name_of)
def test_the_parameters_are_psycopg2s_own(path: Path) -> None:
    """`%(name)s`; any other percent sign is doubled, in comments too; no `:name` of another library is left."""
    text = path.read_text()
    assert "%" not in PARAMETER.sub("", text).replace("%%", "")
    assert re.findall(r"(?<![:\w]):[a-z_]\w*", re.sub(r"'[^']*'", "", without_comments(text))) == []


def asking_code() -> str:
    """All code that asks for a query."""
    folders = (ROOT / "src", ROOT / "benchmarks", ROOT / "fraud-dashboard")
    return "\n".join(path.read_text() for folder in folders for path in sorted(folder.rglob("*.py")))


def test_every_query_is_asked_by_name() -> None:
    """What nobody asks for any more is not kept."""
    named = set(re.findall(r'"([a-z_/]+)"', asking_code()))
    assert {name_of(path) for path in FILES + PAGES} - named == set()


def test_every_parameter_is_given_by_some_code() -> None:
    """As a word in quotes, an argument by keyword, or the field of a class: a parameter renamed on one side fails."""
    found = re.findall(r'"(\w+)"|\b(\w+)=|^ +(\w+): ', asking_code(), re.MULTILINE)
    given = {name for names in found for name in names if name}
    asked = {(name_of(path), name) for path in FILES + PAGES for name in PARAMETER.findall(path.read_text())}
    assert {(query_name, name) for query_name, name in asked if name not in given} == set()


def test_a_parameter_that_is_not_given_is_an_error() -> None:
    """No parameter of a statement is ever null by mistake: psycopg2 raises the name that is missing."""
    with pytest.raises(KeyError, match="batch_id"):
        query("ledger/batch") % {}
