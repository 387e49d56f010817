"""`fraud-scorer check --production`: each weakness is refused with its cure, and what is strong passes."""

from __future__ import annotations

import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from fraud_common.errors import SettingsError
from fraud_scorer.settings import Settings
from fraud_scorer.use_cases.check.production import PRODUCTION
from fraud_scorer.use_cases.check.run_checks import run_checks
from fraud_scorer.use_cases.check.surroundings import Surroundings
from fraud_scorer.wiring import Parts
from fraud_stack.fill_env import SECRETS

ROOT = Path(__file__).parents[3]
STRONG = "kX2vQ9rT7mLpZ4wB8nHc"
THERE = f"postgresql+psycopg2://scores:{STRONG}@db.example.com/fraud_db"
HERE = THERE.replace("db.example.com", "127.0.0.1:9")
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
DASHBOARD = "DASHBOARD_URL", "https://fraud.example.com"


def seen(folder: Path, **values: str) -> Surroundings:
    """Values as in an environment, those of our settings among them."""
    ours = {name.lower(): value for name, value in values.items() if name.lower() in Settings.model_fields}
    given: dict[str, Any] = {"fraud_db_url": HERE, "fraud_data_dir": folder} | ours
    settings = Settings(_env_file=None, **given)
    return Surroundings(settings, dict(values), folder)


