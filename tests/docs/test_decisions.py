"""Each decision says whether it stands and since when; the index says the same of all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
STATUSES = {"proposed", "accepted", "superseded", "rejected"}
HEADER = re.compile(
    r"# (?P<number>\d+)\. (?P<title>[^\n]+)\n\n"
    r"- Status: (?P<status>[a-z]+)\n- Date: (?P<date>\d{4}-\d\d-\d\d)\n(?P<links>(?:- Superse[^\n]+\n)*)\n\S"
)


@dataclass(frozen=True)
class Decision:
    """What a page's first lines say; links are file names."""

    number: int
    title: str
    status: str
    date: str
    supersedes: frozenset[str]
    superseded_by: frozenset[str]


def decision(text: str) -> Decision:
    """The header of a page; AssertionError if it has none."""
    found = HEADER.match(text)
    assert found, "the page begins with a title, its status and its date: see docs/decisions/README.md"
    links = re.findall(r"- (Supersedes|Superseded by): \[[^\]]+\]\(([^)]+)\)\n", found["links"])
    assert len(links) == found["links"].count("\n")
    forth, back = (frozenset(name for word, name in links if word == said) for said in ("Supersedes", "Superseded by"))
    return Decision(int(found["number"]), found["title"], found["status"], found["date"], forth, back)


def faults(decisions: Mapping[str, Decision]) -> list[str]:
    """What does not agree among pages, by file name."""
    found = [name for name, page in decisions.items() if not name.startswith(f"{page.number:04}-")]
    found += [name for name, page in decisions.items() if page.status not in STATUSES]
    found += [name for name, page in decisions.items() if (page.status == "superseded") != bool(page.superseded_by)]
    forth = {(name, other) for name, page in decisions.items() for other in page.supersedes}
    back = {(other, name) for name, page in decisions.items() for other in page.superseded_by}
    return found + [f"{new} supersedes {old}: only one says so" for new, old in sorted(forth ^ back)]


def test_each_page_has_its_header_and_they_agree() -> None:
    """Number, status and date; what supersedes and what is superseded name each other."""
    assert len(PAGES) > 20
    assert faults({path.name: decision(path.read_text(encoding="utf-8")) for path in PAGES}) == []


def test_the_index_has_a_row_for_each_page() -> None:
    """In order of number, with the page's own title, status and date."""
    pages = [(path.name, decision(path.read_text(encoding="utf-8"))) for path in PAGES]
    rows = [f"| {one.number} | [{one.title}]({name}) | {one.status} | {one.date} |" for name, one in pages]
    index = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in index if re.match(r"\| \d", line)] == rows


OLD = "# 1. Old\n\n- Status: superseded\n- Date: 2026-11-20\n- Superseded by: [2. New](0002-new.md)\n\n**Decided.**"
NEW = "# 2. New\n\n- Status: accepted\n- Date: 2026-12-01\n- Supersedes: [1. Old](0001-old.md)\n\n**Decided.**"


@pytest.mark.parametrize(
    ("old", "new", "agree"),
    [
        (OLD, NEW, True),
        (OLD, NEW.replace("- Supersedes: [1. Old](0001-old.md)\n", ""), False),
        (OLD.replace("- Superseded by: [2. New](0002-new.md)\n", ""), NEW, False),
        (OLD.replace("superseded", "accepted"), NEW, False),
        (OLD, NEW.replace("accepted", "fine"), False),
        (OLD, NEW.replace("# 2", "# 3"), False),
    ],
)
def test_superseding_is_said_on_both_pages(old: str, new: str, agree: bool) -> None:
    """One page alone, another status, or a number that is not the file's is found."""
    assert (faults({"0001-old.md": decision(old), "0002-new.md": decision(new)}) == []) is agree
