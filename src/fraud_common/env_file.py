"""`.env`, read alike by our own commands (through python-dotenv) and by docker compose.

Compose puts variables in where a value with a ``$`` is unquoted or in double quotes: ``ab$cd`` arrives as ``ab``. In
single quotes both take it as it stands, so elsewhere a ``$`` is refused: by our own commands, and by the service
`env-check` at each ``docker compose up``.
"""

from __future__ import annotations

from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

CURE = "Put the value in single quotes, NAME='...'"


def read_env_file(path: Path) -> dict[str, str]:
    """The names with a value, each as it stands there, nothing put in; none if there is no such file."""
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}


def ambiguous_values(path: Path, prefixes: tuple[str, ...]) -> list[str]:
    """The names with one of ``prefixes`` whose value holds a ``$`` outside single quotes; none without such a file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as stream:
        return [
            binding.key
            for binding in parse_stream(stream)
            if binding.key
            and binding.key.startswith(prefixes)
            and "$" in (binding.value or "")
            and not binding.original.string.partition("=")[2].lstrip().startswith("'")
        ]


def dollar_fault(name: str) -> str:
    """The sentence that refuses a value with a bare ``$``; it does not repeat the value."""
    return f"{name} in .env holds a $ outside single quotes, which docker compose takes for a variable"
