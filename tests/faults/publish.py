"""Puts what `make faults` and `make soak` reported into docs/faults.md, between its markers.

    .venv/bin/python tests/faults/publish.py reports/faults.md reports/soak.md

Several tables of faults (the list may be played in parts) become one, in the order given; so do several soaks.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
HEAD = ["| fault | expected | seen | invariants |", "|---|---|---|---|"]


def published(page: str, reports: Sequence[str], made_from: str) -> str:
    """The page with its tables made anew from these reports; what they do not tell of stays as it is."""
    rows = [line for report in reports for line in report.splitlines() if _is_row(line)]
    if rows:
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
    if len(sys.argv) == 1:
        raise SystemExit(__doc__)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    made_from = f"made from the reports of {datetime.now(UTC):%Y-%m-%d}, commit {commit}"
    reports = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    PAGE.write_text(published(PAGE.read_text(encoding="utf-8"), reports, made_from), encoding="utf-8")


if __name__ == "__main__":
    main()
