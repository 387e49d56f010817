"""A page can be read, and its changes compared, where lines are at most 120 characters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 120
# written by programs, or one entry a line
EXEMPT = {"CHANGELOG.md", "model/MODEL_CARD.md"}
GENERATED = re.compile(r"<!-- (\w+) -->\n.*?<!-- end of \1 -->", re.DOTALL)
FENCE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
WRITTEN_HERE = {"build", "dist", "reports", "screenshots"}
FOLDERS = [
    one for one in ROOT.iterdir() if one.is_dir() and not one.name.startswith(".") and one.name not in WRITTEN_HERE
]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *(page for one in FOLDERS for page in one.rglob("*.md"))]
)


def too_long(text: str) -> list[str]:
    """Lines of prose above the limit; a table's row and a command cannot be broken."""
    prose = FENCE.sub("", GENERATED.sub("", text))
    return [line for line in prose.splitlines() if len(line) > LONGEST and not line.lstrip().startswith("|")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_of_prose_are_short(page: Path) -> None:
    """Every page that people write."""
    if page.relative_to(ROOT).as_posix() not in EXEMPT:
        assert too_long(page.read_text(encoding="utf-8")) == []


def test_what_is_long_is_found() -> None:
    """Prose and list items are; rows, commands and what a program wrote are not."""
    long = "word " * 30
    assert too_long(
        f"{long}\n- {long}\n| {long} |\n```sh\n{long}\n```\n<!-- soak -->\n{long}\n<!-- end of soak -->\n"
    ) == [
        long,
        f"- {long}",
    ]
