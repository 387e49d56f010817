"""``make audit``: known vulnerabilities of every locked package, and plainly which packages could not be looked up.

0: none is known, or nothing could be asked (said so; ``--strict`` makes that 3); 1: one is known.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILES = ("dev.txt", "sagemaker-parity.txt")  # the others are parts of dev.txt


def asked(file: Path) -> list[dict[str, Any]]:
    """pip-audit's answer for each package of ``file``; none if its source was not reached."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(
        [*command, "--disable-pip", "--require-hashes", "--requirement", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return list(json.loads(done.stdout)["dependencies"])
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"pip-audit gave no answer for {file.name}: {last[:300]}")
        return []


def judged(packages: list[dict[str, Any]], strict: bool) -> tuple[list[str], int]:
    """What to say, and the exit code."""
    bad = [one for one in packages if one.get("vulns")]
    unknown = sorted({one["name"] for one in packages if "skip_reason" in one})
    checked = len({one["name"] for one in packages if "vulns" in one})
    said = [
        f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no release'}"
        for one in bad
        for found in one["vulns"]
    ]
    if unknown or not packages:
        which = (
            f"{len(unknown)} of {len(unknown) + checked} packages ({', '.join(unknown[:5])} ...)" if unknown else "all"
        )
        said.append(f"NOT CHECKED: {which}. The source of vulnerabilities does not know them or was not "
                    "reached: run this where it is")  # fmt: skip
    said.append(f"{checked} packages checked, {len(bad)} with a known vulnerability")
    return said, 1 if bad else 3 if strict and (unknown or not packages) else 0


def main() -> int:
    """Ask for every file, say what was found."""
    said, code = judged([one for file in FILES for one in asked(HERE / file)], "--strict" in sys.argv[1:])
    print("\n".join(said))
    return code


if __name__ == "__main__":
    sys.exit(main())
