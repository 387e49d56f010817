"""`fraud-scorer check`: tries each setting and connection; a result says what is wrong and how to mend it."""

from __future__ import annotations

import smtplib
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import requests

from fraud_common.errors import ArtifactError, FraudScorerError, SettingsError
from fraud_common.masked_url import masked_url, masked_urls
from fraud_common.text import probability_text
from fraud_scorer.domain.batches import Batch
from fraud_scorer.store.schema.migrate import pending_migrations, report_settings
from fraud_scorer.use_cases.check.answer import judge_answer
from fraud_scorer.use_cases.check.logins import describe_logins
from fraud_scorer.use_cases.check.production import PRODUCTION
from fraud_scorer.use_cases.check.surroundings import Surroundings, seen_from_here
from fraud_scorer.use_cases.local_stack import belongs_to_it, stopped

if TYPE_CHECKING:
    from fraud_scorer.settings import Settings
    from fraud_scorer.wiring import Parts

PATIENCE_SECONDS = 5.0
SETTINGS_OF_THE_STACK = {
    "payments API": "PAYMENTS_API_URL",
    "fraud_db": "FRAUD_DB_URL",
    "logins": "FRAUD_DB_URL",
    "SageMaker": "SAGEMAKER_ENDPOINT",
    "mail server": "SMTP_PORT",
    "dashboard": "DASHBOARD_URL",
}


@dataclass(frozen=True)
class CheckResult:
    """The result of one check. ``cure`` is empty if there is nothing to do; ``ok`` with a cure is a warning."""

    name: str
    ok: bool
    found: str
    cure: str = ""


def run_checks(parts: Parts, *, production: bool = False, seen: Surroundings | None = None) -> list[CheckResult]:
    """Run every check, each on its own: a failing check hides no other.

    A weak point of the surroundings (``seen``) is a warning, and with ``production`` a failure. Passed checks of the
    surroundings are reported with ``production`` only.
    """
    seen = seen or seen_from_here(parts.settings)
    return _connections_and_files(parts) + _exposure(seen, production)


def _exposure(seen: Surroundings, production: bool) -> list[CheckResult]:
    found = [_run_check(name, partial(check, seen)) for name, check in PRODUCTION.items()]
    return found if production else [replace(finding, ok=True) for finding in found if not finding.ok]


def _connections_and_files(parts: Parts) -> list[CheckResult]:
    checks: dict[str, Callable[[Parts], str | CheckResult]] = {
        "data folder": _data_folder,
        "keys": _keys,
        "landing": _landing,
        "payments API": _payments_api,
        "fraud_db": _fraud_db,
        "logins": _logins,
        "model": _model,
        **({"shadow model": _shadow_model} if parts.settings.shadow_artifacts else {}),
        "SageMaker": _sagemaker,
        "alert rules": _alert_rules,
        "mail server": _mail_server,
        "dashboard": _dashboard,
    }
    down, cure = stopped(parts.settings)
    first = [CheckResult("stack", False, down, cure)] if down else []
    found = [_run_check(name, partial(check, parts)) for name, check in checks.items()]
    return first + [_explain_stopped_stack(finding) if down else finding for finding in found]


def _explain_stopped_stack(finding: CheckResult) -> CheckResult:
    """Replace the cure of a check that fails because the stack does not run."""
    setting = SETTINGS_OF_THE_STACK.get(finding.name)
    if finding.ok or setting is None or not belongs_to_it(setting):
        return finding
    return replace(finding, cure="It starts with the stack")


def _run_check(name: str, check: Callable[[], str | CheckResult]) -> CheckResult:
    try:
        found = check()
        return found if isinstance(found, CheckResult) else CheckResult(name, True, masked_urls(found))
    except FraudScorerError as error:
        return CheckResult(name, False, error.what, error.cure)
    except (OSError, smtplib.SMTPException, requests.RequestException) as error:
        said = masked_urls(f"{type(error).__name__}: {error}")
        return CheckResult(name, False, said, CURES.get(name, "Let this user read it"))


CURES = {
    "data folder": "Set FRAUD_DATA_DIR to a folder that this user can write",
    "landing": "Set FRAUD_LANDING to a folder that this user can write, or leave it empty",
    "payments API": "Set PAYMENTS_API_URL to an address that answers from this machine",
    "mail server": "Set SMTP_HOST, SMTP_PORT, SMTP_SECURITY, SMTP_USER and SMTP_PASSWORD to those of your mail server",
    "dashboard": "Start the dashboard, or set DASHBOARD_URL to where it runs: links in mails lead there",
}


def _data_folder(parts: Parts) -> str:
    return _require_writable(parts.settings.fraud_data_dir)


def _require_writable(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"probe")
    return str(folder.resolve())


def _keys(parts: Parts) -> str:
    _ = parts.files.cipher
    return f"landing keys fit; card tokens are made with key {parts.source.tokens.key_id}"


def _landing(parts: Parts) -> str:
    if parts.files.replicator:
        return parts.files.replicator.probe()
    chosen = parts.settings.fraud_landing
    return _require_writable(Path(chosen)) if chosen else "in the data folder"


def _payments_api(parts: Parts) -> str:
    config = parts.source.transform_config  # a field map that is wrong in itself is told before anything is asked
    where = _require_connection(parts.settings.payments_api_url)
    if not parts.source.api.windowed:
        return f"{where} is reached; not asked, for its answer would be lost"
    now = datetime.now(UTC)
    batch = Batch.of_minute(now - timedelta(minutes=2))
    answer = parts.source.api.ask(batch, deadline=now + timedelta(seconds=PATIENCE_SECONDS))
    return f"{where} answered {answer.http_status}: {judge_answer(answer, config)}"


