"""Writes the digest of each image that is not built here behind its tag, in docker-compose.yml and the Dockerfiles.

``make pin-images``; needs docker with buildx, and a way to the images' registries. Run it again to renew the digests.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = ("docker-compose.yml", "*/Dockerfile", "*/*/Dockerfile")
NAMED = re.compile(r"^(FROM |\s+image: )(?!fraud-scorer-)([\w./-]+:[\w.-]+)(?:@sha256:[0-9a-f]{64})?", re.MULTILINE)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(image: str) -> str:
    """The digest of the image for all platforms, as its registry says it now."""
    form = ["--format", "{{.Manifest.Digest}}"]
    done = subprocess.run(
        ["docker", "buildx", "imagetools", "inspect", image, *form], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def pinned(text: str, ask: Callable[[str], str]) -> str:
    """``text`` with each foreign image as name:tag@digest; ValueError if an answer is no digest."""

    def with_digest(found: re.Match[str]) -> str:
        digest = ask(found[2])
        if not DIGEST.fullmatch(digest):
            raise ValueError(f"no digest for {found[2]}: {digest[:100]!r}")
        return f"{found[1]}{found[2]}@{digest}"

    return NAMED.sub(with_digest, text)


def main() -> None:
    """Ask for every image first, then write: a registry that does not answer changes nothing."""
    files = [path for pattern in FILES for path in sorted(ROOT.glob(pattern)) if ".venv" not in path.parts]
    try:
        changed = {path: pinned(path.read_text(encoding="utf-8"), digest_of) for path in files}
    except FileNotFoundError:
        sys.exit("error: docker is not installed here. Run this where docker and its buildx are")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: the registry did not answer: {error.stderr.strip()[:300]}")
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
        print("pinned", path.relative_to(ROOT))


if __name__ == "__main__":
    main()
