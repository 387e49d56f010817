"""What `check` says of the logins to `fraud_db`: who may do more than it needs to."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from fraud_common.errors import SettingsError
from fraud_scorer.store.schema.migrate import Connected

SEPARATE = "docs/operating-guide.md, Logins to fraud_db, says how to give each task its own"


def describe_logins(url: str, others: dict[str, str]) -> str:
    """Who stores payments, and whether that login owns more than it needs; each of ``others`` (by task) logs in too.

    Raises:
        StoreUnavailable, SettingsError: one of them is refused, or may not do its task.
    """
    user, is_super, owns = _rights(url, "payments_scored", "insert")
    told = [f"{user} stores"]
    needs = {"sends": ("outbox", "update(status)"), "migrates": ("payments_scored", "owner")}
    for task, other in others.items():
        if other:
            told.append(f"{_rights(other, *needs[task])[0]} {task}")
    if owns and not is_super:  # a superuser's login is told by `production.database_logins`
        told.append(f"{user} owns the tables: triggers alone keep history and labels from it. {SEPARATE}")
    return "; ".join(told)


def _rights(url: str, table: str, right: str) -> tuple[str, bool, bool]:
    """User, whether a superuser, whether it has the owner's rights. Raises SettingsError if it lacks ``right``."""
    name, _, column = right.rstrip(")").partition("(")
    with Connected(make_url(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            select current_user, rolsuper, pg_has_role(current_user, relowner, 'usage'),
                case
                    when %(right)s = 'owner' then pg_has_role(current_user, relowner, 'usage')
                    when %(column)s = '' then has_table_privilege(pg_class.oid, %(right)s)
                    else has_column_privilege(pg_class.oid, %(column)s, %(right)s)
                end
            from pg_class
            cross join pg_roles
            where pg_class.oid = to_regclass(%(table)s) and rolname = current_user
            """,
            {"right": name, "column": column, "table": f"public.{table}"},
        )
        found = cursor.fetchone()
    if found is None:
        raise SettingsError(f"there is no table {table}", "Run `fraud-scorer migrate`")
    user, is_super, owns, may = found
    if not may:
        raise SettingsError(
            f"the login {user} may not do its task ({right} on {table})",
            "Run `fraud-scorer migrate`: it gives rights anew",
        )
    return str(user), bool(is_super), bool(owns)
