"""Every setting, typed and strict: one class, read once.

Sources, strongest first: Airflow's connections (in its tasks only, see ``connections``), the environment,
``.env`` in the working folder, what ``make run`` generated (``local.env`` in the environment's FRAUD_DATA_DIR; in
``.data`` where that names none).
``.env.example`` lists the same names; a test holds the two equal.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from fraud_common.env_file import CURE, ambiguous_values, dollar_fault, read_env_file
from fraud_common.errors import SettingsError
from fraud_scorer.settings.values import (
    CardKeys,
    DatabaseUrl,
    FolderOrBucket,
    LandingKeys,
    NoOrDatabaseUrl,
    Seconds,
    ZoneName,
)

GENERATED_FILE, USERS_FILE = ".data/local.env", ".env"
KEY_LISTS = ("fraud_card_keys", "fraud_landing_keys")
OTHER_LOGINS = ("fraud_db_owner_url", "fraud_db_admin_url", "fraud_db_alerter_url")  # of the database of fraud_db_url
PREFIXES = (
    "FRAUD_",
    "PAYMENTS_API_",
    "SAGEMAKER_",
    "SCORER",
    "SHADOW_",
    "SMTP_",
    "ALERT_",
    "DAILY_",
    "DASHBOARD_URL",
    "WATCH_",
)
KNOWN_PREFIXES = (*PREFIXES, "AIRFLOW_", "AWS_", "DASHBOARD_", "DOCKER_")  # what is read in `.env`, also by others


class Settings(BaseSettings):
    """The whole configuration; a field's name in capitals is its name in the environment."""

    model_config = SettingsConfigDict(
        env_file=(GENERATED_FILE, USERS_FILE), env_ignore_empty=True, extra="ignore", frozen=True
    )

    # the payments API
    payments_api_url: str = Field(
        "http://127.0.0.1:8090/current-transactions?start={start}&end={end}",
        description="Where payments come from; with {start} and {end} (ISO, UTC) it is asked for exactly a minute",
    )
    payments_api_headers: SecretStr = Field(
        SecretStr(""), description='Sent with each call, as JSON: {"Name": "value"}'
    )
    payments_api_fields: Path | None = Field(None, description="A field map (YAML): their name: ours")
    payments_api_time_zone: ZoneName = Field("UTC", description="The zone of event times that name none")
    payments_api_calls_per_run: int = Field(1, ge=1, le=1000, description="Calls a minute")
    payments_api_timeout_seconds: Seconds = Field(5.0, description="One call's limit")
    payments_api_budget_seconds: Seconds = Field(
        20.0, le=20, description="All of a minute's calls' limit; twice this must fit into the task's time-out"
    )
    payments_api_max_bytes: int = Field(67_108_864, gt=0, description="An answer larger than this is refused")
    payments_api_look_back_minutes: int = Field(
        120, ge=0, description="How far back missed minutes are asked for (windowed API only)"
    )
    payments_api_lag_minutes: int = Field(
        0,
        ge=0,
        le=1440,
        description="How late the API may show a payment: each minute's window begins so much earlier, repeats change "
        "nothing (windowed API only)",
    )

    # the store and the disk
    fraud_db_url: DatabaseUrl = Field(
        SecretStr("postgresql+psycopg2://fraud:fraud@127.0.0.1:5433/fraud_db"),
        description="PostgreSQL's fraud_db by the pipeline's login, fraud_writer; alone it must be the owner's",
    )
    fraud_db_owner_url: NoOrDatabaseUrl = Field(
        SecretStr(""), description="The login that migrates, fraud_owner; empty: FRAUD_DB_URL"
    )
    fraud_db_admin_url: NoOrDatabaseUrl = Field(
        SecretStr(""),
        description="Who makes database, roles and logins for `migrate`: a superuser or a hosted server's master; "
        "empty: the owner",
    )
    fraud_db_alerter_url: NoOrDatabaseUrl = Field(
        SecretStr(""), description="The login that sends messages, fraud_alerter; empty: FRAUD_DB_URL"
    )
    fraud_dashboard_db_password: SecretStr = Field(
        SecretStr(""), description="Password of the role fraud_dashboard, the dashboard's; empty: no such login is made"
    )
    fraud_dashboard_signing_key: SecretStr = Field(
        SecretStr(""),
        description="With which the dashboard signs who judged, 32 letters or more, known to it and to `migrate` alone",
    )
    fraud_auditor_db_password: SecretStr = Field(
        SecretStr(""), description="Password of the role fraud_auditor, which reads all records; empty: no such login"
    )
    fraud_data_dir: Path = Field(Path(".data"), description="Landed bytes and the work between two steps")
    fraud_landing: FolderOrBucket = Field(
        "",
        description="Where landed bytes are kept: a folder, or s3://bucket/prefix (then on disk first); "
        "empty: landing/ in FRAUD_DATA_DIR",
    )
    fraud_landing_keys: LandingKeys = Field(
        SecretStr(""), description="Fernet keys for landed bytes, comma separated; the first encrypts"
    )
    fraud_landing_keep_days: int = Field(
        30, ge=1, description="Landed bytes, quarantined records and sent messages' texts are purged after so many days"
    )
    fraud_payments_keep_days: int = Field(
        730,
        ge=90,
        description="Payments, with their decision and former bodies, are purged so long after they happened",
    )
    fraud_history_keep_days: int = Field(
        400, ge=90, description="A payment's former bodies and decisions are purged so long after they were replaced"
    )
    fraud_labels_keep_days: int = Field(
        730, ge=90, description="Labels stay as long as their payment, and at least so long after they came"
    )
    fraud_outbox_keep_days: int = Field(
        400, ge=30, description="That a message was sent, to whom and about what, is purged after so many days"
    )
    fraud_shadow_keep_days: int = Field(180, ge=1, description="Shadow scores are purged after so many days")
    fraud_landing_index_keep_days: int = Field(
        400, ge=1, description="The lines on landed answers are purged after so many days, but not before their bytes"
    )
    fraud_quarantine_keep_days: int = Field(
        400, ge=1, description="Reasons of quarantined records are purged after so many days, not before the records"
    )
    fraud_card_keys: CardKeys = Field(
        SecretStr(""), description="Keys of the card tokens as id:key, comma separated; the first one is used"
    )

    # what is decided, and how
    fraud_threshold: float | None = Field(
        None, ge=0, le=1, description="A payment is flagged from this probability on; empty: the model's recommendation"
    )
    fraud_artifacts: Path = Field(Path("model/artifacts"), description="The model in force")
    fraud_model_public_key: str = Field(
        "",
        description="Public keys of `fraud-scorer model keygen`, comma separated: a model that none of them signed is "
        "refused; empty: no signature is asked for",
    )
    shadow_artifacts: Path | None = Field(None, description="A second model that scores along and never alerts")
    fraud_currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Of amounts that name none")
    fraud_time_zone: ZoneName = Field("UTC", description="The zone of the report's days and of local hours")
    fraud_label_delay_days: float = Field(7.0, ge=0, description="A payload's label counts as known after this")
    fraud_batches_per_run: int = Field(30, ge=1, description="Waiting batches one run takes at most")
    scorer: Literal["auto", "sagemaker", "local"] = Field(
        "auto", description="auto: SageMaker where an endpoint is set, the local model if it fails"
    )
    sagemaker_endpoint: str = Field("", description="The endpoint's name; empty: score locally")
    sagemaker_model_check: Literal["record", "strict"] = Field(
        "record",
        description="Of an endpoint that `sagemaker deploy` did not make, so that no answer says which model gave it. "
        "record: its scores are taken, check and log warn, the ledger keeps the variant; strict: they are refused",
    )
    sagemaker_budget_seconds: Seconds = Field(
        20.0, le=40, description="The whole scoring step's limit on the endpoint; below the task's time-out"
    )
    sagemaker_connect_seconds: Seconds = Field(2.0, description="One call's limit to connect")
    sagemaker_read_seconds: Seconds = Field(8.0, description="One call's limit to answer")
    sagemaker_max_body_bytes: int = Field(6_291_456, gt=0, description="Bodies are cut below this")
    sagemaker_breaker_failures: int = Field(3, ge=1, description="Failed minutes in a row that open the breaker")
    sagemaker_breaker_pause_seconds: Seconds = Field(300.0, description="How long an open breaker asks nothing")

    # mail
    smtp_host: str = Field("127.0.0.1", description="The mail server")
    smtp_port: int = Field(1025, ge=1, le=65535, description="Its port")
    smtp_security: Literal["none", "starttls", "tls"] = Field("none", description="How the connection is secured")
    smtp_user: str = Field("", description="Empty: no login")
    smtp_password: SecretStr = Field(SecretStr(""), description="The login's password")
    smtp_timeout_seconds: Seconds = Field(10.0, le=50, description="One message's limit; shorter than its lease (60 s)")
    alert_from: str = Field("Fraud scorer <fraud-scorer@localhost>", description="Sender")
    alert_recipients: str = Field("analyst@localhost", description="Who is told of frauds, comma separated")
    alert_rules: Path | None = Field(
        None,
        description="Who is told of what, by amount, category and probability (YAML); empty: all recipients of all",
    )
    alert_slack_webhook: SecretStr = Field(
        SecretStr(""), description="A Slack-compatible webhook that is told as well; empty: none"
    )
    alert_operator: str = Field("operator@localhost", description="Who is told when the system itself needs someone")
    alert_max_age_hours: float = Field(
        24.0, gt=0, description="Older payments are not alerted; the morning mail lists them"
    )
    daily_report_at: str = Field(
        "07:00",
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="When the morning mail is made, on the clock of FRAUD_TIME_ZONE",
    )
    watch_no_payments_minutes: int = Field(
        15, ge=0, description="The watchdog tells the operator when no payment has come for so long; 0: never"
    )
    dashboard_url: str = Field("http://127.0.0.1:8501", description="Where links in mails lead")
    dashboard_check_url: str = Field("", description="Where `check` asks for the dashboard; empty: at DASHBOARD_URL")

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who is told of frauds."""
        return tuple(name.strip() for name in self.alert_recipients.split(",") if name.strip())


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings in force. Raises as `settings_with`."""
    return settings_with({})


