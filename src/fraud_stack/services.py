"""The one definition of each process: its command, its environment, and the check that it is ready.

docker-compose.yml runs the same commands.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import make_url

from fraud_stack.options import ENDPOINT_NAME, StackOptions

BIN = Path(sys.executable).parent
HISTORY_FILE = "history.parquet"
SEED = 7  # one seed, one population: history ends where the live payments begin
LONGEST_HISTORY = 700_000  # payments
AIRFLOW_LOGIN = "airflow_metadata"


@dataclass(frozen=True)
class Service:
    """One process.

    Args:
        health: an address that answers 200 when it is ready, ``tcp:PORT``, or nothing.
        start_seconds: how long it may take to be ready.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    health: str = ""
    start_seconds: float = 90.0
    folder: str = ""  # where it runs, seen from the checkout


def servers(options: StackOptions, values: Mapping[str, str]) -> dict[str, Service]:
    """The processes that keep running, in the order they are shown; without PostgreSQL (`EmbeddedPostgres`)."""
    port, plain, airflow = options.ports, plain_environment(), airflow_environment(options, values)
    api_health = f"http://127.0.0.1:{port['airflow']}/api/v2/monitor/health"
    return {
        service.name: service
        for service in (
            Service("payments", simulator_argv(options), plain, f"http://127.0.0.1:{port['payments']}/health"),
            Service(
                "mailbox", mailbox_argv(options), mailbox_environment(values), f"http://127.0.0.1:{port['mailbox']}/"
            ),
            Service("airflow-api", (_bin("airflow"), "api-server"), airflow, api_health),
            Service("airflow-dags", (_bin("airflow"), "dag-processor"), airflow),
            Service("airflow-scheduler", (_bin("airflow"), "scheduler", "--skip-serve-logs"), airflow),
            Service("airflow-clean", (sys.executable, "-m", "fraud_scorer.use_cases.airflow_clean"), airflow),
            Service(
                "dashboard",
                dashboard_argv(options),
                dashboard_environment(values),
                f"http://127.0.0.1:{port['dashboard']}/_stcore/health",
                folder="fraud-dashboard",
            ),
            Service("endpoint", endpoint_argv(options), plain, f"http://127.0.0.1:{port['endpoint']}/ping"),
            Service("watch", (_bin("fraud-scorer"), "watch"), base_environment(values)),
        )
        if service.name not in options.without and (service.name != "endpoint" or options.endpoint)
    }


def jobs(options: StackOptions, values: Mapping[str, str]) -> dict[str, Service]:
    """The processes that run once and end."""
    base, airflow = base_environment(values), airflow_environment(options, values)
    history = str(options.data_dir / HISTORY_FILE)
    pools = str(options.checkout / "airflow" / "config" / "pools.json")
    make = ("history", "--days", f"{history_days(options):.3f}", "--rate", str(options.pace), "--seed", str(SEED))
    return {
        service.name: service
        for service in (
            Service("migrate", (_bin("fraud-scorer"), "migrate"), base, start_seconds=60),
            Service(
                "history-make",
                (_bin("payments-simulator"), *make, "--out", history),
                plain_environment(),
                start_seconds=600,
            ),
            Service("history-import", (_bin("fraud-scorer"), "history", "import", history), base, start_seconds=1800),
            Service("airflow-migrate", (_bin("airflow"), "db", "migrate"), airflow, start_seconds=180),
            Service("airflow-pools", (_bin("airflow"), "pools", "import", pools), airflow, start_seconds=60),
        )
    }


def simulator_argv(options: StackOptions) -> tuple[str, ...]:
    """The payments API, live, with a fraud spree in its first minutes."""
    return (
        _bin("payments-simulator"), "serve", "--host", "127.0.0.1", "--port", str(options.ports["payments"]),
        "--rate", str(options.pace), "--seed", str(SEED), "--spree", "--state", str(options.data_dir / "payments"),
    )  # fmt: skip


def mailbox_argv(options: StackOptions) -> tuple[str, ...]:
    """An SMTP server whose one mailbox takes every mail, and its web page."""
    port = options.ports
    return (
        sys.executable, "-m", "fraud_stack.mailbox", str(options.data_dir / "mailbox"),
        "--host", "127.0.0.1", "--user", "analyst@localhost",
        "--smtp-port", str(port["smtp"]), "--http-port", str(port["mailbox"]), "--imap-port", str(port["imap"]),
        "--client-max-size", "20M",
    )  # fmt: skip


