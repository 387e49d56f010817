"""`make bench`: run the comparisons and print how ours compares; the figures also go to reports/benchmarks.json."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import dataset, reading, scoring, starting, storing, velocity
from benchmarks.comparison import Comparison, Result, run
from benchmarks.dataset import Dataset

Suite = Callable[[Dataset], AbstractContextManager[list[Comparison]]]
SUITES: dict[str, Suite] = {
    "reading": reading.comparisons,
    "velocity": velocity.comparisons,
    "scoring": scoring.comparisons,
    "storing": storing.comparisons,
    "starting": starting.comparisons,
}
REPORT = Path("reports/benchmarks.json")


def main() -> None:
    """Run the comparisons that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="payments (default 50,000)")
    parser.add_argument("--rounds", type=int, help="how often each way runs; the median counts (default 3 to 5)")
    parser.add_argument("--only", choices=SUITES, action="append", help="one suite; may be repeated")
    parser.add_argument("--out", type=Path, default=REPORT, help=f"where the figures go (default {REPORT})")
    asked = parser.parse_args()
    console = Console()
    console.print(f"making {asked.rows:,} payments ...")
    payments = dataset.make_dataset(asked.rows)
    results: list[Result] = []
    for name in asked.only or SUITES:
        with SUITES[name](payments) as comparisons:
            for comparison in comparisons:
                found = run(comparison, asked.rounds or comparison.rounds)
                console.print(_table(comparison, found))
                results += found
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    console.print(f"ratios are to the first line of each table; figures in {asked.out}")


def _table(comparison: Comparison, results: list[Result]) -> Table:
    table = Table(title=f"{comparison.name}: {comparison.work}", title_justify="left", title_style="bold")
    for column in ("way", "ratio", "seconds"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for result in results:
        name = f"[bold]{result.way}[/] (ours)" if result.is_ours else result.way
        table.add_row(name, f"{result.ratio:.2f}", f"{result.seconds:.3f}")
    return table


if __name__ == "__main__":
    main()
