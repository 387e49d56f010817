"""`fraud-scorer watch`: the watchdog. It runs outside Airflow, because Airflow can stop working and look healthy.

It looks at the ledger alone, remembers on disk, and mails the operator straight through the mail server (``fraud_db``
may be what is down): once when an incident begins, once when it is over, each under one Message-ID however often
it has to be tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from fraud_common.errors import FraudScorerError, TransientError
from fraud_common.text import count_text
from fraud_scorer.alerting.operator_mail import operator_message
from fraud_scorer.domain.ports import Mailer, Message
from fraud_scorer.monitoring.incidents import (
    FALLBACK_WITHIN,
    NAMES,
    RULES,
    UNREACHABLE_AFTER,
    Finding,
    Findings,
    judge_alert_rules,
    judge_copying,
    judge_ledger,
    judge_outage,
)
from fraud_scorer.monitoring.step_failures import Failure
from fraud_scorer.monitoring.watchdog_state import Incident, StateFile, WatchdogState
from fraud_scorer.store.health import LedgerSnapshot

log = structlog.get_logger()

CALM = timedelta(minutes=1)  # so long an incident must not be seen to be over
ABSENCE = timedelta(minutes=2)  # nobody watched for so long (a deliberate stop, say): watching begins anew
MAX_ERROR_LENGTH = 300
Channels = Callable[[], AbstractContextManager[Mapping[str, Mailer]]]


class Ledger(Protocol):
    """The run ledger, as the watchdog reads it."""

    def look(self, now: datetime, *, fallback_seconds: float) -> LedgerSnapshot:
        """Raises FraudScorerError if it gives no answer."""


@dataclass(frozen=True)
class Operator:
    """The operator's address, and how messages are named."""

    address: str
    domain: str  # of Message-IDs
    page_url: str = ""


class Watchdog:
    """Looks at the ledger, keeps incidents, tells the operator.

    Args:
        ledger: the run ledger.
        channels: opens the mail server (and the chat, if there is one); recipients are the operator's.
        state: the file of open incidents.
        operator: who is told.
        silent_after: how long the API may give no payment; zero: for ever.
        interval: between two looks.
        uncopied_since: when the oldest landed batch was closed that the bucket lacks; None: there is no bucket.
        rules_fault: why the alert rules cannot be used; empty if they can.
        failures: of the steps that have not worked since, in the order of a run.
    """

    def __init__(
        self,
        ledger: Ledger,
        channels: Channels,
        state: StateFile,
        operator: Operator,
        *,
        silent_after: timedelta,
        interval: timedelta = timedelta(seconds=30),
        uncopied_since: Callable[[], datetime | None] | None = None,
        rules_fault: Callable[[], str] = str,
        failures: Callable[[], Sequence[Failure]] = tuple,
    ) -> None:
        self._ledger, self._channels, self._state, self._operator = ledger, channels, state, operator
        self._silent_after, self._uncopied_since, self._rules_fault = silent_after, uncopied_since, rules_fault
        self._failures = failures
        self._absence = max(ABSENCE, 3 * interval)
        self._memory = state.read()

    def look(self, now: datetime) -> str:
        """Look once: open and close incidents, send the messages that are due; gives a sentence for the log."""
        memory = self._memory
        if memory.last_look is None or now - memory.last_look > self._absence:
            memory.watching_since = now
        memory.last_look = now
        findings, ledger_text = self._findings(memory, now)
        _remember(memory, findings | self._uncopied(now) | {RULES: judge_alert_rules(self._rules_fault())}, now)
        self._keep()
        unsent = self._send_due() if memory.incidents else ""
        self._keep()
        return _sentence(memory, ledger_text, unsent)

    def _keep(self) -> None:
        """A full disk keeps nobody from being told: what was done is remembered while this object lives."""
        try:
            self._state.keep(self._memory)
        except TransientError as error:
            log.error("The watchdog cannot write down what it saw.", action="watch", fault=error.what)

    def _uncopied(self, now: datetime) -> Findings:
        try:
            return judge_copying(self._uncopied_since() if self._uncopied_since else None, now)
        except FraudScorerError as error:
            log.error("The watchdog cannot see what has landed.", action="watch", fault=error.what)
            return {}

    def _findings(self, memory: WatchdogState, now: datetime) -> tuple[Findings, str]:
        try:
            seen = self._ledger.look(now, fallback_seconds=FALLBACK_WITHIN.total_seconds())
        except FraudScorerError as error:
            memory.unreachable_since = memory.unreachable_since or now
            return judge_outage(error, memory.unreachable_since, now), error.what
        if memory.unreachable_since and now - memory.unreachable_since >= UNREACHABLE_AFTER:
            memory.watching_since = now  # what could not be loaded meanwhile needs its time
        memory.unreachable_since = None
        since = memory.watching_since or now
        findings = judge_ledger(
            seen, watching_since=since, now=now, silent_after=self._silent_after, failures=self._failures()
        )
        return findings, _ledger_text(seen, now)

    def _send_due(self) -> str:
        """Send what is due; the last fault, empty if all was sent. What cannot be sent is due again next time."""
        fault = ""
        with self._channels() as channels:
            for name, incident in list(self._memory.incidents.items()):
                for channel, mailer in channels.items():
                    fault = self._send(channel, mailer, incident) or fault
                if incident.over_at and set(channels) <= set(incident.over_told):
                    del self._memory.incidents[name]
        return fault

    def _send(self, channel: str, mailer: Mailer, incident: Incident) -> str:
        told = incident.over_told if incident.over_at else incident.told
        if channel in told:
            return ""
        try:
            if incident.over_at:
                mailer.send(
                    self._message(channel, f"{incident.label}.over", _over_finding(channel, incident), incident.over_at)
                )
            else:
                mailer.send(self._message(channel, f"{incident.label}.began", incident.finding, incident.since))
        except FraudScorerError as error:
            return error.what[:MAX_ERROR_LENGTH]
        told.append(channel)
        log.info("Told the operator.", action="watch", incident=incident.name, over=incident.over_at is not None)
        return ""

    def _message(self, channel: str, label: str, finding: Finding, now: datetime) -> Message:
        return operator_message(
            message_id=f"{label}.{channel}@{self._operator.domain}",
            recipient=self._operator.address if channel == "email" else channel,
            title=finding.title,
            lines=finding.lines,
            facts=finding.facts,
            action=finding.action,
            now=now,
            page_url=self._operator.page_url,
            channel=channel,
        )


