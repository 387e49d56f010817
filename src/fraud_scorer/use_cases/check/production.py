"""What must not be so where real cards are: `check` warns of it, `check --production` refuses it.

Each check is one function: it returns what holds, or raises ``SettingsError`` with what is weak and its cure.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fraud_common.errors import SettingsError
from fraud_scorer.alerting.channels import CHATS
from fraud_scorer.use_cases.check.surroundings import Surroundings, is_loopback, sends_in_clear
from fraud_scorer.use_cases.check.weak_secrets import weak_secrets

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

AIRFLOW_NOT_SEEN = "nothing of Airflow is seen from here: run this again where Airflow runs"
SIGN_IN_FILE = Path("fraud-dashboard/.streamlit/secrets.toml")
PRIVATE_FILES = (".env*", "airflow/.env", "fraud-dashboard/.env", str(SIGN_IN_FILE))
# who is a member of one of these reads and writes files of the server's user, or runs programs as that user
LIKE_A_SUPERUSER = """
    select rolsuper or exists (
        select from pg_roles as of_server
        where of_server.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
          and pg_has_role(pg_roles.oid, of_server.oid, 'member')
    ) from pg_roles where rolname = current_user
"""


def database_encryption(seen: Surroundings) -> str:
    """PostgreSQL beyond this machine is reached with ``sslmode=verify-full`` and a root certificate alone."""
    weak = [name for name, url in seen.database_urls() if _leaves(url, seen) and not _verified(url, seen)]
    if weak:
        raise SettingsError(
            f"{', '.join(weak)}: PostgreSQL beyond this machine, not with sslmode=verify-full and a root certificate: "
            "who stands between reads payments and passwords",
            "Add ?sslmode=verify-full&sslrootcert=/path/of/ca.pem to the address (sslrootcert=system: the machine's "
            "own certificates)",
        )
    return "on this machine, or by sslmode=verify-full"


def _leaves(url: URL, seen: Surroundings) -> bool:
    named = [url.query.get("hostaddr"), url.query.get("host"), url.host]
    said = next((one for one in named if one), seen.environment.get("PGHOST", ""))
    hosts = said.split(",") if isinstance(said, str) else said
    return any(host and not is_loopback(host if host.count(":") > 1 else host.partition(":")[0]) for host in hosts)


def _verified(url: URL, seen: Surroundings) -> bool:
    mode = url.query.get("sslmode") or seen.environment.get("PGSSLMODE")
    root = url.query.get("sslrootcert") or seen.environment.get("PGSSLROOTCERT")
    return mode == "verify-full" and bool(root or (Path.home() / ".postgresql" / "root.crt").is_file())


def mail_login(seen: Surroundings) -> str:
    """The mail server's password does not leave this machine in clear."""
    settings = seen.settings
    in_clear = settings.smtp_security == "none" and not is_loopback(settings.smtp_host)
    if in_clear and settings.smtp_password.get_secret_value():
        raise SettingsError(
            f"SMTP_SECURITY is none: SMTP_PASSWORD goes to {settings.smtp_host} in clear",
            "Set SMTP_SECURITY=starttls (port 587) or tls (port 465)",
        )
    return "no password is sent in clear"


def plain_http(seen: Surroundings) -> str:
    """No address that payments or links go over is plain http beyond this machine."""
    named = ("PAYMENTS_API_URL", *(chat.setting.upper() for chat in CHATS.values()), "DASHBOARD_URL")
    values = seen.values()
    asked = [*named, *sorted(name for name in values if name.startswith("AWS_ENDPOINT_URL"))]
    weak = [name for name in asked if sends_in_clear(values.get(name, ""))]
    if weak:
        raise SettingsError(
            f"{', '.join(weak)}: plain http to beyond this machine: who stands between reads and changes all of it",
            "Write https://, or put a proxy that speaks TLS before what answers there",
        )
    return "https, or this machine"


def airflow_sign_in(seen: Surroundings) -> str:
    """Airflow's simple sign-in (one shared password, no slowing of guesses) is for trying out."""
    manager = seen.airflow_sees("core", "auth_manager")
    if manager is None:
        return AIRFLOW_NOT_SEEN
    if not manager or "SimpleAuthManager" in manager:
        raise SettingsError(
            "Airflow's simple sign-in: one password for everybody, which may be guessed without a pause",
            "Set AIRFLOW__CORE__AUTH_MANAGER to one with people of its own (FAB or Keycloak provider)",
        )
    return manager.rpartition(".")[2]


def airflow_fernet_key(seen: Surroundings) -> str:
    """Airflow encrypts the passwords of its connections."""
    key = seen.airflow_sees("core", "fernet_key")
    if key == "":
        raise SettingsError(
            "AIRFLOW__CORE__FERNET_KEY is empty: Airflow keeps the passwords of its connections in clear",
            "Set it: `make env` fills an empty one in .env",
        )
    return AIRFLOW_NOT_SEEN if key is None else "set"


def strong_secrets(seen: Surroundings) -> str:
    """No key and no password is one of the known defaults, short, or a pattern."""
    weak = weak_secrets(seen.values())
    if weak:
        raise SettingsError(
            "; ".join(weak),
            'Make a new one: python -c "import secrets; print(secrets.token_hex(32))". A new key of FRAUD_CARD_KEYS '
            "or FRAUD_LANDING_KEYS goes before the old one, which stays behind it",
        )
    return "none is a known default, short or a pattern"


