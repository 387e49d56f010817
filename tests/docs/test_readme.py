"""The README tells the truth: its commands exist, its links lead somewhere, its settings are settings."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from fraud_scorer.cli import app
from fraud_scorer.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *(ROOT / name for name in ("CONTRIBUTING.md",))]
PAGES = [page for page in PAGES if page.exists()]


def shell_lines(page: Path) -> list[str]:
    """Every command in the page's shell blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    """A relative link or picture in a page names a file of the checkout."""
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    """Every `make` command that a page shows is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {shlex.split(line)[1] for line in shell_lines(page) if line.startswith("make ")}
    assert named <= targets


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_parse(page: Path) -> None:
    """Every `fraud-scorer` command that a page shows exists, with the options it is given."""
    for line in shell_lines(page):
        if not line.startswith("fraud-scorer "):
            continue
        words = shlex.split(line.split("|")[0])[1:]
        command = typer.main.get_command(app)
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= known | {"--help"}, line
        assert CliRunner().invoke(app, [*shlex.split(line)[1:2], "--help"]).exit_code == 0


def test_settings_named_in_the_readme_exist() -> None:
    """Each setting that the README names is one."""
    named = set(
        re.findall(r"`((?:FRAUD|PAYMENTS_API|SMTP|ALERT|SAGEMAKER|SCORER)[A-Z_]*)(?:=[a-z]+)?`", PAGES[0].read_text())
    )
    assert {name for name in named if name != "FRAUD_"} <= {name.upper() for name in Settings.model_fields}