def _require_connection(url: str) -> str:
    """Connect; gives host and port, or the scheme of a source that names no host."""
    address = urlsplit(url)
    port = address.port or {"http": 80, "https": 443}.get(address.scheme)
    if not address.hostname or port is None:
        return f"{address.scheme}://"
    socket.create_connection((address.hostname, port), PATIENCE_SECONDS).close()
    return f"{address.hostname}:{port}"


def _fraud_db(parts: Parts) -> str:
    pending = pending_migrations(parts.settings.fraud_db_url.get_secret_value())
    if pending:
        waiting = "1 migration is" if len(pending) == 1 else f"{len(pending)} migrations are"
        raise SettingsError(f"{waiting} pending", "Run `fraud-scorer migrate`")
    _require_report_settings(parts.settings)
    return "reached, schema is current"


def _logins(parts: Parts) -> str:
    settings = parts.settings
    others = {"sends": settings.fraud_db_alerter_url, "migrates": settings.fraud_db_owner_url}
    return describe_logins(
        settings.fraud_db_url.get_secret_value(), {task: url.get_secret_value() for task, url in others.items()}
    )


def _require_report_settings(settings: Settings) -> None:
    """Refuse a report whose time zone, label delay or currency differs from the settings."""
    there = report_settings(settings.fraud_db_url.get_secret_value())
    ours = (settings.fraud_time_zone, settings.fraud_label_delay_days, settings.fraud_currency)
    if there != ours:
        raise SettingsError(
            f"its report counts days in {there[0]}, labels after {there[1]:g} days and sums in {there[2]}; "
            f"the settings say {ours[0]}, {ours[1]:g} and {ours[2]}",
            "Run `fraud-scorer migrate`: it writes the settings into the database",
        )


def _alert_rules(parts: Parts) -> str:
    from fraud_scorer.wiring.alert_routing import rules_as_written

    rules, file = rules_as_written(parts.settings), parts.settings.alert_rules
    return f"{len(rules.rules)} in {file}" if file else f"none: all is told to {', '.join(rules.otherwise)}"


def _model(parts: Parts) -> str:
    trained, settings = parts.scoring.model.manifest, parts.settings
    ours = (settings.fraud_time_zone, settings.fraud_label_delay_days)
    theirs = (trained.get("time_zone", ours[0]), float(trained.get("label_delay_days", ours[1])))
    if theirs != ours:
        raise SettingsError(
            f"the model was trained for {theirs[0]} and labels after {theirs[1]:g} days, the settings say "
            f"{ours[0]} and {ours[1]:g}: local hours and merchant profiles mean another thing to it",
            "Train it for these: fraud-scorer train --time-zone … --label-delay …, or change FRAUD_TIME_ZONE and "
            "FRAUD_LABEL_DELAY_DAYS",
        )
    flags_from = probability_text(parts.scoring.threshold)
    signed = ", signed" if settings.fraud_model_public_key else ""
    model = parts.scoring.model
    return f"{model.model_hash[:12]}, {len(model.features)} inputs, flags from {flags_from} on{signed}"


def _shadow_model(parts: Parts) -> str:
    from fraud_scorer.scoring.artifacts import load_artifacts

    folder = parts.settings.shadow_artifacts
    assert folder is not None
    try:
        shadow = load_artifacts(folder, parts.settings.fraud_model_public_key)
    except ArtifactError as error:
        signed = " and `model sign` signed" if parts.settings.fraud_model_public_key else ""
        cure = f"Set SHADOW_ARTIFACTS to a folder that `fraud-scorer train` wrote{signed}"
        raise SettingsError(error.what, cure) from None
    return f"{shadow.model_hash[:12]} scores along and alerts nobody"


def _sagemaker(parts: Parts) -> str | CheckResult:
    endpoint = parts.settings.sagemaker_endpoint
    if parts.settings.scorer == "local" or not endpoint:
        return "not used: the local model scores"
    nothing_known = np.full((1, len(parts.scoring.model.features)), np.nan, np.float32)
    scores = parts.scoring.endpoint.score(nothing_known, reference="check")
    if scores.variant == parts.scoring.endpoint.variant:
        return f"{endpoint} answered as {scores.variant}"
    return CheckResult(
        "SageMaker",
        True,
        f"{endpoint} answered as {scores.variant or 'unnamed'}, which does not say which model that is: its scores are "
        f"taken as those of the model here ({parts.scoring.endpoint.variant})",
        "Compare the two: `fraud-scorer sagemaker parity`. To refuse such scores, set SAGEMAKER_MODEL_CHECK=strict",
    )


def _mail_server(parts: Parts) -> str:
    with parts.alerting.smtp() as mailer:
        mailer.probe()
    return f"{parts.settings.smtp_host}:{parts.settings.smtp_port} is ready"


def _dashboard(parts: Parts) -> str | CheckResult:
    link = parts.settings.dashboard_url
    url = parts.settings.dashboard_check_url or link
    try:
        requests.get(f"{url}/_stcore/health", timeout=PATIENCE_SECONDS).raise_for_status()
    except requests.RequestException as error:  # its text holds the address without its scheme
        return CheckResult(
            "dashboard", False, f"{masked_url(url)} gave no answer ({type(error).__name__})", CURES["dashboard"]
        )
    return f"{url} is up" if url == link else f"{url} is up; links in mails lead to {link}"
