"""``make secrets``: looks for keys and passwords in all that git ever kept, not only in what is checked out.

1 if one is found that ``secrets-allowed.txt`` does not list. A secret is named by 16 digits of its hash, never shown.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

HERE = Path(__file__).parent
LOOKED_AT = ("--", ".", ":!requirements/*.txt")
LONGEST_LINE = 4000  # longer ones are data
PLUGINS = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector", "GitLabTokenDetector",
    "JwtTokenDetector", "KeywordDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector",
    "SendGridDetector", "SlackDetector", "StripeDetector", "TwilioKeyDetector",
)  # fmt: skip
FILTERS = ("is_templated_secret", "is_indirect_reference", "is_prefixed_with_dollar_sign", "is_potential_uuid")
OUR_KEYS = {
    "Fernet key": re.compile(r"(?<![\w/+-])[\w-]{43}=(?![\w=])"),
    "card key": re.compile(r"\b(?!sha\d)\w{1,20}:([0-9a-f]{32,128})\b"),
}


def added_lines(repository: Path) -> Iterator[tuple[str, str, str]]:
    """Each different line that a commit of any branch added: commit, path, text; but for hash-locked requirements."""
    options = ["--all", "--unified=0", "--no-color", "--no-ext-diff", "--text", "--format=commit:%h"]
    command = ["git", "log", "-p", *options, *LOOKED_AT]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True, errors="replace") as log:
        assert log.stdout is not None
        commit, path, known = "", "", set()
        for line in log.stdout:
            if line.startswith("commit:"):
                commit = line[7:].strip()
            elif line.startswith("+++ "):
                path = line[6:].strip()
            elif line.startswith("+") and line not in known:
                known.add(line)
                yield commit, path, line[1:LONGEST_LINE].rstrip("\n")
    if log.returncode:
        sys.exit("error: git log failed: run this in a clone with its whole history")


def secrets_of(line: str) -> Iterator[tuple[str, str]]:
    """What in a line looks like a secret: kind and value."""
    for found in scan_line(line):
        yield found.type, found.secret_value or ""
    for kind, form in OUR_KEYS.items():
        for hit in form.finditer(line):
            yield kind, hit[hit.lastindex or 0]


def found_in(repository: Path) -> dict[str, str]:
    """Where each secret was added first, newest commit first: 16 digits of its hash to a line of text."""
    rules = {
        "plugins_used": [{"name": name} for name in PLUGINS],
        "filters_used": [{"path": f"detect_secrets.filters.heuristic.{name}"} for name in FILTERS],
    }
    found: dict[str, str] = {}
    with transient_settings(rules):
        for commit, path, line in added_lines(repository):
            for kind, value in secrets_of(line):
                found.setdefault(hashlib.sha256(value.encode()).hexdigest()[:16], f"{kind}, {path}, {commit}")
    return found


def main(repository: Path, allowed: Path) -> int:
    """Say what is not allowed."""
    lines = allowed.read_text(encoding="utf-8").splitlines() if allowed.is_file() else []
    known = {line.split()[0] for line in lines if line and not line.startswith("#")}
    found = found_in(repository)
    new = {digest: where for digest, where in found.items() if digest not in known}
    for digest, where in new.items():
        print(f"{digest}  {where}")
    print(f"{len(found)} values look like secrets, {len(new)} of them not listed in {allowed.name}")
    if new:
        print("A real one: make a new one at once, the history keeps the old. One of a test: add its line to the list")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(HERE.parent, HERE / "secrets-allowed.txt"))
