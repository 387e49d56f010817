"""What comes from others, and what must not get out: `make sbom`, `make secrets` and `make audit` in short."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT" + "1vW4yZ7bC0eF3hJ6"  # in two: no scan of this file finds it
FERNET = "q3J8vXk2" * 5 + "LmZ" + "="


def script(name: str) -> ModuleType:
    """One of the scripts in requirements/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "requirements" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_bill_of_materials_names_every_locked_package(tmp_path: Path) -> None:
    """CycloneDX of the dashboard's image: each package with its version and hashes."""
    locked, bill = ROOT / "requirements" / "dashboard.txt", tmp_path / "sbom.json"
    command = [Path(sys.executable).with_name("cyclonedx-py"), "requirements", locked, "--output-file", bill]
    subprocess.run(command, check=True, capture_output=True)
    parts = {(one["name"], one["version"]): one for one in json.loads(bill.read_text())["components"]}
    assert set(parts) == set(re.findall(r"^([\w.-]+)==([^ \\]+)", locked.read_text(), re.MULTILINE))
    assert all("hashes" in one["externalReferences"][0] for one in parts.values())


@pytest.mark.parametrize(
    "line",
    [f'token = "{TOKEN}"', f"KEYS={FERNET}", f"FRAUD_CARD_KEYS=k1:{'0f1e2d3c' * 8}", "postgresql://me:sEcret9@db/x"],
)
def test_a_secret_that_was_taken_out_again_is_found_in_the_history(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named by commit and path and not repeated; a line in the allow-list settles it."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@localhost")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    for text in (line, "nothing"):
        (tmp_path / "file.txt").write_text(f"{text}\n")
        git("add", ".")
        git("commit", "--quiet", "--message", "x")
    allowed = tmp_path / "allowed.txt"
    scan = script("scan_secrets")
    assert scan.main(tmp_path, allowed) == 1
    said = capsys.readouterr().out
    assert "file.txt" in said
    assert TOKEN not in said
    assert FERNET not in said
    allowed.write_text("# known\n" + "".join(f"{one}\n" for one in said.splitlines() if "file.txt" in one))
    assert scan.main(tmp_path, allowed) == 0


KNOWN = {"id": "CVE-1", "fix_versions": ["3"]}
FINE, BAD = (
    {"name": "a", "version": "1", "vulns": []},
    {"name": "b", "version": "2", "vulns": [KNOWN]},
)
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "strict", "code", "words"),
    [
        ([FINE], True, 0, "1 packages checked, 0 with"),
        ([FINE, BAD], False, 1, "b 2: CVE-1, mended in 3"),
        ([FINE, SKIPPED], False, 0, "NOT CHECKED: 1 of 2 packages (c"),
        ([FINE, SKIPPED], True, 3, "NOT CHECKED"),
        ([], False, 0, "NOT CHECKED: all"),
        ([], True, 3, "NOT CHECKED: all"),
    ],
)
def test_what_no_source_knew_is_never_called_checked(
    packages: list[dict[str, object]], strict: bool, code: int, words: str
) -> None:
    """A vulnerability fails; a source that is not reached is told, and fails with --strict alone."""
    said, ends = script("audit").judged(packages, strict)
    assert ends == code
    assert words in "\n".join(said)


def test_each_promise_leads_to_what_shows_it() -> None:
    """SECURITY.md names a test or a decision for each line of its table, and each of them exists."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "shown by" not in line]
    assert len(rows) > 5
    assert all("](tests/" in row for row in rows)
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not (ROOT / link).exists()] == []
