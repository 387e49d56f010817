"""What `make install` tells uv, whose store of certificates and whose bytecode are not Python's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOW = "show: ; @echo certificates=$$UV_SYSTEM_CERTS quiet=$(QUIET)"


def make(*arguments: str, **environment: str) -> str:
    """What make prints, also where make runs the tests: of that one it is told nothing."""
    ours = {"UV_SYSTEM_CERTS", "MAKE_TERMERR", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"}
    there = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=there | environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("store", "chosen", "told"),
    [("Makefile", {}, "1"), ("Makefile", {"UV_SYSTEM_CERTS": "0"}, "0"), ("/nowhere", {}, "")],
)
def test_uv_trusts_what_the_machine_trusts(store: str, chosen: dict[str, str], told: str) -> None:
    """Else it ends behind a company's proxy; where the machine has no store, uv's own is used; a choice is kept."""
    assert f"certificates={told} " in make("--eval", SHOW, "show", f"CERTIFICATES={store}", **chosen)


def test_a_terminal_is_shown_how_far_the_installation_is() -> None:
    """A log gets no list of packages."""
    assert make("--eval", SHOW, "show").endswith("quiet=--quiet\n")
    assert make("--eval", SHOW, "show", "MAKE_TERMERR=/dev/pts/0").endswith("quiet=\n")


def test_installing_compiles_everything() -> None:
    """Also where PYTHONDONTWRITEBYTECODE is set: else each process would compile what it imports, for seconds."""
    recipe = make("--dry-run", "--always-make", ".venv/.installed").splitlines()
    assert any("uv pip sync" in line and "--compile-bytecode" in line for line in recipe)
    assert any("compileall" in line and " src " in line for line in recipe)
