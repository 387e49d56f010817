"""Which of the keys and passwords that stand here are known, short or no secret at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fraud_common.key_strength import weakness

SHORTEST_KEY, SHORTEST_PASSWORD = 32, 12
KEY_LIKE, PASSWORD_LIKE = re.compile(r"(?<!PUBLIC)(_KEYS?|_SECRET)$"), re.compile(r"PASSWORD$")
ISSUED_ELSEWHERE = ("AWS_",)  # their form is the issuer's
LOGIN = re.compile(r"^[\w+]+://([^:/@]*):([^@/]+)@")


def weak_secrets(values: Mapping[str, str]) -> list[str]:
    """``NAME is …`` for each weak key or password among ``values``, which stand by their names in the environment."""
    found = []
    for name, value in sorted(values.items()):
        reasons = {reason: None for secret, shortest, login in _secrets_of(name, value)
                   if (reason := weakness(secret, shortest, login))}  # fmt: skip
        found += [f"{name} is {reason}" for reason in reasons]
    return found


def _secrets_of(name: str, value: str) -> Iterator[tuple[str, int, str]]:
    """Each secret in a value, the least length of its kind, and the login that it belongs to."""
    if name.startswith(ISSUED_ELSEWHERE) or not value:
        return
    if login := LOGIN.match(value):
        yield login[2], SHORTEST_PASSWORD, login[1]
    elif KEY_LIKE.search(name):
        for key in value.split(","):
            yield key.strip().rpartition(":")[2], SHORTEST_KEY, ""
    elif PASSWORD_LIKE.search(name):
        yield value, SHORTEST_PASSWORD, ""
