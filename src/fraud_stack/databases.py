"""The two PostgreSQL servers: fraud_db's, and Airflow's own, which lives on while the other is down.

Their superusers make roles and databases at each start, and are not used after.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import make_url

from fraud_scorer.store.schema.logins import passwords_of
from fraud_scorer.store.schema.migrate import prepare
from fraud_scorer.store.schema.own_database import own_database
from fraud_stack.embedded_postgres import EmbeddedPostgres, data_folder
from fraud_stack.options import StackOptions

AIRFLOW = "airflow-db"
FRAUD = "fraud-db"


def databases(options: StackOptions, values: Mapping[str, str]) -> dict[str, EmbeddedPostgres]:
    """Both servers, not started."""
    home = data_folder(options.data_dir)
    return {
        FRAUD: EmbeddedPostgres(home / FRAUD, options.ports[FRAUD], values["STACK_FRAUD_DB_PASSWORD"]),
        AIRFLOW: EmbeddedPostgres(
            home / AIRFLOW, options.ports[AIRFLOW], values["STACK_AIRFLOW_DB_PASSWORD"], user="airflow"
        ),
    }


def prepare_fraud_db(server: EmbeddedPostgres, values: Mapping[str, str]) -> None:
    """Make ``fraud_db`` and its logins, and hand over what release 0.1's superuser owns in it.

    Raises:
        FraudScorerError: PostgreSQL refuses.
    """
    urls = [values[name] for name in ("FRAUD_DB_URL", "FRAUD_DB_OWNER_URL", "FRAUD_DB_ALERTER_URL")]
    others = {
        "fraud_dashboard": values["FRAUD_DASHBOARD_DB_PASSWORD"],
        "fraud_auditor": values["FRAUD_AUDITOR_DB_PASSWORD"],
    }
    prepare(server.url("fraud_db"), passwords_of(urls, others))


def prepare_airflow_db(server: EmbeddedPostgres, url: str) -> None:
    """Make the login and database of ``url``, Airflow's metadata. Raises FraudScorerError: PostgreSQL refuses."""
    own_database(server.url(str(make_url(url).database)), url)
