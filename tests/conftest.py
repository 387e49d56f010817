"""A real PostgreSQL and an AWS for every test that asks: a server of each a process, each test's own and empty."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import requests
import structlog
from sqlalchemy.engine import make_url

from fraud_scorer.settings import Settings, load_settings
from fraud_scorer.store.schema.logins import ROLES
from fraud_scorer.store.schema.migrate import migrate
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before XGBoost loads: its threads spin on a busy machine else
TEMPLATE = "migrated_template"
PREFIX = "fraud-tests-"
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """What a test makes of logging (each command of ours configures it) is gone with the test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder without files, where we stand; an environment without our names, nothing remembered."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    load_settings.cache_clear()
    yield tmp_path
    load_settings.cache_clear()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """The session's server (each pytest-xdist worker has its own); empty but for PostgreSQL's own databases."""
    _sweep_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "postgres", free_port(), "for-tests-only", durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def signing_key() -> str:
    """With which a dashboard under test signs; each migrated database checks by it."""
    return "the key of the dashboard under test"


@pytest.fixture(scope="session")
def signed(signing_key: str) -> Callable[..., str]:
    """What a dashboard that has the key says beside a write: ``signed(name, author=…, …)``; `key` may be another."""
    path = Path(__file__).parents[1] / "fraud-dashboard" / "fraud_dashboard" / "data" / "write_claims.py"
    spec = importlib.util.spec_from_file_location("claims_of_the_dashboard", path)
    assert spec is not None
    assert spec.loader is not None
    claims = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(claims)

    def claim(name: str, *, key: str = signing_key, now: float | None = None, **parameters: object) -> str:
        made: str = claims.claim(key, name, parameters, now)
        return made

    return claim


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: EmbeddedPostgres, signing_key: str) -> EmbeddedPostgres:
    passwords = dict.fromkeys(ROLES, postgres_server.password)
    migrate(postgres_server.url(TEMPLATE), passwords=passwords, signing_key=signing_key)
    return postgres_server


@pytest.fixture
def postgres_url(_migrated_template: EmbeddedPostgres) -> Iterator[str]:
    """SQLAlchemy's URL (str) of a fresh, migrated database of this test alone."""
    name = f"test_{next(_numbers)}"
    _administer(_migrated_template, f"create database {name} template {TEMPLATE} strategy file_copy")
    # a database's own settings and rights are not copied with it
    _administer(_migrated_template, f'alter database {name} set search_path to "$user", public, report')
    _administer(_migrated_template, f"revoke temporary on database {name} from public")
    _administer(_migrated_template, f"grant temporary on database {name} to fraud_writer")
    yield _migrated_template.url(name)
    _administer(_migrated_template, f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def as_role() -> Callable[[str, str], str]:
    """The same database by another login: ``as_role(postgres_url, "fraud_writer")``."""

    def of(url: str, role: str) -> str:
        return make_url(url).set(username=role).render_as_string(hide_password=False)

    return of


@pytest.fixture
def empty_database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """SQLAlchemy's URL (str) of a database that does not exist yet; dropped after the test."""
    name = f"test_{next(_numbers)}"
    yield postgres_server.url(name)
    _administer(postgres_server, f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Moto's server, AWS for all tests of a process: its address."""
    from moto.server import ThreadedMotoServer  # here, for it takes a second that few tests need

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def point_to_moto(moto: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Sets boto3's own settings to an emptied account there, and hides the user's."""

    def point(environment: pytest.MonkeyPatch) -> None:
        requests.post(f"{moto}/moto-api/reset", timeout=30)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ROLE_ARN"):
            environment.delenv(name, raising=False)
        settings = {
            "AWS_ENDPOINT_URL": moto, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "dummy",
            "AWS_SECRET_ACCESS_KEY": "dummy", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }  # fmt: skip
        for name, value in settings.items():
            environment.setenv(name, value)

    return point


@pytest.fixture
def empty_aws(moto: str, point_to_moto: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty AWS account in us-east-1 for boto3; its address."""
    point_to_moto(monkeypatch)
    return moto


def _administer(server: EmbeddedPostgres, statement: str) -> None:
    connection = psycopg2.connect(server.url("postgres").replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _sweep_leftovers() -> None:
    """Stop the servers of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not _alive(int(pid)) and os.access(folder, os.W_OK):
            EmbeddedPostgres(folder / "postgres", 0, "").stop("immediate")
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
