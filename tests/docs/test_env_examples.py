"""The .env.example files list what the code reads: no more, no less, and the same everywhere."""

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


def test_root_is_the_union_of_the_parts_and_of_what_docker_compose_reads() -> None:
    """Each name of a service's example stands in the root's, with the same value; the rest are docker-compose.yml's."""
    root, airflow, dashboard = (
        values(".env.example"),
        values("airflow/.env.example"),
        values("fraud-dashboard/.env.example"),
    )
    assert {name: root[name] for name in root if not name.startswith("DOCKER_")} == airflow | dashboard


def test_airflow_part_is_the_settings_and_airflow_itself() -> None:
    """The pipeline's service needs every setting of the library, and names of Airflow's that the local stack sets."""
    from fraud_stack import services

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


def test_a_copy_of_the_example_chooses_nothing_that_make_run_would(tmp_path: Path) -> None:
    """After `cp .env.example .env`, `make run` starts its own services, and commands find them by their addresses."""
    from fraud_stack.local_env import chosen_by_the_user, write_local_env
    from fraud_stack.options import StackOptions
    from fraud_stack.services import servers

    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    options = StackOptions(tmp_path, tmp_path / "data")
    made = write_local_env(options)
    in_file = {name for name, value in values(".env.example").items() if value}
    assert not in_file & set(made)
    with_env = made | {name: value for name, value in chosen_by_the_user(tmp_path).items() if name in in_file}
    for name, service in servers(options, made).items():
        after = servers(options, with_env)[name]
        given = {key: value for key, value in service.environment.items() if key not in in_file}
        assert {key: value for key, value in after.environment.items() if key not in in_file} == given, name
    assert Settings(_env_file=tmp_path / ".env") == Settings(_env_file=None)
