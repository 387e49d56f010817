"""The five roles of `fraud_db`, their logins and rights, and the key that checks who judged.

Two users are at work: an administrator (a superuser, or a hosted server's master) makes roles and hands an earlier
release's objects over; the owner migrates, and gives the rights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import psycopg2
import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy.engine import make_url

from fraud_common.errors import SettingsError

OWNER = "fraud_owner"
ROLES = (OWNER, "fraud_writer", "fraud_alerter", "fraud_dashboard", "fraud_auditor")
SHORTEST_KEY = 32
_BLOCK = 64  # bytes of SHA-256's block (RFC 2104)


def passwords_of(urls: Iterable[str], others: Mapping[str, str]) -> dict[str, str]:
    """The password of each of our roles that a URL names as its user, and those of ``others`` that are not empty.

    Users of other names are the operator's own and are not touched.

    >>> passwords_of(["postgresql://fraud_writer:pw@db/x", "postgresql://me:other@db/x"], {"fraud_auditor": ""})
    {'fraud_writer': 'pw'}
    """
    users = {str(url.username): str(url.password or "") for url in map(make_url, filter(None, urls))}
    return {role: password for role, password in (users | dict(others)).items() if role in ROLES and password}


def administer(cursor: psycopg2.extensions.cursor, files: list[Path], passwords: Mapping[str, str]) -> tuple[str, ...]:
    """Make the roles and logins, hand objects over, close the database; what may not be done comes back as notes.

    ``files`` are ``sql/roles``, in order. Whoever is no administrator leaves everything as it is.
    """
    if not _is_administrator(cursor):
        missing = [role for role in ROLES if role not in _known(cursor)]
        return (_missing(missing),) if missing else ()
    notes = []
    for path in files:
        notes += _tried(cursor, path.read_text(), f"{path.name} was not done")
    for role, password in passwords.items():
        if role in _known(cursor) and not _is_me(cursor, role):
            notes += _tried(cursor, _login(cursor, role, password), f"{role} has no new password")
    return tuple(notes)


def give_rights(cursor: psycopg2.extensions.cursor, files: list[Path]) -> tuple[str, ...]:
    """Give the roles the rights of ``files`` (``sql/grants``), and none beside; nothing where the roles are missing."""
    if not files or not set(ROLES) <= _known(cursor):
        return ()
    for path in files:
        cursor.execute(path.read_text())
    return ()


def owner_role(cursor: psycopg2.extensions.cursor) -> str:
    """The role as which to migrate, if the objects are another's than the login's; empty if they are its own."""
    if OWNER not in _known(cursor) or _is_me(cursor, OWNER):
        return ""
    how = "set" if cursor.connection.server_version >= 160_000 else "member"
    cursor.execute(
        """
        select
            pg_has_role(%(role)s, %(how)s)
            and has_schema_privilege(%(role)s, 'public', 'create')
            and not exists (
                select
                from pg_class
                where oid = to_regclass('public.schema_migrations') and relowner <> %(role)s::regrole
            )
        """,
        {"role": OWNER, "how": how},
    )
    return OWNER if _value(cursor) else ""


def write_key(cursor: psycopg2.extensions.cursor, key: str) -> None:
    """Let the database check signatures that are made with ``key``; empty leaves what it knows.

    Raises:
        SettingsError: the key is short.
    """
    if not key:
        return
    if len(key) < SHORTEST_KEY:
        raise SettingsError(
            f"FRAUD_DASHBOARD_SIGNING_KEY has fewer than {SHORTEST_KEY} letters",
            "Make one: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    secret = key.encode() if len(key.encode()) <= _BLOCK else hashlib.sha256(key.encode()).digest()
    padded = secret.ljust(_BLOCK, b"\0")
    inner, outer = bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)
    cursor.execute(
        "insert into desk_key (inner_pad, outer_pad) values (%s, %s) on conflict (only_row) do update"
        " set inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad",
        (inner, outer),
    )


def first_line(error: BaseException) -> str:
    """PostgreSQL's own sentence, without the context that follows it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].removeprefix("FATAL:").strip() if lines else type(error).__name__


def _tried(cursor: psycopg2.extensions.cursor, statement: str | sql.Composable, what: str) -> list[str]:
    cursor.execute("savepoint step")
    try:
        cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        cursor.execute("rollback to savepoint step")
        return [f"{what} ({first_line(error)}): run `fraud-scorer migrate` once with FRAUD_DB_ADMIN_URL"]
    return []


def _login(cursor: psycopg2.extensions.cursor, role: str, password: str) -> sql.Composable:
    """The password goes over the wire, and into any server log, as its SCRAM verifier only."""
    verifier = psycopg2.extensions.encrypt_password(password, role, cursor.connection, "scram-sha-256")
    return sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(verifier))


def _missing(roles: list[str]) -> str:
    return (
        f"the roles {', '.join(roles)} are missing, so every login has the owner's rights or none: run "
        "`fraud-scorer migrate` once with FRAUD_DB_ADMIN_URL, a login that may make roles"
    )


def _is_administrator(cursor: psycopg2.extensions.cursor) -> bool:
    cursor.execute("select rolsuper or rolcreaterole from pg_roles where rolname = current_user")
    return bool(_value(cursor))


def _is_me(cursor: psycopg2.extensions.cursor, role: str) -> bool:
    cursor.execute("select current_user = %s", (role,))
    return bool(_value(cursor))


def _known(cursor: psycopg2.extensions.cursor) -> set[str]:
    cursor.execute("select rolname from pg_roles where rolname = any(%s)", (list(ROLES),))
    return {str(role) for (role,) in cursor.fetchall()}


def _value(cursor: psycopg2.extensions.cursor) -> object:
    row = cursor.fetchone()
    return row[0] if row else None
