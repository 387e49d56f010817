"""Mask the secrets in addresses: logins, keys in the query, tokens in the path."""

from __future__ import annotations

import re

MASK = "**********"
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
SECRET_NAME = re.compile(r"key|tok|secret|pass|pw|auth|sig|cred|code|session|jwt|bearer|user|login", re.IGNORECASE)
HARMLESS_VALUE = re.compile(r"(\{\w+\}|[0-9]{1,6}|[a-z]{1,8})?")
TOKEN = re.compile(r"(?=[^/]*[0-9])[A-Za-z0-9_~.%+=-]{20,}")


def masked_url(url: str) -> str:
    """``url`` as it may be shown: its scheme, host, port, path and the names of its query.

    A query's value is shown if it is a placeholder, a number or a short word under a name that sounds of no secret.

    >>> masked_url("https://ana:pass@api.example:8443/v2/payments?start={start}&limit=500&apikey=abc#x")
    'https://**********@api.example:8443/v2/payments?start={start}&limit=500&apikey=**********#**********'
    >>> masked_url("postgresql+psycopg2://u:p@h/d"), masked_url("http://u:a/b?c@h/p"), masked_url("127.0.0.1")
    ('postgresql+psycopg2://**********@h/d', 'http://**********@h/p', '127.0.0.1')
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return url
    login, at, rest = rest.rpartition("@")  # the last one: a password may hold / and ?
    rest, hash_sign, fragment = rest.partition("#")
    place, question, query = rest.partition("?")
    place = "/".join(MASK if TOKEN.fullmatch(part) and number else part for number, part in enumerate(place.split("/")))
    query = "".join(_masked_part(part) for part in re.split(r"([&;])", query))
    return f"{scheme}://{MASK if login else ''}{at}{place}{question}{query}{hash_sign}{MASK if fragment else ''}"


def _masked_part(part: str) -> str:
    """Mask a query's ``name=value``; a separator stays."""
    name, equals, value = part.partition("=")
    if not equals:
        return part if HARMLESS_VALUE.fullmatch(part) or part in "&;" else MASK
    return part if HARMLESS_VALUE.fullmatch(value) and not SECRET_NAME.search(name) else f"{name}={MASK}"


def masked_urls(text: str) -> str:
    """``text`` with each address in it masked.

    >>> masked_urls("no answer from http://u:p@h:1/x?token=1, twice")
    'no answer from http://**********@h:1/x?token=**********, twice'
    """
    return ADDRESS.sub(lambda found: _with_its_end(found.group()), text)


def _with_its_end(address: str) -> str:
    bare = address.rstrip(",.;:)")
    return masked_url(bare) + address[len(bare) :]
