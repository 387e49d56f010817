"""What Airflow's connections ``fraud_db``, ``smtp_default`` and ``aws_default`` say, as settings.

Airflow is not imported: ``airflow/dags/common/connections.py`` reads the connections and hands them over. A connection
goes before every other source, as one whole: a login is never mixed with another server's address. What it asks for
and cannot have here is refused, not left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fraud_common.errors import SettingsError

STORE, MAIL, AWS = "fraud_db", "smtp_default", "aws_default"
NOT_SEEN = (
    "Airflow's tasks use its connections fraud_db, smtp_default and aws_default, where they are set, before these "
    "settings; commands, watchdog and dashboard do not see them"
)
TRUTH = {"true": True, "1": True, "false": False, "0": False, "": False, "none": False}

# of a PostgreSQL connection: handed to libpq; superseded by our own bounds; without a meaning here
LIBPQ = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "target_session_attrs", "channel_binding",
                   "gssencmode", "krbsrvname"})  # fmt: skip
BOUNDED_HERE = frozenset({"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
                          "tcp_user_timeout", "application_name"})  # fmt: skip
ONLY_HOOKS = frozenset({"cursor", "sqlalchemy_scheme", "client_encoding"})

MAIL_EXTRAS = frozenset({"from_email", "disable_tls", "disable_ssl"})
# SMTP_TIMEOUT_SECONDS and the outbox bound and repeat; the templates are those of Airflow's own mails
MAIL_LEFT_OUT = frozenset({"timeout", "retry_limit", "subject_template", "html_content_template"})

AWS_EXTRAS = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region_name", "role_arn",
                        "profile_name", "endpoint_url", "assume_role_method", "assume_role_kwargs"})  # fmt: skip
ROLE_ARGUMENTS = frozenset({"RoleSessionName", "ExternalId", "DurationSeconds"})


def named_in(environment: Mapping[str, str]) -> list[str]:
    """Variables of ``environment`` that are such a connection: Airflow's tasks obey them, nothing else does."""
    return [name for known in (STORE, MAIL, AWS) if environment.get(name := f"AIRFLOW_CONN_{known.upper()}")]


@dataclass(frozen=True)
class Connection:
    """One connection as Airflow keeps it, wherever it came from."""

    name: str
    kind: str  # Airflow's conn_type
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: Mapping[str, object] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """An extra as text; empty if it is missing or null."""
        value = self.extra.get(name)
        return "" if value is None else str(value)

    def refuse(self, what: str, cure: str) -> SettingsError:
        """The error to raise; values stay out of it, for they may be secret."""
        return SettingsError(f"Airflow's connection {self.name} {what}", cure)

    def must_be(self, kind: str) -> None:
        """Refuse another type."""
        if self.kind != kind:
            raise self.refuse(f"is of type {self.kind or 'none'}", f"Make it one of type {kind}, or delete it")

    def knows_only(self, extras: Collection[str]) -> None:
        """Refuse extras that would have to be left out."""
        unknown = sorted(name for name in self.extra if name not in extras and self.extra[name] not in (None, ""))
        if unknown:
            raise self.refuse(
                f"has extras that are not supported here: {', '.join(unknown)}",
                f"Take them out of it, or delete the connection; supported are {', '.join(sorted(extras))}",
            )

    def is_on(self, name: str) -> bool:
        """An extra that is true or false, also as the text that a URI makes of it."""
        said = self.text(name).strip().lower()
        if said not in TRUTH:
            raise self.refuse(f"has an extra {name} that is neither true nor false", "Write it as true or false")
        return TRUTH[said]


@dataclass(frozen=True)
class AwsAccess:
    """How AWS is reached; what is empty, boto3's own chain finds (environment, profile, the machine's role)."""

    region_name: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    profile_name: str = ""
    endpoint_url: str = ""  # of the endpoint's runtime; the role's own service is asked where boto3 finds it
    role_arn: str = ""
    role_arguments: Mapping[str, object] = field(default_factory=dict)


