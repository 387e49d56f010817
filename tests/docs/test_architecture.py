"""docs/architecture.md names files that exist and every room, on the floor where the import contract puts it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def floors_of_the_contract() -> list[set[str]]:
    """The rooms of each layer, from the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one.get("exhaustive")]
    return [set(re.findall(r"\w+", layer)) for layer in layers]


def test_every_path_that_it_names_exists() -> None:
    """Files and folders alike: a page that sends people to a file that moved is worse than none."""
    named = {path for path in re.findall(r"`([\w./-]+)`", PAGE) if "/" in path}
    assert len(named) > 30
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_room_stands_on_its_floor() -> None:
    """The table's lines are the contract's layers, in their order."""
    table = PAGE.split("| floor | rooms |")[1].split("\n\n")[0].splitlines()[2:]
    assert [set(re.findall(r"`(\w+)`", line.split("|")[2])) for line in table] == floors_of_the_contract()


def test_no_room_is_left_out() -> None:
    """Each folder of the live plane is in the contract."""
    rooms = {path.parent.name for path in (ROOT / "src" / "fraud_scorer").glob("*/__init__.py")}
    assert rooms == set().union(*floors_of_the_contract())
