"""The examples in the dashboard's docstrings are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).resolve().parents[2] / "fraud-dashboard"

MODULES = sorted(
    ".".join(path.relative_to(DASHBOARD).with_suffix("").parts)
    for path in (DASHBOARD / "fraud_dashboard").rglob("*.py")
    if path.stem != "__init__"
)


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    """Each does what it says."""
    assert doctest.testmod(importlib.import_module(module)).failed == 0
