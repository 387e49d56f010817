"""The pages' benchmark fills a store and asks every query that reads; no time is looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_reading_query_is_asked(tmp_path: Path) -> None:
    """A small day: each of the dashboard's queries but those that write, and those of the mail and of drift."""
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.pages", "--payments", "3000", "--no-browser", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    asked = set(json.loads(out.read_text())["queries"])
    writing = {"end_snooze", "record_verdict", "snooze", "undo_verdict"}
    assert {path.stem for path in (ROOT / "fraud-dashboard" / "queries").glob("*.sql")} - writing <= asked
    assert {"morning_mail/listed", "drift/missing"} <= asked
