"""Puts what `make faults` and `make soak` reported into docs/faults.md, between its markers.

    .venv/bin/python tests/faults/publish.py reports/faults.md reports/soak.md

Several tables of faults (the list may be played in parts) become one, in the order given; a fault that was played again
stands as it was played last. Several soaks stand one after the other.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
HEAD = ["| fault | expected | seen | invariants |", "|---|---|---|---|"]


def published(page: str, reports: Sequence[str], made_from: str) -> str:
    """The page with its tables made anew from these reports; what they do not tell of stays as it is."""
    by_name = {line.split(" | ")[0]: line for report in reports for line in report.splitlines() if _is_row(line)}
    if rows := list(by_name.values()):
        broken = sum(not line.endswith("| holds |") for line in rows)
        sentence = f"{len(rows)} faults, {broken} broke an invariant; {made_from}."
        page = _between(page, "faults", "\n".join([sentence, "", *HEAD, *rows]))
    soaks = [report.replace("# Soak", "### Soak", 1).strip() for report in reports if report.startswith("# Soak")]
    if soaks:
        page = _between(page, "soak", "\n\n".join([f"{made_from[:1].upper()}{made_from[1:]}.", *soaks]))
    return page


def _is_row(line: str) -> bool:
    return line.startswith("| ") and line not in HEAD


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{PAGE.name} has no place for {name}: {begin} … {end}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--played", help="when and at which commit; today and HEAD unless said")
    asked = parser.parse_args()
    made_from = f"played {asked.played or _today()}"
    texts = [path.read_text(encoding="utf-8") for path in asked.reports]
    PAGE.write_text(published(PAGE.read_text(encoding="utf-8"), texts, made_from), encoding="utf-8")


def _today() -> str:
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return f"on {datetime.now(UTC):%Y-%m-%d} at commit {head.stdout.strip()}"


if __name__ == "__main__":
    main()
