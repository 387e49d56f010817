"""The page on faults: its tables are written by a command."""

from __future__ import annotations

import pytest
from fault_lab.everything import FAULTS, Played
from fault_lab.report import table
from publish import PAGE, published

EMPTY = "before\n<!-- faults -->\nold\n<!-- end of faults -->\n<!-- soak -->\nold\n<!-- end of soak -->\nafter\n"
MADE_FROM = "made from a test"


def played(number: int, *wrong: str) -> Played:
    """A fault of the list, as played."""
    return Played(FAULTS[number], "seen", 1, 0, 20, list(wrong))


def test_tables_of_several_runs_become_one() -> None:
    """In their order, with one head, and how many broke an invariant."""
    page = published(EMPTY, [table([played(0), played(1)], 1), table([played(2, "lost")], 1)], MADE_FROM)
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0].strip("| ") for row in rows[1:]] == [fault.name for fault in FAULTS[:3]]
    assert f"3 faults, 1 broke an invariant; {MADE_FROM}." in page
    assert page.count("\nold\n") == 1


def test_a_fault_played_again_stands_as_played_last() -> None:
    """In its first place."""
    reports = [table([played(0, "lost"), played(1)], 1), table([played(0)], 1)]
    page = published(EMPTY, reports, MADE_FROM)
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert "2 faults, 0 broke an invariant" in page
    assert [row.split(" | ")[0].strip("| ") for row in rows[1:]] == [fault.name for fault in FAULTS[:2]]


def test_what_no_report_tells_of_stays() -> None:
    """A soak's report leaves the faults alone; publishing twice changes nothing."""
    soak = "# Soak (seed 1): 300 random faults struck, 0 invariants broken\n\n- drawn: 310\n"
    page = published(EMPTY, [soak], MADE_FROM)
    assert "<!-- faults -->\nold\n" in page
    assert "### Soak (seed 1)" in page
    assert published(page, [soak], MADE_FROM) == page


def test_the_page_has_a_place_for_both() -> None:
    """And a page without says so."""
    assert MADE_FROM in published(PAGE.read_text(encoding="utf-8"), [table([played(0)], 1), "# Soak\n"], MADE_FROM)
    with pytest.raises(SystemExit, match="no place for faults"):
        published("empty", [table([played(0)], 1)], MADE_FROM)