CASES: dict[str, tuple[list[dict[str, str]], list[dict[str, str]]]] = {
    "database TLS": (
        [
            {"FRAUD_DB_URL": THERE},
            {"FRAUD_DB_URL": f"{THERE}?sslmode=require&sslrootcert=/ca.pem"},
            {"FRAUD_DB_URL": f"{THERE}?sslmode=verify-ca&sslrootcert=/ca.pem"},
            {"FRAUD_DB_URL": f"{THERE}?sslmode=verify-full"},
            {"FRAUD_DB_URL": f"{HERE}?host=db.example.com"},
            {"FRAUD_DB_URL": f"{HERE}?host=127.0.0.1:5432&host=db.example.com:5432"},
            {"FRAUD_DB_URL": f"{HERE}?hostaddr=10.0.0.7"},
            {"FRAUD_DB_URL": "postgresql+psycopg2:///fraud_db", "PGHOST": "db.example.com"},
            {"FRAUD_DB_ALERTER_URL": THERE},
            {"FRAUD_DB_OWNER_URL": THERE},
            {"DASHBOARD_DB_URL": THERE},
            {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": THERE},
            {"AIRFLOW_CONN_FRAUD_DB": THERE.replace("postgresql+psycopg2", "postgres")},
        ],
        [
            {"FRAUD_DB_URL": f"{THERE}?sslmode=verify-full&sslrootcert=system"},
            {"FRAUD_DB_URL": THERE, "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca.pem"},
            {"FRAUD_DB_URL": "postgresql+psycopg2://scores@/fraud_db?host=/run/postgresql"},
            {"FRAUD_DB_URL": THERE.replace("db.example.com", "[::1]:5433")},
            {"FRAUD_DB_URL": HERE},
        ],
    ),
    "mail login": (
        [{"SMTP_HOST": "mail.example.com", "SMTP_PASSWORD": STRONG}, {"SMTP_HOST": "0.0.0.0", "SMTP_PASSWORD": STRONG}],
        [
            {"SMTP_HOST": "mail.example.com", "SMTP_PASSWORD": STRONG, "SMTP_SECURITY": "starttls"},
            {"SMTP_HOST": "mail.example.com"},
            {"SMTP_HOST": "localhost", "SMTP_PASSWORD": STRONG},
        ],
    ),
    "plain http": (
        [
            {"PAYMENTS_API_URL": "http://api.example.com/payments"},
            {"PAYMENTS_API_URL": "HTTP://10.0.0.5:8090/payments?start={start}&end={end}"},
            {"ALERT_SLACK_WEBHOOK": "http://hooks.example.com/x"},
            {"DASHBOARD_URL": "http://fraud.example.com"},
            {"AWS_ENDPOINT_URL_S3": "http://minio:9000"},
        ],
        [
            {},
            {"PAYMENTS_API_URL": "https://api.example.com/payments", "DASHBOARD_URL": "https://fraud.example.com"},
        ],
    ),
    "Airflow sign-in": (
        [
            {"AIRFLOW__CORE__AUTH_MANAGER": SIMPLE},
            {"AIRFLOW__CORE__FERNET_KEY": STRONG},  # Airflow's own default is the simple one
            {"AIRFLOW_CONFIG": str(ROOT / "airflow/config/airflow.cfg")},
        ],
        [{"AIRFLOW__CORE__AUTH_MANAGER": FAB}, {}],
    ),
    "Airflow Fernet key": (
        [{"AIRFLOW__CORE__AUTH_MANAGER": FAB}, {"AIRFLOW_CONFIG": str(ROOT / "airflow/config/airflow.cfg")}],
        [{"AIRFLOW__CORE__FERNET_KEY": STRONG}, {"AIRFLOW__CORE__FERNET_KEY_CMD": "cat /run/secrets/fernet"}, {}],
    ),
    "keys, passwords": (
        [
            *[
                {"FRAUD_CARD_KEYS": f"{SECRETS['FRAUD_CARD_KEYS']()},k1:{old}"}  # the settings refuse a weak first one
                for old in ("0" * 16, "0" * 64, "0123456789abcdef" * 4)
            ],
            {"FRAUD_CARD_KEYS": f"k1:{secrets.token_hex(8)}"},
            *[
                {"FRAUD_LANDING_KEYS": f"{SECRETS['FRAUD_LANDING_KEYS']()},{urlsafe_b64encode(old).decode()}"}
                for old in (bytes(32), b"0" * 32)
            ],
            {"AIRFLOW__API__SECRET_KEY": "for-tests-only"},
            {"AIRFLOW__API__SECRET_KEY": "for-tests-only-for-tests-only-for-tests-only"},
            {"AIRFLOW__API_AUTH__JWT_SECRET": "short-but-not-known"},
            {"FRAUD_DASHBOARD_DB_PASSWORD": "changeme"},
            {"FRAUD_DASHBOARD_DB_PASSWORD": "Change-Me-123"},
            {"SMTP_PASSWORD": "abcdefghijklmnop"},
            {"DOCKER_AIRFLOW_PASSWORD": "admin"},
            {"FRAUD_DB_URL": "postgresql+psycopg2://fraud:fraud@127.0.0.1:9/fraud_db"},
            {"FRAUD_DB_URL": "postgresql+psycopg2://scores-of-acme:scores-of-acme@127.0.0.1:9/fraud_db"},
            {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://airflow:airflow@127.0.0.1:5434/airflow"},
        ],
        [{name: make() for name, make in SECRETS.items()}, {"AWS_SECRET_ACCESS_KEY": "local"}, {}],
    ),
    "published ports": (
        [
            {"DOCKER_BIND": "0.0.0.0"},
            {"DOCKER_BIND": "::"},
            {"DOCKER_BIND": "10.0.0.1"},
            {"docker-compose.yml": "services: {db: {ports: ['5432:5432']}}"},
            {"docker-compose.yml": "services: {db: {ports: ['5432']}}"},
            {"docker-compose.override.yml": "services: {db: {ports: ['0.0.0.0:5432:5432']}}"},
            {"compose.yaml": "services: {db: {ports: [{target: 5432, published: 5432}]}}"},
            {"docker-compose.yml": "services: {db: {ports: ['${BIND:-0.0.0.0}:5432:5432']}}"},
            {"docker-compose.yml": "services: {db: {network_mode: host}}"},
        ],
        [
            {"docker-compose.yml": (ROOT / "docker-compose.yml").read_text()},
            {"DOCKER_BIND": "127.0.0.1"},
            {"compose.yaml": "services: {a: {ports: ['[::1]:80:80', {target: 1, host_ip: 127.0.0.1}]}, b: {}}"},
        ],
    ),
    "private files": (
        [
            {".env": "", "mode": "644"},
            {".env.new": "", "mode": "604"},
            {"fraud-dashboard/.streamlit/secrets.toml": "", "mode": "606"},
            {"local.env": "", "mode": "644"},
        ],
        [{".env": "", "mode": "600"}, {".env": "", "mode": "640"}, {".env.example": "", "mode": "644"}, {}],
    ),
    "dashboard sign-in": (
        [
            dict([DASHBOARD]),
            {"DASHBOARD_TRUST_NETWORK": "True"},
            {"DOCKER_BIND": "0.0.0.0"},
            dict([DASHBOARD]) | {"fraud-dashboard/.streamlit/secrets.toml": "[other]\na = 1"},
        ],
        [{}, dict([DASHBOARD]) | {"fraud-dashboard/.streamlit/secrets.toml": "[auth]\nclient_id = 'x'"}],
    ),
}
ONE_BY_ONE = [
    (name, case, strong)
    for name, sides in CASES.items()
    for strong, cases in zip((False, True), sides, strict=True)
    for case in cases
]


@pytest.mark.parametrize(("name", "case", "strong"), ONE_BY_ONE)
def test_what_is_weak_is_refused_with_its_cure(
    name: str, case: dict[str, str], strong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each weak case raises with a cure and repeats no secret; each strong one says what holds."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # no root certificate of this user's
    files = {key: text for key, text in case.items() if "." in key}
    for key, text in files.items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_text(text)
        (tmp_path / key).chmod(int(case.get("mode", "600"), 8))
    around = seen(tmp_path, **{key: value for key, value in case.items() if key.isupper()})
    if strong:
        assert PRODUCTION[name](around)
        return
    with pytest.raises(SettingsError) as refused:
        PRODUCTION[name](around)
    assert refused.value.cure
    assert STRONG not in str(refused.value)


def test_every_check_has_a_case_that_fails_and_one_that_passes() -> None:
    """A new check without its cases is found; what asks a server or reads a model has a test of its own."""
    assert set(PRODUCTION) == set(CASES) | {"database logins", "model signature"}


def test_a_model_that_nobody_signed_is_refused(tmp_path: Path) -> None:
    """Without a key anybody's model would be taken; tests/scoring/test_signing.py shows the signed one."""
    with pytest.raises(SettingsError, match="no public key is named"):
        PRODUCTION["model signature"](seen(tmp_path))


def test_a_superusers_login_is_refused(
    tmp_path: Path, postgres_url: str, as_role: Callable[[str, str], str], server_like: str
) -> None:
    """The server itself is asked, also by whom `copy ... to program` would be let; a silent one is named."""
    ask, writer = PRODUCTION["database logins"], as_role(postgres_url, "fraud_writer")
    assert ask(seen(tmp_path, FRAUD_DB_URL=writer)) == "none is a superuser"
    assert "not asked: FRAUD_DB_URL" in ask(seen(tmp_path))
    for name in ("FRAUD_DB_ALERTER_URL", "DASHBOARD_DB_URL"):
        for weak in (postgres_url, server_like):
            with pytest.raises(SettingsError, match=f"^{name}: a superuser"):
                ask(seen(tmp_path, **{"FRAUD_DB_URL": writer, "FRAUD_DB_ADMIN_URL": postgres_url, name: weak}))


@pytest.fixture
def server_like(postgres_url: str) -> Iterator[str]:
    """A login that is no superuser, and may run programs as the server's user."""
    connection = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create role server_like login password '{STRONG}' in role pg_execute_server_program")
        yield make_url(postgres_url).set(username="server_like", password=STRONG).render_as_string(hide_password=False)
        cursor.execute("drop role server_like")
    connection.close()


def test_check_warns_and_production_refuses(tmp_path: Path) -> None:
    """The same finding is a warning in `check` and a failure in `check --production`; what holds is told there only."""
    around = seen(tmp_path, SMTP_HOST="mail.invalid", SMTP_PASSWORD=STRONG)
    mild, hard = (
        {one.name: one for one in run_checks(Parts(around.settings), production=production, seen=around)}
        for production in (False, True)
    )
    assert (mild["mail login"].ok, hard["mail login"].ok) == (True, False)
    assert mild["mail login"].cure == hard["mail login"].cure != ""
    assert set(PRODUCTION) <= set(hard)
    assert set(PRODUCTION) & set(mild) == {"mail login", "model signature"}
    assert all(finding.cure for finding in hard.values() if not finding.ok)


def test_the_command_ends_with_a_code(nothing_set: Path) -> None:
    """`check --production` on an untouched machine fails, and names what is weak."""
    done = subprocess.run(
        [Path(sys.executable).with_name("fraud-scorer"), "check", "--production", "--json"],
        capture_output=True,
        text=True,
        cwd=nothing_set,
        check=False,
    )
    assert done.returncode == 1
    assert "FRAUD_DB_URL is a known default" in done.stdout
