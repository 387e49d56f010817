"""`make bench`: hold the contests and print how ours compares; the figures also go to reports/benchmarks.json."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import reading, scoring, starting, storing, town, velocity
from benchmarks.contest import Contest, Result, held
from benchmarks.town import Town

Room = Callable[[Town], AbstractContextManager[list[Contest]]]
ROOMS: dict[str, Room] = {
    "reading": reading.contests,
    "velocity": velocity.contests,
    "scoring": scoring.contests,
    "storing": storing.contests,
    "starting": starting.contests,
}
REPORT = Path("reports/benchmarks.json")


def main() -> None:
    """Hold the contests that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="payments (default 50,000)")
    parser.add_argument("--rounds", type=int, help="how often each way runs; the median counts (default 3 to 5)")
    parser.add_argument("--only", choices=ROOMS, action="append", help="one room; may be repeated")
    parser.add_argument("--out", type=Path, default=REPORT, help=f"where the figures go (default {REPORT})")
    asked = parser.parse_args()
    console = Console()
    console.print(f"making {asked.rows:,} payments ...")
    payments = town.made(asked.rows)
    results: list[Result] = []
    for name in asked.only or ROOMS:
        with ROOMS[name](payments) as contests:
            for contest in contests:
                found = held(contest, asked.rounds or contest.rounds)
                console.print(_table(contest, found))
                results += found
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    console.print(f"ratios are to the first line of each table; figures in {asked.out}")


def _table(contest: Contest, results: list[Result]) -> Table:
    table = Table(title=f"{contest.name}: {contest.work}", title_justify="left", title_style="bold")
    for column in ("way", "ratio", "seconds"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for result in results:
        name = f"[bold]{result.way}[/] (ours)" if result.is_ours else result.way
        table.add_row(name, f"{result.ratio:.2f}", f"{result.seconds:.3f}")
    return table


if __name__ == "__main__":
    main()