def published_ports(seen: Surroundings) -> str:
    """Compose publishes on loopback alone: what must be reached from elsewhere stands behind a proxy."""
    weak = [name for name, service in seen.compose_services() if _publishes_beyond(service, seen)]
    if not is_loopback(seen.environment.get("DOCKER_BIND") or "127.0.0.1"):
        weak.insert(0, f"DOCKER_BIND={seen.environment['DOCKER_BIND']}")
    if weak:
        raise SettingsError(
            f"ports are published beyond this machine: {', '.join(weak)}",
            "Leave DOCKER_BIND empty, begin each port with 127.0.0.1:, and let a proxy that speaks TLS and signs "
            "people in forward what others need",
        )
    return "on loopback alone"


def _publishes_beyond(service: Mapping[str, Any], seen: Surroundings) -> bool:
    return service.get("network_mode") == "host" or any(
        not is_loopback(_host_of(port, seen)) for port in service.get("ports") or []
    )


def _host_of(port: object, seen: Surroundings) -> str:
    """The address that a port of a compose file is published on, in its short or long form."""
    if isinstance(port, Mapping):
        return seen.put_in(str(port.get("host_ip") or "0.0.0.0"))  # noqa: S104 - what compose takes then
    host, colon, _ = seen.put_in(str(port)).rpartition(":")[0].rpartition(":")
    return host if colon else "0.0.0.0"  # noqa: S104 - what compose takes then


def private_files(seen: Surroundings) -> str:
    """Files that hold keys or passwords are not for everybody on this machine."""
    weak = [
        str(path)
        for path in _private_files(seen)
        if path.name != ".env.example" and path.is_file() and stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO
    ]
    if weak:
        raise SettingsError(f"every user of this machine may open {', '.join(weak)}", f"chmod o= {' '.join(weak)}")
    return "keys and passwords are for their owner"


def _private_files(seen: Surroundings) -> Iterator[Path]:
    for pattern in PRIVATE_FILES:
        yield from sorted(seen.folder.glob(pattern))
    yield from sorted(seen.settings.fraud_data_dir.glob("*.env"))
    if passwords := seen.airflow_sees("core", "simple_auth_manager_passwords_file"):
        yield Path(passwords)


def dashboard_sign_in(seen: Surroundings) -> str:
    """Where others reach the dashboard, they sign in."""
    published = seen.environment.get("DASHBOARD_PUBLISHED_ON") or seen.environment.get("DOCKER_BIND") or "127.0.0.1"
    host = urlsplit(seen.settings.dashboard_url).hostname or ""
    trusts = seen.environment.get("DASHBOARD_TRUST_NETWORK", "").lower() == "true"
    if is_loopback(published) and is_loopback(host) and not trusts:
        return "for this machine alone"
    if _signs_in(seen.folder / SIGN_IN_FILE):
        return "OpenID Connect"
    why = "DASHBOARD_TRUST_NETWORK is true" if trusts else f"DASHBOARD_URL leads to {host}, published on {published}"
    raise SettingsError(
        f"no sign-in of the dashboard is seen here ({SIGN_IN_FILE}), and {why}: whoever comes that far reads payments "
        "and judges",
        f"Set up [auth] in {SIGN_IN_FILE} as Streamlit documents for st.login, and DASHBOARD_TRUST_NETWORK=false",
    )


def _signs_in(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        return "auth" in tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError:
        raise SettingsError(f"{file} is no TOML: the dashboard cannot start with it", "Mend it") from None


def database_logins(seen: Surroundings) -> str:
    """No login in use is a superuser of its server, or like one."""
    asked = {name: _is_superuser(url) for name, url in seen.database_urls() if name != "FRAUD_DB_ADMIN_URL"}
    weak = [name for name, answer in asked.items() if answer]
    if weak:
        raise SettingsError(
            f"{', '.join(weak)}: a superuser's login, or one that runs programs or opens files as the server's user",
            "Let it be an ordinary role: see the logins in docs/operating-guide.md",
        )
    silent = [name for name, answer in asked.items() if answer is None]
    if silent:
        return f"no superuser among those that answered; not reached, so not asked: {', '.join(silent)}"
    return "none is a superuser"


def _is_superuser(url: URL) -> bool | None:
    """What the server says of this login; None if it cannot be asked."""
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from fraud_common.errors import StoreUnavailable
    from fraud_scorer.store.engine import create_store_engine

    by_psycopg = url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    try:
        with create_store_engine(by_psycopg).connect() as connection:
            return bool(connection.execute(text(LIKE_A_SUPERUSER)).scalar())
    except (SQLAlchemyError, StoreUnavailable):
        return None  # the caller says that it was not asked; `fraud_db` says why


def model_signature(seen: Surroundings) -> str:
    """Every model that scores is signed by a key that is kept apart from its folder."""
    from fraud_scorer.use_cases.check.model_signature import require_signed_models

    return require_signed_models(seen.settings)


PRODUCTION: Mapping[str, Callable[[Surroundings], str]] = {
    "database TLS": database_encryption,
    "mail login": mail_login,
    "plain http": plain_http,
    "Airflow sign-in": airflow_sign_in,
    "Airflow Fernet key": airflow_fernet_key,
    "keys, passwords": strong_secrets,
    "published ports": published_ports,
    "private files": private_files,
    "dashboard sign-in": dashboard_sign_in,
    "database logins": database_logins,
    "model signature": model_signature,
}