def settings_with(given: Mapping[str, object]) -> Settings:
    """The settings in force, with ``given`` (by field) before every other source.

    Raises:
        SettingsError: a value is wrong, or a name of ours is unknown; one line each, with the nearest right name.
    """
    named = {*os.environ, *dotenv_values(USERS_FILE, interpolate=False)}
    faults = [_unknown(name) for name in sorted(named) if _is_ours(name) and name.lower() not in Settings.model_fields]
    faults += [f"{dollar_fault(name)}. {CURE}" for name in ambiguous_values(Path(USERS_FILE), KNOWN_PREFIXES)]
    try:
        settings = Settings(_env_file=None, **(_in_files() | dict(given)))  # type: ignore[arg-type]  # pydantic checks
    except ValidationError as error:
        faults += [
            f"{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}" for fault in error.errors()
        ]
        settings = None
    if faults or settings is None:
        raise SettingsError("; ".join(faults), "`.env.example` lists every setting")
    return settings.model_copy(update=_with_generated_keys(settings) | _without_foreign_logins(settings))


def _in_files() -> dict[str, object]:
    """What the files say, by field, where the environment says nothing; read here, for pydantic puts variables in."""
    environment = {name.lower() for name, value in os.environ.items() if value}
    found = {name.lower(): value for path in env_files() for name, value in read_env_file(path).items()}
    return {name: found[name] for name in found.keys() & Settings.model_fields.keys() - environment}