def _over_finding(channel: str, incident: Incident) -> Finding:
    """The message that an incident is over."""
    assert incident.over_at is not None
    untold = () if channel in incident.told else ("That it had begun could not be told at the time.",)
    return Finding(
        title=f"Over: {NAMES.get(incident.name, incident.finding.title)}",
        lines=(f"“{incident.finding.title}” is over.", *untold),
        action="Nothing is to be done.",
        facts={
            "From": f"{incident.since:%Y-%m-%d %H:%M:%S} UTC",
            "To": f"{incident.over_at:%Y-%m-%d %H:%M:%S} UTC",
        },
    )


def watch(
    dog: Watchdog,
    *,
    interval_seconds: float,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    rounds: int | None = None,
) -> None:
    """Look again and again (``rounds`` times; None: for ever). Whatever goes wrong in one round, there is a next."""
    done = 0
    while rounds is None or done < rounds:
        if done:
            sleep(interval_seconds)
        done += 1
        try:
            log.info(dog.look(now()), action="watch")
        except Exception as error:  # the watchdog outlives what it watches
            log.error("A look failed; the next one comes.", action="watch", fault=f"{type(error).__name__}: {error}")


def _remember(memory: WatchdogState, findings: Findings, now: datetime) -> None:
    """Open what is new, end what has not been seen for a while; an incident that was not told at all ends like any."""
    for name, finding in findings.items():
        incident = memory.incidents.get(name)
        if finding is not None and (incident is None or (incident.over_at and incident.over_told)):
            memory.incidents[name] = Incident(name, now, finding)
        elif finding is not None and incident is not None:
            incident.fine_since, incident.over_at = None, None
        elif incident is not None:
            incident.fine_since = incident.fine_since or now
            if now - incident.fine_since >= CALM:
                incident.over_at = incident.over_at or incident.fine_since


def _ledger_text(seen: LedgerSnapshot, now: datetime) -> str:
    if seen.last_completed_at is None:
        return "no minute has completed yet"
    ago = (now - seen.last_completed_at).total_seconds()
    waiting = f"{count_text(seen.waiting, 'batch', 'batches')} and {count_text(seen.mails_waiting, 'mail')} waiting"
    return f"a minute completed {ago:.0f} s ago, {waiting}"


def _sentence(memory: WatchdogState, ledger_text: str, unsent: str) -> str:
    incidents = ", ".join(sorted(memory.incidents)) or "none"
    told = f"; the operator could not be told: {unsent}" if unsent else ""
    return f"Watching: {ledger_text}; incidents: {incidents}{told}"
