"""The dashboard stands alone: its image carries nothing of the pipeline."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).resolve().parents[2] / "fraud-dashboard"
FORBIDDEN = {"fraud_scorer", "payments_simulator", "airflow", "xgboost", "sklearn"}


@pytest.mark.parametrize("path", sorted(DASHBOARD.rglob("*.py")), ids=lambda path: path.name)
def test_nothing_of_the_pipeline_is_imported(path: Path) -> None:
    """Neither the library nor the simulator nor Airflow."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    assert not found & FORBIDDEN


def test_pages_ask_in_sql_files_only() -> None:
    """No statement is put together in Python."""
    texts = "\n".join(path.read_text() for path in DASHBOARD.rglob("*.py"))
    assert "select " not in texts.replace("select one", "")
    used = {path.stem for path in (DASHBOARD / "queries").glob("*.sql") if f'"{path.stem}"' in texts}
    assert used == {path.stem for path in (DASHBOARD / "queries").glob("*.sql")}
