"""The examples in the dashboard's docstrings are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).resolve().parents[2] / "fraud-dashboard"

MODULES = sorted(path.stem for path in (DASHBOARD / "desk").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    """Each does what it says."""
    assert doctest.testmod(importlib.import_module(f"desk.{module}")).failed == 0