def mailbox_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Its password, which no command line may show."""
    return plain_environment() | {"MAIL_PASSWORD": values["STACK_MAILBOX_PASSWORD"]}


def endpoint_argv(options: StackOptions) -> tuple[str, ...]:
    """The model in force behind SageMaker's own protocol."""
    return (
        _bin("fraud-scorer"), "serve-model", "--port", str(options.ports["endpoint"]),
        "--artifacts", str(options.checkout / "model" / "artifacts"), "--endpoint", ENDPOINT_NAME,
    )  # fmt: skip


def dashboard_argv(options: StackOptions) -> tuple[str, ...]:
    """Streamlit, without asking for an e-mail address and without telling anybody."""
    return (
        _bin("streamlit"), "run", str(options.checkout / "fraud-dashboard" / "app.py"),
        "--server.port", str(options.ports["dashboard"]), "--server.address", "127.0.0.1", "--server.headless", "true",
        "--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none",
    )  # fmt: skip


def base_environment(values: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with the stack's values below it, and no proxy between two local processes."""
    kept = {name: value for name, value in values.items() if not name.startswith(("AIRFLOW__", "STACK_"))}
    return os.environ | kept | _no_proxy()


def plain_environment() -> dict[str, str]:
    """The environment of this process, and no proxy between two local processes: for what needs no secret of ours."""
    return os.environ | _no_proxy()


def _no_proxy() -> dict[str, str]:
    local = ",".join(filter(None, [os.environ.get("NO_PROXY", ""), "127.0.0.1", "localhost"]))
    return {"NO_PROXY": local, "no_proxy": local}


def airflow_environment(options: StackOptions, values: Mapping[str, str]) -> dict[str, str]:
    """Airflow's environment beyond `airflow/config/airflow.cfg`: secrets, paths, addresses."""
    home, config = options.data_dir / "airflow", options.checkout / "airflow" / "config"
    address = f"http://127.0.0.1:{options.ports['airflow']}"
    return base_environment(values) | {
        **{name: value for name, value in values.items() if name.startswith("AIRFLOW__")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(config / "airflow.cfg"),
        "PYTHONPATH": str(config),
        "AIRFLOW__CORE__DAGS_FOLDER": str(options.checkout / "airflow" / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__PORT": str(options.ports["airflow"]),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow_db_url(options, values),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(options.logs / "airflow"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(options.logs / "airflow" / "dag-processor"),
    }


def airflow_db_url(options: StackOptions, values: Mapping[str, str]) -> str:
    """The address of Airflow's metadata, by a login that owns them and is no superuser."""
    password, port = values["STACK_AIRFLOW_METADATA_PASSWORD"], options.ports["airflow-db"]
    return f"postgresql+psycopg2://{AIRFLOW_LOGIN}:{password}@127.0.0.1:{port}/airflow"


def airflow_release(options: StackOptions) -> str:
    """The state that Airflow's metadata must be prepared for: Airflow's version and the pools."""
    pools = (options.checkout / "airflow" / "config" / "pools.json").read_bytes()
    return f"{version('apache-airflow')} {hashlib.sha256(pools).hexdigest()}"


def dashboard_environment(values: Mapping[str, str]) -> dict[str, str]:
    """The dashboard's own login to fraud_db, and the key by which it signs who judges."""
    login = make_url(values["FRAUD_DB_URL"]).set(
        username="fraud_dashboard", password=values["FRAUD_DASHBOARD_DB_PASSWORD"]
    )
    chosen = {name: value for name, value in values.items() if name.startswith("DASHBOARD_")}
    ours = {
        "DASHBOARD_DB_URL": login.render_as_string(hide_password=False),
        "DASHBOARD_SIGNING_KEY": values["FRAUD_DASHBOARD_SIGNING_KEY"],
    }
    return plain_environment() | ours | chosen


def history_days(options: StackOptions) -> float:
    """The days of history to import: those asked for, as far as they can be imported while a person waits."""
    return min(options.history_days, LONGEST_HISTORY / options.pace / 1440)


def _bin(program: str) -> str:
    return str(BIN / program)
