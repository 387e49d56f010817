"""A login that owns one database and no more, made by the server's superuser: for Airflow's metadata.

docker-compose.yml runs it before Airflow migrates: ``python -m fraud_scorer.store.schema.own_database``, with
the superuser's address in ADMIN_URL and the login's in AIRFLOW__DATABASE__SQL_ALCHEMY_CONN.
"""

from __future__ import annotations

import os

import psycopg2
import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy.engine import make_url

from fraud_scorer.store.schema.migrate import Connected, create_if_missing

# what release 0.1's superuser made there, with the sequences of its columns
_NOT_THEIRS = """
    select format('alter table %%s owner to %%I', pg_class.oid::regclass, %(user)s)
    from pg_class
    where
        relnamespace = 'public'::regnamespace
        and relkind in ('r', 'p', 'v', 'm', 'S')
        and relowner <> %(user)s::regrole
        and not exists (select from pg_depend where objid = pg_class.oid and deptype in ('a', 'i') and relkind = 'S')
    union all
    select format('alter type %%s owner to %%I', oid::regtype, %(user)s)
    from pg_type
    where typnamespace = 'public'::regnamespace and typtype in ('e', 'd') and typowner <> %(user)s::regrole
"""


def own_database(admin_url: str, url: str) -> None:
    """Make login and database of ``url``, and hand over what others own in it; nothing changes the second time.

    Args:
        admin_url: the same database by a superuser.
        url: whose user shall own it; never a superuser.

    Raises:
        StoreUnavailable: the server cannot be reached.
        SettingsError: PostgreSQL refuses, or both URLs name one user.
    """
    wanted = make_url(url)
    user, password = str(wanted.username), str(wanted.password or "")
    create_if_missing(make_url(admin_url))
    with Connected(make_url(admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute("select from pg_roles where rolname = %s", (user,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("create role {}").format(sql.Identifier(user)))
        verifier = psycopg2.extensions.encrypt_password(password, user, connection, "scram-sha-256")
        cursor.execute(
            sql.SQL("alter role {} login nosuperuser nocreatedb nocreaterole password {}").format(
                sql.Identifier(user), sql.Literal(verifier)
            )
        )
        for statement in ("alter database {0} owner to {1}", "revoke all on database {0} from public"):
            names = sql.Identifier(str(wanted.database)), sql.Identifier(user)
            cursor.execute(sql.SQL(statement).format(*names))
        cursor.execute(_NOT_THEIRS, {"user": user})
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


if __name__ == "__main__":
    own_database(os.environ["ADMIN_URL"], os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
