"""A laboratory for the session, and the table at its end."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fault_lab import report
from fault_lab.choice import SEED
from fault_lab.everything import Played
from fault_lab.laboratory import Laboratory

PLAYED = pytest.StashKey[list[Played]]()


@pytest.fixture(scope="session")
def lab() -> Iterator[Laboratory]:
    """A durable PostgreSQL of the fault suite's own, and the process that forks its runs."""
    folder = Path(tempfile.mkdtemp(prefix="fraud-faults-"))
    laboratory = Laboratory(folder, SEED)
    try:
        yield laboratory
    finally:
        laboratory.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def played(request: pytest.FixtureRequest) -> list[Played]:
    """Where a test writes what it saw."""
    return request.config.stash.setdefault(PLAYED, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table."""
    if found := config.stash.get(PLAYED, []):
        terminalreporter.section(f"faults, seed {SEED}")
        terminalreporter.write_line(report.table(found, SEED))
        terminalreporter.write_line(f"also in {report.write(found, SEED)}")
