"""The suite's table: fault, expected, seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fault_lab.everything import Played

REPORT = Path(__file__).parents[3] / "reports" / "faults.md"


def line(played: Played) -> str:
    """One row of the table."""
    healed = f"whole again after {played.minutes_to_heal} min" if not played.wrong else "; ".join(played.wrong)
    repeated = f", {played.repeated_mails} mail repeated" if played.repeated_mails else ""
    verdict = "holds" if not played.wrong else "BROKEN"
    seen = f"{played.seen} → {healed}{repeated}".replace("|", "/").replace("\n", " ")
    return f"| {played.fault.name} | {played.fault.expected} | {seen} | {verdict} |"


def table(played: Sequence[Played], seed: int) -> str:
    """Markdown."""
    broken = sum(bool(one.wrong) for one in played)
    return "\n".join([
        f"# Faults (seed {seed}): {len(played)} played, {broken} broke an invariant",
        "",
        "| fault | expected | seen | invariants |",
        "|---|---|---|---|",
        *(line(one) for one in played),
        "",
    ])  # fmt: skip


def write(played: Sequence[Played], seed: int) -> Path:
    """The table in ``reports/faults.md``."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(table(played, seed), encoding="utf-8")
    return REPORT
