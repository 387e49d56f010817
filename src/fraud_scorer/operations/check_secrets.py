"""Which of the keys and passwords that stand here are known, short or no secret at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

SHORTEST_KEY, SHORTEST_PASSWORD, LEAST_SIGNS = 32, 12, 5
KEY_LIKE, PASSWORD_LIKE = re.compile(r"(?<!PUBLIC)(_KEYS?|_SECRET)$"), re.compile(r"PASSWORD$")
ISSUED_ELSEWHERE = ("AWS_",)  # their form is the issuer's
LOGIN = re.compile(r"^[\w+]+://([^:/@]*):([^@/]+)@")
# a value made of these alone, with digits and punctuation anywhere, is what examples and tests use
KNOWN = re.compile(
    r"(admin|airflow|analyst|change|default|demo|dev|development|dummy|example|for|foo|bar|fraud|insert|key|letmein|"
    r"local|mailbox|me|my|none|only|pass|passw|password|payments|please|postgres|postgresql|qwerty|replace|root|scorer|"
    r"secret|stack|temp|test|tests|testing|the|this|todo|user|welcome|with|word|your|db|it|to|is|not|"
    r"production|safe|unsafe|insecure|dashboard|token|card|landing|here)*",
    re.IGNORECASE,
)


def weakness(value: str, shortest: int, login: str = "") -> str | None:
    """Why ``value`` keeps nothing secret, in words that do not repeat it; None if it may well do.

    >>> weakness("for-tests-only-for-tests-only-00", 32), weakness("0123456789abcdef" * 2, 32)
    ('a known default', 'a pattern')
    >>> weakness("short", 12), weakness("kX2vQ9rT7mLp", 12)
    ('shorter than 12 characters', None)
    """
    if value == login or (KNOWN.fullmatch(re.sub(r"[^A-Za-z]", "", value)) and re.search("[A-Za-z]", value)):
        return "a known default"
    if len(value) < shortest:
        return f"shorter than {shortest} characters"
    steps = [ord(after) - ord(before) for before, after in pairwise(value)]
    in_order = sum(step in (-1, 0, 1) for step in steps) > len(steps) / 2
    if len(set(value)) < LEAST_SIGNS or in_order or (value + value).find(value, 1) < len(value):
        return "a pattern"
    return None


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