def model_public_key() -> str:
    """FRAUD_MODEL_PUBLIC_KEY alone: for commands that need no other setting, also in SageMaker's containers."""
    name = "FRAUD_MODEL_PUBLIC_KEY"
    return os.environ.get(name) or str(_in_files().get(name.lower(), ""))


def named_data_dir() -> Path:
    """The data folder that the environment names, else this checkout's."""
    return Path(os.environ.get("FRAUD_DATA_DIR") or Path(GENERATED_FILE).parent)


def generated_file() -> Path:
    """What ``make run`` generated, if it did: in the folder that is named, never in another stack's."""
    return named_data_dir() / Path(GENERATED_FILE).name


def env_files() -> tuple[Path, ...]:
    """The files that settings are read from, the strongest last."""
    return (generated_file(), Path(USERS_FILE))


def _with_generated_keys(settings: Settings) -> dict[str, SecretStr]:
    """The keys in force, with those that ``make run`` generated behind them: what those encrypted stays readable.

    Not where the environment names another data folder: then another stack's keys are in force.
    """
    generated = dotenv_values(generated_file(), interpolate=False)
    if os.environ.get("FRAUD_DATA_DIR", generated.get("FRAUD_DATA_DIR")) != generated.get("FRAUD_DATA_DIR"):
        return {}
    update = {}
    for name in KEY_LISTS:
        keys = [getattr(settings, name).get_secret_value(), generated.get(name.upper()) or ""]
        update[name] = SecretStr(joined_keys(*keys))
    return update


def _without_foreign_logins(settings: Settings) -> dict[str, SecretStr]:
    """Where FRAUD_DB_URL leads to a database of the user's own: none of the logins that ``make run`` generated."""
    generated = dotenv_values(generated_file(), interpolate=False)
    if settings.fraud_db_url.get_secret_value() == generated.get("FRAUD_DB_URL"):
        return {}
    known = {name: generated.get(name.upper()) for name in OTHER_LOGINS}
    return {
        name: SecretStr("") for name, url in known.items() if url and getattr(settings, name).get_secret_value() == url
    }


def joined_keys(*lists: str) -> str:
    """Comma separated lists of keys as one, each key once, the first list's in front (they encrypt).

    >>> joined_keys("a,b", "", "b,c")
    'a,b,c'
    """
    keys = [key.strip() for text in lists for key in text.split(",")]
    return ",".join(dict.fromkeys(key for key in keys if key))


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIXES)


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), Settings.model_fields, n=1)
    return f"{name} is no setting" + (f"; did you mean {near[0].upper()}?" if near else "")
