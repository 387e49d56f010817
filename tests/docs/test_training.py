"""The data scientist's page: its commands are run, its examples are what they say, its picture is the manifest's."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import typer

from fraud_scorer.cli import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
FILES, STORE = PAGE.split("## 3.")


def blocks(language: str, text: str) -> list[str]:
    """The blocks in this language, in their order."""
    return [str(found) for found in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all commands on files were run, one after another, as the page shows them."""
    folder = tmp_path_factory.mktemp("data-scientist")
    (folder / "yours.csv").write_text(*blocks("csv", FILES))
    (folder / "fields.yaml").write_text(*blocks("yaml", FILES))
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = "\n".join(blocks("sh", FILES))
    done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def test_the_commands_on_files_leave_a_model_a_card_and_a_report(folder: Path) -> None:
    """Each written where the page says, and about the same model."""
    manifest = json.loads((folder / "model/candidate/manifest.json").read_text())
    assert manifest["label_delay_days"] == 2
    evaluation = json.loads((folder / "reports/candidate/evaluation.json").read_text())
    assert evaluation["figures"]["payments"] == manifest["metrics"]["test"]["payments"]
    assert evaluation["model_hash"][:12] in (folder / "model/candidate/CARD.md").read_text()
    assert "<img" in (folder / "reports/candidate/report.html").read_text()


def test_ones_own_columns_are_scored_with_reasons(folder: Path) -> None:
    """Each row of the example, yen read as yen."""
    scored = pd.read_csv(folder / "scored.csv").set_index("trans_num")
    assert list(scored.index) == ["p-1001", "p-1002", "p-1003"]
    assert scored["fraud_probability"].between(0, 1).all()
    reasons = {reason["code"] for text in scored["reasons"] for reason in json.loads(text)}
    assert reasons
    assert "112,695.00" not in "".join(scored["reasons"])


@pytest.mark.parametrize("line", "\n".join(blocks("sh", STORE)).splitlines())
def test_the_commands_on_the_store_are_understood(line: str) -> None:
    """Each is a command of ours with options that it has (tests/training/test_cli.py runs them on a database)."""
    program, verb, *options = shlex.split(line)
    assert program == "fraud-scorer"
    group = typer.main.get_command(app)
    command = group.commands[verb]  # type: ignore[attr-defined]
    assert command.make_context(verb, options, resilient_parsing=False).params


@pytest.mark.integration  # takes seconds
def test_the_picture_is_the_shipped_manifests(tmp_path: Path) -> None:
    """Drawn anew from the manifest, it has not gone stale."""
    drawn = runpy.run_path(str(ROOT / "docs" / "pictures" / "reliability.py"))["draw"]
    drawn(tmp_path / "reliability.png")
    assert (tmp_path / "reliability.png").read_bytes() == (ROOT / "docs/pictures/reliability.png").read_bytes()


def test_its_figures_are_the_shipped_models() -> None:
    """They stand in its manifest."""
    metrics = json.loads((ROOT / "model/artifacts/manifest.json").read_text())["metrics"]
    test, alone = metrics["test"], metrics["without_card_history"]
    precise = (test["average_precision"], test["recall_at_1pct_fpr"], alone["average_precision"])
    shipped = [f"{test['auc_roc']:.4f}", *(f"{figure:.3f}" for figure in precise)]
    (row,) = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| shipped")]
    assert [cell.strip() for cell in row[1:]] == shipped