def store_settings(connection: Connection) -> dict[str, object]:
    """``fraud_db_url`` of a PostgreSQL connection, always by psycopg2, and no other login beside it.

    Raises:
        SettingsError: another type, no host, no database, or an extra that cannot be had (IAM, Redshift).
    """
    from sqlalchemy.engine import URL

    connection.must_be("postgres")
    connection.knows_only(LIBPQ | BOUNDED_HERE | ONLY_HOOKS)
    if not connection.host or not connection.schema:
        raise connection.refuse("names no host or no database (its field Schema)", "Fill both in, or delete it")
    url = URL.create(
        "postgresql+psycopg2",
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host,
        port=connection.port or 5432,
        database=connection.schema,
        query={name: text for name in sorted(LIBPQ) if (text := connection.text(name))},
    )
    return {
        "fraud_db_url": url.render_as_string(hide_password=False),
        "fraud_db_alerter_url": "",  # one login for all: another's may be another server's
    }


def mail_settings(connection: Connection) -> dict[str, object]:
    """``smtp_…`` of an SMTP connection, and ``alert_from`` if it names a sender.

    As Airflow's own mails understand it: TLS unless ``disable_ssl``, else STARTTLS unless ``disable_tls``; a login only
    with its password.

    Raises:
        SettingsError: another type, no host, or an extra that cannot be had (OAuth2, unchecked certificates).
    """
    connection.must_be("smtp")
    if connection.text("auth_type") == "oauth2":
        raise connection.refuse("asks for OAuth2", "Give it a login and a password (auth_type basic)")
    if connection.text("ssl_context") == "none":
        raise connection.refuse(
            "asks for unchecked certificates", "Take ssl_context out of it, and let the machine trust the server's CA"
        )
    connection.knows_only(MAIL_EXTRAS | MAIL_LEFT_OUT | {"auth_type", "ssl_context"})
    if not connection.host:
        raise connection.refuse("names no host", "Give it the mail server's name, or delete it")
    security = (
        "tls" if not connection.is_on("disable_ssl") else "none" if connection.is_on("disable_tls") else "starttls"
    )
    sender = {"alert_from": connection.text("from_email")} if connection.text("from_email") else {}
    return {
        "smtp_host": connection.host,
        "smtp_port": connection.port or (465 if security == "tls" else 25),
        "smtp_security": security,
        "smtp_user": connection.login if connection.password else "",
        "smtp_password": connection.password if connection.login else "",
        **sender,
    }


def aws_access(connection: Connection) -> AwsAccess:
    """How an AWS connection says that AWS is reached; an empty one says nothing.

    Raises:
        SettingsError: another type, half a key, or an extra that cannot be had (other ways to assume a role, botocore's
            own limits: ours bound each call).
    """
    connection.must_be("aws")
    connection.knows_only(AWS_EXTRAS)
    in_extra = (connection.text("aws_access_key_id"), connection.text("aws_secret_access_key"))
    pairs = [pair for pair in ((connection.login, connection.password), in_extra) if any(pair)]
    key, secret = next((pair for pair in pairs if all(pair)), ("", ""))
    if pairs and not key:
        raise connection.refuse("holds half a key", "Give it both the key's id and its secret, or neither")
    return AwsAccess(
        region_name=connection.text("region_name"),
        access_key_id=key,
        secret_access_key=secret,
        session_token=connection.text("aws_session_token"),
        profile_name=connection.text("profile_name"),
        endpoint_url=connection.text("endpoint_url"),
        role_arn=connection.text("role_arn"),
        role_arguments=_role_arguments(connection),
    )


def _role_arguments(connection: Connection) -> Mapping[str, object]:
    method, given = connection.text("assume_role_method"), connection.extra.get("assume_role_kwargs") or {}
    if method not in ("", "assume_role"):
        raise connection.refuse(
            f"assumes its role by {method}", "Only assume_role is supported: give it a key for that"
        )
    if not isinstance(given, Mapping) or not set(given) <= ROLE_ARGUMENTS:
        raise connection.refuse(
            "has assume_role_kwargs that are not supported here", f"Supported are {', '.join(sorted(ROLE_ARGUMENTS))}"
        )
    return dict(given)
