"""Weak keys and passwords: known words, short values, patterns; and the commands that make good ones."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from itertools import pairwise

MAKE_LANDING_KEY = 'Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
MAKE_CARD_KEY = "Make one: python -c \"import secrets; print('k1:' + secrets.token_hex(32))\""
LEAST_SIGNS = 5
# a value made of these alone, with digits and punctuation anywhere, is a placeholder of examples and tests
KNOWN = re.compile(
    r"(admin|airflow|analyst|change|default|demo|dev|development|dummy|example|for|foo|bar|fraud|insert|key|letmein|"
    r"local|mailbox|me|my|none|only|pass|passw|password|payments|please|postgres|postgresql|qwerty|replace|root|scorer|"
    r"secret|stack|temp|test|tests|testing|the|this|todo|user|welcome|with|word|your|db|it|to|is|not|"
    r"production|safe|unsafe|insecure|dashboard|token|card|landing|here)*",
    re.IGNORECASE,
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){16,}")
_FERNET = re.compile(r"[\w-]{43}=", re.ASCII)


def weakness(value: str, shortest: int = 0, login: str = "") -> str | None:
    """Why ``value`` keeps nothing secret, in words that do not repeat it; None if it may well do.

    A Fernet key and a key in hexadecimal are judged by their bytes too: a word or a single byte, repeated, looks like
    letters of many kinds there.

    >>> weakness("for-tests-only-for-tests-only-00", 32), weakness("0123456789abcdef" * 2, 32)
    ('a known default', 'a pattern')
    >>> weakness("short", 12), weakness("kX2vQ9rT7mLp", 12), weakness("MDAw" * 10 + "MDA=")
    ('shorter than 12 characters', None, 'a pattern')
    >>> weakness(bytes(range(32)).hex()), weakness(b"password".hex() * 4)
    ('a pattern', 'a pattern')
    """
    if value == login or _is_known(value):
        return "a known default"
    if len(value) < shortest:
        return f"shorter than {shortest} characters"
    if _is_pattern(value):
        return "a pattern"
    if _FERNET.fullmatch(value):
        inside = urlsafe_b64decode(value).decode("latin-1")
        if inside.isascii() and _is_known(inside):  # of random bytes a few are letters: they may spell a word
            return "a known default"
        return "a pattern" if _is_pattern(inside) else None
    if _HEX.fullmatch(value):
        inside = bytes.fromhex(value).decode("latin-1")
        if inside.isascii() and _is_known(inside):
            return "a known default"
        return "a pattern" if _is_pattern(inside) else None
    return None


def _is_known(value: str) -> bool:
    letters = re.sub(r"[^A-Za-z]", "", value)
    return bool(letters and KNOWN.fullmatch(letters))


def _is_pattern(value: str) -> bool:
    steps = [ord(after) - ord(before) for before, after in pairwise(value)]
    in_order = sum(step in (-1, 0, 1) for step in steps) > len(steps) / 2
    return len(set(value)) < LEAST_SIGNS or in_order or (value + value).find(value, 1) < len(value)
