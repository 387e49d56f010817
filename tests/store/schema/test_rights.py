"""The whole privilege matrix, read from PostgreSQL's catalogue: what is new and was decided nowhere fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg2
import psycopg2.extensions
import pytest

from fraud_scorer.store.queries import query, query_names
from fraud_scorer.store.schema.logins import ROLES
from fraud_scorer.store.schema.migrate import migrate
from fraud_stack.embedded_postgres import EmbeddedPostgres

Cursor = psycopg2.extensions.cursor
DATABASE = "rights_matrix"
OWNER, WRITER, ALERTER, READER, AUDITOR = ROLES

# Each table: what writer, alerter, reader and auditor may do with it: select, insert, update, delete by their first
# letters; a right on some columns alone names them. Truncate, references and trigger are nobody's.
TABLES: dict[str, tuple[str, str, str, str]] = {
    "audit_events": ("i(action,actor,detail)", "", "", "s"),
    "card_tokens": ("siu", "", "", ""),
    "circuit_breaker": ("siu", "", "", ""),
    "desk_claims": ("", "", "", ""),
    "desk_key": ("", "", "", ""),
    "drift_days": ("siu", "", "", ""),
    "feature_drift": ("siud", "", "", ""),
    "label_counts": ("s", "", "", ""),
    "labels": ("s i(author,known_at,landing_seq,note,source,trans_num,verdict) u(known_at)", "", "", "s"),
    "labels_to_count": ("s", "", "", ""),
    "landing_index": ("siu", "", "", "s"),
    "landing_queue": ("s", "", "", ""),
    "merchant_day_spans": ("s", "", "", ""),
    "merchant_days": ("s", "", "", ""),
    "merchant_profiles": ("si", "", "", ""),
    "outbox": (
        "siud",
        "s u(attempts,last_error,lease,leased_until,next_attempt_at,sent_at,status)",
        "",
        "s",
    ),
    "outbox_payments": ("si", "s", "", "s"),
    "payment_events": ("siu", "", "", "s"),
    "payment_history": ("si", "", "", "s"),
    "payments_scored": ("siu", "", "", "s"),
    "purged_payments": ("s", "", "", ""),
    "purges": ("s", "", "", "s"),
    "quarantine": ("siu", "", "", "s(batch_id,created_at,detail,part,quarantine_id,reason,row_index,status)"),
    "report_settings": ("s", "", "", "s"),
    "run_ledger": ("siud", "s(alerted,batch_id) u(alerted)", "", "s"),
    "schema_migrations": ("s", "", "", "s"),
    "shadow_scores": ("siu", "", "", "s"),
    "snoozes": ("s", "", "", "s"),
}
# What the dashboard is shown; writer and auditor read every view.
SHOWN = {
    "v_card_payments", "v_circuit_breaker", "v_daily_fraud_report", "v_drift_days", "v_feature_drift", "v_fraud_report",
    "v_latest_labels", "v_outbox", "v_payload_frauds", "v_payment_amounts", "v_payment_changes", "v_payment_event_sums",
    "v_payment_events", "v_payment_messages",
    "v_payment_snoozes", "v_payment_statements", "v_quarantine", "v_report_settings", "v_report_version",
    "v_run_ledger", "v_shadow_decisions",
}  # fmt: skip
HIDDEN: set[str] = set()  # views that the dashboard is not shown
OF_AIRFLOW = {"monitoring/stack_airflow_idle"}  # asked of Airflow's own database
WRITES = {"record_verdict", "undo_verdict", "snooze", "end_snooze"}  # of the dashboard
# run with their owner's rights
DEFINERS = WRITES | {
    "count_labels", "count_payments", "count_waiting_labels", "lock_before_payments", "note_model_change",
    "purge_aged", "purge_payments",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(postgres_server: EmbeddedPostgres) -> Iterator[Cursor]:
    """The catalogue of a database that an administrator migrated."""
    migrate(postgres_server.url(DATABASE))
    connection = psycopg2.connect(postgres_server.url(DATABASE).replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()",
            (DATABASE,),
        )
    connection.close()


def asked(catalogue: Cursor, statement: str, *values: object) -> list[tuple[object, ...]]:
    """The statement's rows."""
    catalogue.execute(statement, values or None)
    return catalogue.fetchall()


