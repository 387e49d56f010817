"""Airflow's connections as settings: as Airflow itself understands them, and refused where they cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from fraud_common.errors import SettingsError
from fraud_scorer.settings import settings_with
from fraud_scorer.settings.connections import AwsAccess, Connection, aws_access, mail_settings, store_settings

SECRET = "p@ss/w:rd"  # what a URL has to escape


pytestmark = pytest.mark.usefixtures("nothing_set")


def store(**changed: Any) -> Connection:
    """A PostgreSQL connection."""
    usual = {"host": "db.example.org", "login": "fraud", "password": SECRET, "schema": "payments"}
    return Connection(**{"name": "fraud_db", "kind": "postgres", **usual, **changed})


def mail(host: str = "mail.example.org", port: int | None = None, **extra: object) -> Connection:
    """An SMTP connection with a login."""
    return Connection("smtp_default", "smtp", host, port, "robot", SECRET, extra=extra)


def aws(login: str = "", password: str = "", **extra: object) -> Connection:
    """An AWS connection."""
    return Connection("aws_default", "aws", login=login, password=password, extra=extra)


def test_a_database_is_always_reached_by_psycopg2() -> None:
    """Host, port, login, password and database, with what is libpq's own; our own bounds stay in force."""
    given = store_settings(store(extra={"sslmode": "verify-full", "connect_timeout": 60, "cursor": "dictcursor"}))
    url = make_url(settings_with(given).fraud_db_url.get_secret_value())
    assert (url.drivername, url.host, url.port, url.database) == (
        "postgresql+psycopg2", "db.example.org", 5432, "payments",
    )  # fmt: skip
    assert (url.username, url.password, dict(url.query)) == ("fraud", SECRET, {"sslmode": "verify-full"})


@pytest.mark.parametrize(
    ("extra", "security", "port"),
    [
        ({}, "tls", 465),
        ({"disable_tls": True}, "tls", 465),
        ({"disable_ssl": True}, "starttls", 25),
        ({"disable_ssl": "true", "disable_tls": "false"}, "starttls", 25),
        ({"disable_ssl": True, "disable_tls": "True"}, "none", 25),
    ],
)
def test_mail_is_secured_as_airflow_would(extra: Mapping[str, object], security: str, port: int) -> None:
    """TLS unless disable_ssl, else STARTTLS unless disable_tls, also where a URI made text of them."""
    found = settings_with(mail_settings(mail(**extra)))
    assert (found.smtp_security, found.smtp_port, found.smtp_host) == (security, port, "mail.example.org")
    assert (found.smtp_user, found.smtp_password.get_secret_value()) == ("robot", SECRET)


def test_a_mail_connection_as_the_form_leaves_it() -> None:
    """The form writes its defaults into each connection; a sender goes before ALERT_FROM."""
    form = {
        "from_email": "Fraud <f@example.org>", "timeout": 30, "retry_limit": 5, "auth_type": "basic",
        "subject_template": None, "access_token": None, "scope": "",
    }  # fmt: skip
    found = settings_with(mail_settings(mail(port=2525, **form)))
    assert (found.smtp_port, found.alert_from) == (2525, "Fraud <f@example.org>")


def test_a_connection_goes_before_every_source_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login of the environment is never sent to the connection's server; other settings stay as they were."""
    monkeypatch.setenv("SMTP_HOST", "other.example.org")
    monkeypatch.setenv("SMTP_USER", "somebody")
    monkeypatch.setenv("SMTP_PASSWORD", "else")
    monkeypatch.setenv("ALERT_RECIPIENTS", "a@example.org")
    found = settings_with(mail_settings(Connection("smtp_default", "smtp", "mail.example.org")))
    assert (found.smtp_host, found.smtp_user, found.smtp_password.get_secret_value()) == ("mail.example.org", "", "")
    assert found.recipients == ("a@example.org",)


def test_aws_is_reached_as_the_connection_says() -> None:
    """Key, region, profile, address and role; an empty connection says nothing, so boto3's own chain finds them."""
    extra = {
        "region_name": "eu-west-1", "endpoint_url": "http://127.0.0.1:9", "role_arn": "arn:aws:iam::1:role/score",
        "assume_role_kwargs": {"ExternalId": "x"},
    }  # fmt: skip
    assert aws_access(aws("AKIA", "secret", **extra)) == AwsAccess(
        "eu-west-1", "AKIA", "secret", endpoint_url="http://127.0.0.1:9",
        role_arn="arn:aws:iam::1:role/score", role_arguments={"ExternalId": "x"},
    )  # fmt: skip
    in_extra = aws(aws_access_key_id="AKIA", aws_secret_access_key="secret", aws_session_token="token")
    assert aws_access(in_extra) == AwsAccess("", "AKIA", "secret", "token")
    assert aws_access(aws()) == AwsAccess()


@pytest.mark.parametrize(
    ("translate", "connection", "said"),
    [
        (store_settings, store(kind="mysql"), "fraud_db is of type mysql.*postgres"),
        (store_settings, store(schema=""), "no database"),
        (store_settings, store(host=""), "no host"),
        (store_settings, store(extra={"iam": True}), "iam.*supported are"),
        (mail_settings, Connection("smtp_default", "http", "h"), "of type http"),
        (mail_settings, mail(host=""), "names no host"),
        (mail_settings, mail(auth_type="oauth2", client_secret="s"), "OAuth2.*basic"),
        (mail_settings, mail(ssl_context="none"), "unchecked certificates"),
        (mail_settings, mail(disable_ssl="perhaps"), "disable_ssl.*true or false"),
        (mail_settings, mail(start_tls=True), "start_tls"),
        (aws_access, aws("AKIA"), "half a key"),
        (aws_access, aws(config_kwargs={"retries": {}}), "config_kwargs"),
        (aws_access, aws(role_arn="r", assume_role_method="assume_role_with_saml"), "with_saml"),
        (aws_access, aws(role_arn="r", assume_role_kwargs={"Policy": "p"}), "ExternalId"),
    ],
)
def test_what_cannot_be_had_is_refused_with_its_cure(
    translate: Callable[[Connection], object], connection: Connection, said: str
) -> None:
    """Leaving it out in silence would use another server, or another security, than the connection says."""
    with pytest.raises(SettingsError, match=said) as told:
        translate(connection)
    assert told.value.cure
    assert SECRET not in str(told.value)


def test_no_password_is_in_a_connections_repr() -> None:
    """Neither of what Airflow gave nor of what was made of it."""
    both = f"{store(extra={'sslpassword': SECRET})!r}{aws_access(aws('AKIA', SECRET, aws_session_token=SECRET))!r}"
    assert SECRET not in both
