"""docker-compose.yml as compose reads it; and what takes minutes and a download runs only if its mark is named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from fraud_stack.fill_env import fill

ROOT = Path(__file__).parents[2]
OPENING = re.compile(r"\$(?:\$|\{([A-Z_0-9]+)(?::([-?]))?)")
Compose = Callable[[Mapping[str, str]], dict[str, Any]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip image tests unless `-m` names them."""
    if "images" in config.option.markexpr.replace("not images", ""):
        return
    how = pytest.mark.skip(
        reason='downloads a gigabyte; run it by: make test ARGS="-m images tests/docs/test_images.py"'
    )
    for item in items:
        if item.get_closest_marker("images"):
            item.add_marker(how)


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``$$``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` put in, as compose does it."""
    result, at = "", 0
    while opening := OPENING.search(text, at):
        result += text[at : opening.start()]
        if opening.group() == "$$":
            result, at = result + "$", opening.end()
            continue
        name, kind = opening.groups()
        end = _closing(text, opening.end())
        rest = text[opening.end() : end]
        given = values.get(name) or ""
        if kind == "?" and not given:
            raise LookupError(f"{name}: {rest}")
        result += given if given or kind != "-" else interpolated(rest, values)
        at = end + 1
    return result + text[at:]


def _closing(text: str, at: int) -> int:
    depth = 1
    while True:
        if text.startswith("${", at):
            depth += 1
        elif text[at] == "}":
            depth -= 1
        if not depth:
            return at
        at += 1


def resolved(value: Any, values: Mapping[str, str]) -> Any:
    """A document with every text interpolated."""
    if isinstance(value, dict):
        return {name: resolved(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner, values) for inner in value]
    return interpolated(value, values) if isinstance(value, str) else value


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """`.env` as `make env` writes it."""
    folder = tmp_path_factory.mktemp("compose")
    shutil.copy(ROOT / ".env.example", folder)
    fill(folder)
    return {name: value or "" for name, value in dotenv_values(folder / ".env", interpolate=False).items()}


@pytest.fixture(scope="session")
def compose() -> Compose:
    """The whole file as compose reads it with such a `.env`; LookupError names a variable that must not be empty."""
    raw = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return lambda values: resolved(raw, values)


@pytest.fixture(scope="session")
def services(compose: Compose, env: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The services, resolved."""
    found: dict[str, dict[str, Any]] = compose(env)["services"]
    return found
