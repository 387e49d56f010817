"""Each image's install steps, run in an empty folder without a container engine.

Not in the usual run, for it downloads a gigabyte: make test ARGS="-m images tests/docs/test_images.py"
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("/build", "/uv", "/venv", "/opt", "/tmp/", "/data", "/usr/local/bin")

pytestmark = [pytest.mark.images, pytest.mark.timeout(1800)]


class Image:
    """A Dockerfile played in a folder that stands for the container's root. Stages share it: their paths differ."""

    def __init__(self, dockerfile: Path, root: Path) -> None:
        self.root, self.folder, self.environment = root, "/", {}
        venv.create(root / "python", with_pip=True)  # the base image's own Python
        for word, rest in instructions(dockerfile.read_text(encoding="utf-8")):
            if play := getattr(self, word.lower(), None):
                play(rest)

    def there(self, path: str) -> Path:
        """A container's path, here."""
        return self.root / (path if path.startswith("/") else f"{self.folder}/{path}").lstrip("/")

    def from_(self, _: str) -> None:
        """A new stage."""
        self.folder = "/"

    def env(self, rest: str) -> None:
        """Variables, for the steps that follow."""
        for name, value in (word.split("=", 1) for word in shlex.split(rest)):
            self.environment[name] = self.translated(value.replace("$PATH", os.defpath))

    def workdir(self, rest: str) -> None:
        """Where the steps that follow run."""
        self.folder = rest
        self.there(".").mkdir(parents=True, exist_ok=True)

    def copy(self, rest: str) -> None:
        """Files of the checkout; what a stage takes of an earlier one is there already."""
        if rest.startswith("--from="):
            return
        *sources, target = rest.split()
        for source in sources:
            place = self.there(target)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
                continue
            place = place / Path(source).name if target.endswith("/") else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place)

    def run(self, rest: str) -> None:
        """A step; making users and handing folders to them is the engine's business."""
        if rest.startswith("useradd"):
            return
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "UV_", "SSL_", "HTTP", "http"))
        }
        path = f"{self.root}/venv/bin:{self.root}/python/bin:/usr/bin:/bin"
        environment = {**kept, "HOME": str(self.root), **self.environment, "PATH": path}
        folder = self.there(".")
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["/bin/sh", "-c", self.translated(rest)], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{rest}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"

    def translated(self, text: str) -> str:
        """The container's paths, as paths here."""
        return re.sub(rf"(?<![\w.])({'|'.join(OURS)})(?=[/\s\"':]|$|\w)", lambda found: f"{self.root}{found[1]}", text)

    def can(self, *command: str) -> bool:
        """Whether a command of the finished image succeeds."""
        programs = f"{self.root}/venv/bin:{self.root}/python/bin"
        environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(self.root),
            "AIRFLOW_HOME": str(self.root / "data"),
        }
        program = shutil.which(command[0], path=programs)
        assert program, command[0]
        done = subprocess.run([program, *command[1:]], cwd=self.root, env=environment, capture_output=True, timeout=300)
        return done.returncode == 0

    def has(self, module: str) -> bool:
        """Whether it carries a module."""
        return self.can("python", "-c", f"import {module}")


def instructions(text: str) -> list[tuple[str, str]]:
    """Each instruction and what follows it, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    pairs = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [("FROM_" if word == "FROM" else word, rest) for word, rest in pairs]


@pytest.mark.parametrize(
    ("folder", "commands", "absent"),
    [
        ("payments-simulator", [("payments-simulator", "serve", "--help")], ["fraud_scorer", "airflow", "streamlit"]),
        ("fraud-dashboard", [("streamlit", "version")], ["fraud_scorer", "airflow", "xgboost"]),
        ("model/sagemaker", [("fraud-scorer", "serve-model", "--help")], ["airflow", "streamlit"]),
        ("airflow", [("airflow", "version"), ("fraud-scorer", "watch", "--help")], ["streamlit", "payments_simulator"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_its_install_steps_run_and_bring_what_it_needs_alone(
    folder: str, commands: list[tuple[str, ...]], absent: list[str], tmp_path: Path
) -> None:
    """The locked requirements install, what the image runs is there, and what belongs to the others is not."""
    image = Image(ROOT / folder / "Dockerfile", tmp_path)
    for command in commands:
        assert image.can(*command), command
    assert [module for module in absent if image.has(module)] == []
    shutil.rmtree(tmp_path, ignore_errors=True)
