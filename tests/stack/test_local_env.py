"""`local.env`: secrets kept, addresses renewed."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from dotenv import dotenv_values

from fraud_scorer.settings import Settings
from fraud_stack.local_env import SECRETS, chosen_by_the_user, in_force, write_local_env
from fraud_stack.options import StackOptions, parse_ports
from fraud_stack.run import leave_out_the_users_own
from fraud_stack.services import servers
from fraud_stack.terminal import Terminal


@pytest.fixture
def options(tmp_path: Path) -> StackOptions:
    """A stack in a folder of the test's own."""
    return StackOptions(tmp_path, tmp_path / "data")


def test_only_its_owner_can_read_it(options: StackOptions) -> None:
    """The file holds secrets: mode 600, from its first byte on."""
    write_local_env(options)
    assert stat.S_IMODE((options.data_dir / "local.env").stat().st_mode) == 0o600


def test_secrets_are_made_once_and_addresses_at_each_start(options: StackOptions) -> None:
    """A second start has the same keys, else landed bytes could not be read; its ports may be others."""
    first = write_local_env(options)
    second = write_local_env(replace(options, ports=parse_ports("payments=9999")))
    assert {name: first[name] for name in SECRETS} == {name: second[name] for name in SECRETS}
    assert ":8090/" in first["PAYMENTS_API_URL"]
    assert ":9999/" in second["PAYMENTS_API_URL"]
    assert len({first[name] for name in SECRETS}) == len(SECRETS)


def test_the_settings_can_read_it(options: StackOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is a setting's, a service's or the stack's own, and the values pass the settings' checks."""
    values = write_local_env(options)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings = Settings(_env_file=options.data_dir / "local.env")
    assert settings.payments_api_url.endswith("?start={start}&end={end}")
    assert settings.fraud_data_dir == options.data_dir
    Fernet(settings.fraud_landing_keys.get_secret_value())
    ours = {name for name in values if not name.startswith(("STACK_", "AIRFLOW__"))}
    assert {name.lower() for name in ours} <= set(Settings.model_fields)
    assert dotenv_values(options.data_dir / "local.env", interpolate=False) == values


def test_what_the_user_has_of_their_own_is_not_started(options: StackOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payments API in .env replaces the simulator, a mail server the mailbox, a database the embedded one."""
    for name in ("PAYMENTS_API_URL", "SMTP_HOST", "FRAUD_DB_URL"):
        monkeypatch.delenv(name, raising=False)
    (options.checkout / ".env").write_text("PAYMENTS_API_URL=https://pay.example/api\nSMTP_HOST=\n")
    monkeypatch.setenv("FRAUD_DB_URL", "postgresql+psycopg2://me@db.example/fraud_db")
    chosen = leave_out_the_users_own(options, Terminal())
    assert chosen.without == {"payments", "fraud-db"}
    values = write_local_env(chosen) | chosen_by_the_user(options.checkout)
    assert values["PAYMENTS_API_URL"] == "https://pay.example/api"
    assert {"payments", "mailbox"} & set(servers(chosen, values)) == {"mailbox"}


def test_keys_of_the_users_own_go_before_those_that_were_made(
    options: StackOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was landed under the generated key can still be read after the user has chosen another."""
    monkeypatch.delenv("FRAUD_LANDING_KEYS", raising=False)
    kept = write_local_env(options)
    assert in_force(kept, options.checkout)["FRAUD_LANDING_KEYS"] == kept["FRAUD_LANDING_KEYS"]
    (options.checkout / ".env").write_text("FRAUD_LANDING_KEYS=theirs\n")
    assert in_force(kept, options.checkout)["FRAUD_LANDING_KEYS"] == f"theirs,{kept['FRAUD_LANDING_KEYS']}"


def test_each_service_gets_no_more_secrets_than_it_needs(
    options: StackOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulator, the mailbox and the dashboard see neither the keys nor the owner's login to fraud_db."""
    monkeypatch.delenv("FRAUD_DB_URL", raising=False)
    values = write_local_env(options)
    urls = {values[name] for name in ("FRAUD_DB_URL", "FRAUD_DB_OWNER_URL", "FRAUD_DB_ALERTER_URL")}
    secret = {values[name] for name in SECRETS} | urls
    allowed = {
        "dashboard": {values["FRAUD_DASHBOARD_SIGNING_KEY"]},
        "mailbox": {values["STACK_MAILBOX_PASSWORD"]},
    }
    for name in ("payments", "mailbox", "dashboard"):
        assert secret & set(servers(options, values)[name].environment.values()) == allowed.get(name, set())
    assert "fraud_dashboard:" in servers(options, values)["dashboard"].environment["DASHBOARD_DB_URL"]


def test_everything_listens_on_this_machine_only(options: StackOptions) -> None:
    """No command line names another address than 127.0.0.1."""
    services = servers(options, write_local_env(options))
    for name in ("payments", "mailbox", "dashboard"):
        assert "127.0.0.1" in services[name].argv
    assert not any("0.0.0.0" in word for service in services.values() for word in service.argv)


def test_the_local_endpoint_is_what_boto3_speaks_to(options: StackOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for, it is started and named in the settings; a user with an endpoint of their own keeps that one."""
    monkeypatch.delenv("SAGEMAKER_ENDPOINT", raising=False)
    assert "endpoint" not in servers(options, write_local_env(options))
    wanted = replace(options, endpoint=True)
    values = write_local_env(wanted)
    assert values["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"].endswith(":8091")
    assert values["SAGEMAKER_ENDPOINT"] in servers(wanted, values)["endpoint"].argv
    (options.checkout / ".env").write_text("SAGEMAKER_ENDPOINT=theirs\n")
    own = leave_out_the_users_own(wanted, Terminal())
    assert "endpoint" not in servers(own, write_local_env(own))
    assert "AWS_ACCESS_KEY_ID" not in write_local_env(own)


def test_a_password_may_begin_with_a_hyphen(options: StackOptions) -> None:
    """A generated secret is random text; it comes in the environment, where no word is taken for an option."""
    values = write_local_env(options) | {"STACK_MAILBOX_PASSWORD": "-secret"}
    assert servers(options, values)["mailbox"].environment["MAIL_PASSWORD"] == "-secret"
