"""The three .env.example files list what the code reads: no more, no less, and the same everywhere."""

from __future__ import annotations

import re
from pathlib import Path

from dotenv import dotenv_values

from fraud_scorer.cli.system import env_example
from fraud_scorer.settings import Settings

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "fraud-dashboard"


def values(path: str) -> dict[str, str]:
    """Names and values of an example file."""
    return {name: value or "" for name, value in dotenv_values(ROOT / path, interpolate=False).items()}


def test_root_lists_every_setting_with_its_sentence_and_default() -> None:
    """The root's example holds exactly what `fraud-scorer settings --example` prints, then the services' parts."""
    assert (ROOT / ".env.example").read_text(encoding="utf-8").startswith(env_example())


def test_root_is_the_union_of_the_parts() -> None:
    """Each name of a service's example stands in the root's, with the same value, and the root has no other."""
    root, airflow, dashboard = (
        values(".env.example"),
        values("airflow/.env.example"),
        values("fraud-dashboard/.env.example"),
    )
    assert root == airflow | dashboard


def test_airflow_part_is_the_settings_and_airflow_itself() -> None:
    """The pipeline's service needs every setting of the library, and names of Airflow's that the local stack sets."""
    from fraud_scorer.operations.stack import services

    airflow = values("airflow/.env.example")
    ours = {name for name in airflow if not name.startswith("AIRFLOW__")}
    assert ours == {name.upper() for name in Settings.model_fields}
    sources = "".join(path.read_text() for path in Path(services.__file__).parent.glob("*.py"))
    assert all(name in sources for name in airflow if name.startswith("AIRFLOW__"))


def test_dashboard_part_is_what_the_dashboard_reads() -> None:
    """Every DASHBOARD_ name in the dashboard's code is in its example, and the other way round."""
    sources = "".join(path.read_text(encoding="utf-8") for path in DASHBOARD.rglob("*.py"))
    read = set(re.findall(r"\bDASHBOARD_[A-Z_]+\b", sources))
    assert set(values("fraud-dashboard/.env.example")) == read
