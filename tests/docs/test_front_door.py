"""What a stranger meets first agrees with itself: licence, version, hooks, CI, development container."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LINTED = ("ruff check", "ruff format --check", "mypy", "lint-imports", "sqlfluff lint")


def project(folder: str = ".") -> dict[str, Any]:
    """``[project]`` of a pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def text(path: str) -> str:
    """A file of the checkout."""
    return (ROOT / path).read_text(encoding="utf-8")


def hooks() -> dict[str, dict[str, Any]]:
    """Each pre-commit hook by its id; the only repository is this one."""
    (repository,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    return {hook["id"]: hook for hook in repository["hooks"]}


def test_the_licence_is_the_one_that_the_packages_name() -> None:
    """Apache's full text lies in the checkout, and goes into the wheel."""
    licence = text("LICENSE")
    assert "Version 2.0, January 2004" in licence
    assert "9. Accepting Warranty or Additional Liability." in licence
    assert {project()["license"], project("payments-simulator")["license"]} == {"Apache-2.0"}
    assert project()["license-files"] == ["LICENSE"]


def test_the_version_stands_in_one_place() -> None:
    """pyproject.toml says it; the images' tags, the simulator and the changelog's last release repeat it."""
    version = project()["version"]
    tags = re.findall(r"image: fraud-scorer-[a-z]+:(\S+)", text("docker-compose.yml"))
    released = re.findall(r"^## \[(\d[^\]]*)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert len(tags) > 3
    assert {project("payments-simulator")["version"], released[0], *tags} == {version}


def test_what_is_installed_has_that_version() -> None:
    """`make install` installs anew when pyproject.toml changes."""
    assert importlib.metadata.version("fraud-scorer") == project()["version"]


def test_hooks_run_what_make_lint_runs() -> None:
    """By this checkout's own environment, so that a commit needs no network."""
    entries = [hook["entry"] for hook in hooks().values() if hook["language"] == "system"]
    assert [next(one for one in LINTED if entry.startswith(f".venv/bin/{one}")) for entry in entries] == list(LINTED)
    assert all(f"$(BIN)/{one}" in text("Makefile") for one in LINTED)


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        ("load: Keep a capture's decision", True),
        (f"steps/load: Keep it\n\nA line of the body may be longer than the subject{'.' * 72}", True),
        ("fixup! load: Keep a capture's decision", True),
        ("Keep a capture's decision", False),
        ("load: keep a capture's decision", False),
        (f"load: K{'e' * 64}p", True),
        (f"load: K{'e' * 65}p", False),
    ],
)  # fmt: skip
def test_a_subject_names_its_scope(message: str, taken: bool) -> None:
    """As the commit-msg hook reads it: the whole message at once, refused unless found."""
    hook = hooks()["subject"]
    assert hook["args"] == ["--multiline", "--negate"]
    assert bool(re.search(hook["entry"], message, re.MULTILINE | re.DOTALL)) is taken


def test_ci_runs_what_anybody_can_run() -> None:
    """The script in .ci, with the right to read alone, on the development container's image."""
    (job,) = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"].values()
    assert yaml.safe_load(text(".github/workflows/ci.yml"))["permissions"] == {"contents": "read"}
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert job["container"]["image"] == json.loads(text(".devcontainer/devcontainer.json"))["image"]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)


def test_the_development_container_forwards_the_ports_that_the_readme_names() -> None:
    """Report, mailbox, Airflow and payments API."""
    container = json.loads(text(".devcontainer/devcontainer.json"))
    named = {int(port) for port in re.findall(r"\| <http://127\.0\.0\.1:(\d+)", text("README.md"))}
    assert len(named) > 2
    assert named <= set(container["forwardPorts"]) == {int(port) for port in container["portsAttributes"]}
