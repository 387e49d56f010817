"""Writes the hash-locked requirements: dev.txt holds everything, each other file one image's part of it."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
UV = Path(sys.executable).with_name("uv")
COMPILE = [
    *(str(UV), "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11"),
    *("--custom-compile-command", "make lock"),
]
# file: (dependency groups, whether the library's own dependencies belong to it)
PARTS = {
    "airflow.txt": (["build", "pipeline"], True),
    "endpoint.txt": (["build", "endpoint"], True),
    "simulator.txt": (["build", "simulator"], False),
    "dashboard.txt": (["dashboard"], False),
}


def compile_to(target: str, *arguments: str) -> None:
    """Lock what ``arguments`` name into ``requirements/<target>``."""
    print("locking", target)
    subprocess.run([*COMPILE, "--output-file", target, *arguments], cwd=HERE, check=True)


def main() -> None:
    """Lock every file; ``--upgrade`` takes the newest versions that pyproject.toml allows."""
    compile_to("dev.txt", "../pyproject.toml", "--group", "../pyproject.toml:dev", *sys.argv[1:])
    (HERE / "uv.in").write_text("uv\n")
    compile_to("uv.txt", "uv.in", "--constraint", "dev.txt")
    (HERE / "uv.in").unlink()
    compile_to("sagemaker-parity.txt", "sagemaker-parity.in")
    for target, (groups, with_library) in PARTS.items():
        wanted = [part for group in groups for part in ("--group", f"../pyproject.toml:{group}")]
        library = ["../pyproject.toml"] if with_library else []
        compile_to(target, *library, *wanted, "--constraint", "dev.txt")


if __name__ == "__main__":
    main()
