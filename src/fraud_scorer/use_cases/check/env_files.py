"""Refuses a `.env` that docker compose reads otherwise than `make run`: the service `env-check`, before all others.

``python -m fraud_scorer.use_cases.check.env_files FOLDER``: 0, or 2 with a line for each value that is refused. The
values that the other services get are cut by then: only the file itself can tell.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fraud_common.env_file import CURE, ambiguous_values, dollar_fault
from fraud_scorer.settings import KNOWN_PREFIXES


def main(folder: Path) -> int:
    """Check ``folder/.env``. What may not be read here is not judged: the container may not see it."""
    try:
        names = ambiguous_values(folder / ".env", KNOWN_PREFIXES)
    except OSError as error:
        sys.stderr.write(f".env is not checked, it cannot be read here: {error.strerror}\n")
        return 0
    for name in names:
        sys.stderr.write(f"error: {dollar_fault(name)}. {CURE}, then `docker compose up` again.\n")
    return 2 if names else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
