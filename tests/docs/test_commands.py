"""Commands of others that the pages show: Airflow's parse, docker compose's name services that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from fraud_scorer.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DAGS = sorted((ROOT / "airflow" / "dags").glob("*.py"))
PARSE = """
import sys, shlex
from airflow.cli.cli_parser import get_parser
parser = get_parser()
for line in sys.stdin:
    parser.parse_args(shlex.split(line))
"""


def lines(start: str) -> list[str]:
    """Every line of a shell block that begins so, without its comment."""
    blocks = [block for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)]
    shown = [re.split(r"\s{2,}#", line)[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in shown if line.startswith(start)]


def airflow_commands() -> list[str]:
    """What is given to Airflow's command line, in pages and in the DAGs' manuals."""
    in_pages = [dict(word.partition("=")[::2] for word in shlex.split(line))["ARGS"] for line in lines("make airflow ")]
    manuals = " ".join(" ".join(path.read_text().split()) for path in DAGS)
    in_manuals = [
        found for found in re.findall(r"`airflow ((?!/)[^`]+)`", manuals) if " -" in found or "import" in found
    ]
    assert in_pages
    assert in_manuals
    return in_pages + in_manuals


def test_airflow_understands_its_commands(tmp_path: Path) -> None:
    """Each is one that this Airflow has, with the options it is given."""
    environment = {"AIRFLOW_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PARSE],
        input="\n".join(airflow_commands()),
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-1000:]


@pytest.mark.parametrize("line", lines("docker compose "))
def test_docker_compose_commands_name_services_that_exist(line: str) -> None:
    """Services and profiles are those of docker-compose.yml; our own command behind one exists."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    profiles = {profile for service in services.values() for profile in service.get("profiles", [])}
    words = shlex.split(line)[2:]
    if words[0] == "--profile":
        assert words[1] in {*profiles, "*"}
        words = words[2:]
    verb, *rest = words
    assert verb in {"up", "down", "ps", "run", "exec", "logs", "build", "restart", "stop"}
    named = [word for word in rest if not word.startswith("-")]
    assert not named or named[0] in services
    if verb == "exec":
        assert named[1] == "fraud-scorer"
        assert CliRunner().invoke(app, [named[2], "--help"]).exit_code == 0
