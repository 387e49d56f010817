"""The alert rules in force. A file that breaks while the pipeline runs keeps no payment from being stored."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import structlog

from fraud_common.errors import SettingsError
from fraud_scorer.alerting.channels import chats_set
from fraud_scorer.alerting.routing import RoutingRules, read_routing_rules
from fraud_scorer.settings import Settings

log = structlog.get_logger()

KEPT = "alert-rules.kept.yaml"  # in the data folder: the last rules that could be used


def rules_as_written(settings: Settings) -> RoutingRules:
    """What ALERT_RULES says. Raises SettingsError as `read_routing_rules`."""
    return read_routing_rules(settings.alert_rules, recipients=settings.recipients, chats=chats_set(settings))


def rules_in_force(settings: Settings) -> RoutingRules:
    """What ALERT_RULES says; where it cannot be used, what it said last; else all recipients are told of all.

    Never raises: `fraud-scorer check` and a start of `make run` refuse wrong rules, the watchdog mails the operator.
    """
    kept = settings.fraud_data_dir / KEPT
    try:
        rules = rules_as_written(settings)
    except SettingsError as error:
        log.error("The alert rules cannot be used; the last ones that could are.", action="load", fault=str(error))
        return _fallback(settings, kept)
    if settings.alert_rules is not None:
        _keep(settings.alert_rules, kept)
    return rules


def _fallback(settings: Settings, kept: Path) -> RoutingRules:
    usual, chats = settings.recipients or (settings.alert_operator,), chats_set(settings)
    if kept.exists():
        with suppress(SettingsError):
            return read_routing_rules(kept, recipients=usual, chats=chats)
    return read_routing_rules(None, recipients=usual, chats=chats)


def _keep(rules: Path, kept: Path) -> None:
    """A copy for the day when the file breaks; a full disk is no reason to store nothing."""
    with suppress(OSError):
        text = rules.read_bytes()
        if not kept.exists() or kept.read_bytes() != text:
            fresh = kept.with_suffix(".new")
            fresh.write_bytes(text)
            fresh.replace(kept)