def relations(catalogue: Cursor, schema: str) -> set[str]:
    """Tables and views of a schema."""
    found = asked(
        catalogue,
        "select relname from pg_class where relnamespace = %s::regnamespace"
        " and relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition",
        schema,
    )
    return {str(name) for (name,) in found}


def rights(catalogue: Cursor, schema: str, kinds: str) -> dict[str, dict[str, str]]:
    """Of each relation of a schema: by grantee but the owner, the letters of its rights, columns in brackets."""
    found: dict[str, dict[str, str]] = {}
    for name, grantee, right, columns in asked(
        catalogue,
        """
        with held as (
            select relname, relowner, null as attname, (aclexplode(relacl)).*
            from pg_class
            where relnamespace = %s::regnamespace and relkind::text = any(string_to_array(%s, null))
            union all
            select relname, relowner, attname, (aclexplode(attacl)).*
            from pg_class
            inner join pg_attribute on attrelid = pg_class.oid
            where relnamespace = %s::regnamespace and relkind::text = any(string_to_array(%s, null))
        )
        select
            relname, case grantee when 0 then 'public' else grantee::regrole::text end, privilege_type,
            string_agg(attname, ',' order by attname)
        from held
        where grantee <> relowner
        group by 1, 2, 3
        order by 1, 2, position(left(privilege_type, 1) in 'SIUD'), 3
        """,
        schema, kinds, schema, kinds,
    ):  # fmt: skip
        letter = str(right)[0].lower() if right in {"SELECT", "INSERT", "UPDATE", "DELETE"} else f" {right} "
        has = found.setdefault(str(name), {}).get(str(grantee), "")
        found[str(name)][str(grantee)] = f"{has} {letter}({columns})".strip() if columns else f"{has}{letter}"
    return found


def test_each_table_is_open_to_whom_it_was_decided(catalogue: Cursor) -> None:
    """Every table of the schema stands in TABLES, with exactly these rights; no sequence is anybody's."""
    assert relations(catalogue, "public") == set(TABLES)
    held = rights(catalogue, "public", "rpvmf")
    for name, wanted in TABLES.items():
        given = held.get(name, {})
        assert tuple(given.get(role, "") for role in (WRITER, ALERTER, READER, AUDITOR)) == wanted, name
        assert set(given) <= {WRITER, ALERTER, READER, AUDITOR}, name
    assert rights(catalogue, "public", "S") == {}


def test_each_report_view_is_shown_or_hidden_by_name(catalogue: Cursor) -> None:
    """The dashboard reads named views of the schema report; a new view has to be decided on."""
    views = relations(catalogue, "report")
    assert views == SHOWN | HIDDEN
    held = rights(catalogue, "report", "rpvmf")
    for name in views:
        assert held[name] == {WRITER: "s", AUDITOR: "s"} | ({READER: "s"} if name in SHOWN else {}), name


def test_each_function_is_run_by_whom_it_was_decided(catalogue: Cursor) -> None:
    """Nobody but the writer runs what changes tables; what runs with its owner's rights is known and keeps its path."""
    found = asked(
        catalogue,
        """
        select
            proname, pronamespace::regnamespace::text, prosecdef,
            exists(select from unnest(proconfig) as kept (entry) where entry like 'search_path=%%'),
            array(
                select case grantee when 0 then 'public' else grantee::regrole::text end
                from aclexplode(coalesce(proacl, acldefault('f', proowner)))
                where grantee <> proowner
            )
        from pg_proc
        where pronamespace in ('public'::regnamespace, 'report'::regnamespace)
        """,
    )
    for name, schema, definer, keeps_path, run_by in found:
        in_report = {READER} if name in WRITES else set() if name == "use_claim" else {"public"}
        assert set(run_by) == ({WRITER} if schema == "public" else in_report), name  # type: ignore[call-overload]
        assert definer == (name in DEFINERS), name
        assert keeps_path or not definer, name
    assert {name for name, *_ in found} >= DEFINERS


def test_no_role_has_more_than_its_rights(catalogue: Cursor) -> None:
    """No superuser, no maker of roles or databases, no membership; everything belongs to the owner."""
    attributes = asked(
        catalogue,
        "select rolname from pg_roles where rolname = any(%s) and"
        " (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)",
        list(ROLES),
    )
    assert attributes == []
    assert (
        asked(
            catalogue, "select roleid::regrole from pg_auth_members where member::regrole::text = any(%s)", list(ROLES)
        )
        == []
    )
    for kind, owner, place in (
        ("class", "relowner", "relnamespace"),
        ("proc", "proowner", "pronamespace"),
        ("type", "typowner", "typnamespace"),
    ):
        others = asked(
            catalogue,
            f"select distinct {owner}::regrole::text from pg_{kind}"
            f" where {place}::regnamespace::text in ('public', 'report')",
        )
        assert others == [(OWNER,)], kind
    assert asked(catalogue, "select datdba::regrole::text from pg_database where datname = current_database()") == [
        (OWNER,)
    ]


def test_schemas_and_database_are_closed(catalogue: Cursor) -> None:
    """Nobody but the owner makes anything; temporary tables are the writer's alone."""
    for role in ROLES:
        makes = asked(catalogue, "select bool_or(has_schema_privilege(%s, nspname, 'create')) from pg_namespace", role)
        assert makes == [(role == OWNER,)], role
        temporary = asked(catalogue, "select has_database_privilege(%s, current_database(), 'temporary')", role)
        assert temporary == [(role in {OWNER, WRITER},)], role
        creates = asked(catalogue, "select has_database_privilege(%s, current_database(), 'create')", role)
        assert creates == [(role == OWNER,)], role


def test_what_locks_or_writes_without_a_tables_right_is_closed(catalogue: Cursor) -> None:
    """Advisory locks are the pipeline's and the owner's alone, large objects nobody's."""
    names = [
        str(name)
        for (name,) in asked(
            catalogue, "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
        )
    ]
    risky = [name for name in names if re.match(r"pg_(try_)?advisory|lo_|lowrite|loread", name)]
    assert len(risky) > 20
    for role in (WRITER, ALERTER, READER, AUDITOR):
        closed = [name for name in risky if role != WRITER or "advisory" not in name]
        open_ = asked(
            catalogue,
            "select proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname = any(%s)"
            " and has_function_privilege(%s, oid, 'execute')",
            closed, role,
        )  # fmt: skip
        assert open_ == [], role


def test_each_role_has_its_limits(catalogue: Cursor) -> None:
    """A session that got stuck ends; a role that holds back nothing holds back connections."""
    for role in (ALERTER, READER, AUDITOR):
        ((kept, most),) = asked(catalogue, "select rolconfig, rolconnlimit from pg_roles where rolname = %s", role)
        names = {entry.split("=")[0] for entry in kept}  # type: ignore[attr-defined]
        assert {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} <= names
        assert 0 < int(str(most)) < 80


def test_the_pipeline_may_run_each_of_its_statements(catalogue: Cursor) -> None:
    """Every file of sql/queries, planned as the writer, whose rights are checked then: a new one needs its grant."""
    catalogue.execute("begin; set local role fraud_writer; set local search_path = public, report")
    statements = {name: re.sub(r"(?m)^\s*--.*$", "", query(name)).strip() for name in query_names()}
    for statement in statements.values():
        if statement.startswith("create temporary table"):
            catalogue.execute(statement)
    refused = []
    for name, statement in statements.items():
        if statement.startswith(("create temporary table", "copy")) or name in OF_AIRFLOW:
            continue
        numbered = re.sub(r"%\((\w+)\)s", _numbered(), statement).replace("%%", "%")
        catalogue.execute("savepoint one")
        try:
            catalogue.execute(f"explain (generic_plan) {numbered}")
        except psycopg2.errors.InsufficientPrivilege as error:
            refused.append((name, str(error)))
        catalogue.execute("rollback to savepoint one")
    catalogue.execute("rollback")
    assert refused == []


def _numbered() -> Callable[[re.Match[str]], str]:
    """Each name's number, as PostgreSQL's own parameters have it."""
    numbers: dict[str, int] = {}
    return lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}"
