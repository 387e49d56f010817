"""The watchdog's incidents: when each begins, and what the operator is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fraud_common.errors import FraudScorerError
from fraud_common.text import count_text
from fraud_scorer.domain.batches import MINUTE
from fraud_scorer.ingest.text_checks import NUMERIC_IDS
from fraud_scorer.monitoring.step_failures import Failure
from fraud_scorer.store.health import LedgerSnapshot

STALLED_AFTER = timedelta(minutes=3)
UNREACHABLE_AFTER = timedelta(minutes=1)
MAIL_OVERDUE_AFTER = timedelta(minutes=10)
FALLBACK_WITHIN = timedelta(minutes=5)
UNSCORED_FROM = 20  # payments in a row: so many refunds and no purchase are no chance
REFUSED_FROM, REFUSED_SHARE = 20, 0.05  # records of an hour for one reason, and of all that came
UNCOPIED_AFTER = timedelta(hours=1)

DATABASE, STALLED, SILENT, UNSCORED, MAIL = "database", "stalled", "silent", "unscored", "mail"
FALLBACK, FAILED, KILLERS, BUCKET, RULES = "fallback", "failed", "killers", "bucket", "rules"
INCOMPLETE, REFUSED = "incomplete", "refused"
NAMES = {
    DATABASE: "fraud_db cannot be reached",
    STALLED: "no minute has completed",
    SILENT: "the payments API gives no payments",
    UNSCORED: "nothing that comes is scored",
    MAIL: "mail is undeliverable",
    FALLBACK: "the endpoint fails, the local model scores",
    FAILED: "minutes could not be loaded",
    KILLERS: "runs died over a batch, and it was passed",
    BUCKET: "landed minutes are not copied to the bucket",
    RULES: "the alert rules cannot be used",
    INCOMPLETE: "answers of the payments API are not all of the payments",
    REFUSED: "many records go to quarantine",
}


@dataclass(frozen=True)
class Finding:
    """What is wrong now, as the operator is told."""

    title: str
    lines: tuple[str, ...]
    action: str
    facts: Mapping[str, str] = field(default_factory=dict)


# None: looked, and it is fine. A name that is missing could not be judged: what was known of it stays.
Findings = dict[str, Finding | None]


def judge_outage(error: FraudScorerError, since: datetime, now: datetime) -> Findings:
    """``fraud_db`` gave no answer: an incident once it lasts; everything else is unknown meanwhile."""
    if now - since < UNREACHABLE_AFTER:
        return {}
    return {
        DATABASE: Finding(
            title="fraud_db cannot be reached: payments are kept, but not scored",
            lines=(
                "Each minute's payments are still being landed on disk; none is lost.",
                "When the database is back, all of them are scored, oldest first, without anyone acting.",
            ),
            action="Start PostgreSQL, or check FRAUD_DB_URL; `fraud-scorer check` says more.",
            facts={"Since": _clock(since), "It says": error.what},
        )
    }


def judge_ledger(
    seen: LedgerSnapshot,
    *,
    watching_since: datetime,
    now: datetime,
    silent_after: timedelta,
    failures: Sequence[Failure] = (),
) -> Findings:
    """Everything that one look at the ledger tells, and ``failures`` of steps that have not worked since.

    ``silent_after`` zero: nobody minds a quiet API.
    """
    findings: Findings = {
        DATABASE: None,
        STALLED: _stalled(seen, watching_since, now, failures),
        UNSCORED: _unscored(seen),
        MAIL: _mail(seen, now),
        FALLBACK: _fallback(seen),
        FAILED: _failed(seen),
        KILLERS: _killers(seen),
        INCOMPLETE: _incomplete(seen),
        REFUSED: _refused(seen),
    }
    # while minutes wait to be loaded, nobody knows yet what the API gave
    if findings[STALLED] is None and not seen.waiting:
        findings[SILENT] = _silent(seen, watching_since, now, silent_after)
    return findings


def judge_copying(since: datetime | None, now: datetime) -> Findings:
    """Whether landed batches wait too long for the bucket; ``since``: when the oldest was closed, None: none waits."""
    if since is None or now - since <= UNCOPIED_AFTER:
        return {BUCKET: None}
    return {
        BUCKET: Finding(
            title=f"Landed minutes have not been copied to the bucket for {_minutes(now - since)}",
            lines=(
                "They are on this machine's disk alone; they are scored and mailed as usual.",
                "If the bucket is new and is being filled, nothing is to be done.",
            ),
            action="See why by `fraud-scorer check`; once mended, all of them are copied without anyone acting.",
            facts={"The oldest landed": _clock(since)},
        )
    }


def _stalled(
    seen: LedgerSnapshot, watching_since: datetime, now: datetime, failures: Sequence[Failure]
) -> Finding | None:
    last = max(filter(None, (seen.last_completed_at, watching_since)))
    if now - last <= STALLED_AFTER:
        return None
    causes = [failure for failure in failures if failure.at >= now - STALLED_AFTER]
    return Finding(
        title=f"No minute has completed for {_minutes(now - last)}",
        lines=(
            *(f"`{cause.step.replace('_', '-')}` fails: {cause.what}." for cause in causes),
            *(() if causes else ("No step has failed lately: Airflow runs nothing (it may look healthy), or hangs.",)),
            "Minutes that have landed are not lost: the next run that works takes them all.",
        ),
        action=(causes[0].cure or "See `fraud-scorer check`") + "; what has waited is then taken without anyone acting."
        if causes
        else "See what `fraud-scorer check` says, then restart the Airflow scheduler; fraud_pipeline's last runs there "
        "and `fraud-scorer status` say more.",
        facts={
            "Last completed": _clock(seen.last_completed_at),
            "Last minute known": _clock(seen.last_minute),
            "Batches waiting": str(seen.waiting),
        },
    )


def _silent(seen: LedgerSnapshot, watching_since: datetime, now: datetime, silent_after: timedelta) -> Finding | None:
    last = seen.last_minute_with_payments
    ended = max(filter(None, (last + MINUTE if last else None, watching_since)))
    if not silent_after or now - ended <= silent_after:
        return None
    return Finding(
        title=f"The payments API has given no payment for {_minutes(now - ended)}",
        lines=(
            "The pipeline runs, and no new payment comes.",
            "If this is usual at this hour, set WATCH_NO_PAYMENTS_MINUTES higher.",
        ),
        action="Ask whoever runs the payments API; `fraud-scorer check` tries it.",
        facts={"Last minute with payments": _clock(last)},
    )


def _unscored(seen: LedgerSnapshot) -> Finding | None:
    if seen.unscored < UNSCORED_FROM:
        return None
    why = (
        "All their amounts are negative: they count as refunds." if seen.all_negative else "None counts as a purchase."
    )
    facts = {"Other than payments": seen.unscored_kinds} if seen.unscored_kinds else {}
    return Finding(
        title=f"None of the last {seen.unscored} {'records' if facts else 'payments'} was scored",
        lines=(why, "They are kept; frauds among them are not found."),
        action="If the API writes spending as negative amounts, declare it in the file that PAYMENTS_API_FIELDS names, "
        "amounts: {spending: negative}, or its words under kinds; then run these minutes again: `fraud-scorer replay "
        "--from ... --to ...`. `fraud-scorer check` tries the file; `fraud-scorer quarantine list` tells why records "
        "were refused.",
        facts={"Within": "15 minutes, or as long as twenty records took", **facts},
    )


def _mail(seen: LedgerSnapshot, now: datetime) -> Finding | None:
    overdue = seen.oldest_mail_at is not None and now - seen.oldest_mail_at > MAIL_OVERDUE_AFTER
    if not overdue and not seen.mails_refused:
        return None
    refused = f"{seen.mails_refused} refused for good" if seen.mails_refused else "none refused"
    return Finding(
        title="Fraud mails cannot be delivered" if overdue else "The mail server refused fraud mails",
        lines=("Analysts do not hear of frauds by mail now; the dashboard shows them.",),
        action="Check the mail server (`fraud-scorer check`). What waits is sent by itself; what was refused is sent "
        "by `fraud-scorer alerts retry`.",
        facts={
            "Waiting": f"{seen.mails_waiting}, the oldest since {_clock(seen.oldest_mail_at)}",
            "Refused": refused,
            "Last error": seen.mail_error or "none",
        },
    )


def _fallback(seen: LedgerSnapshot) -> Finding | None:
    if not seen.fallback_minutes and not seen.open_breakers:
        return None
    return Finding(
        title="The SageMaker endpoint fails: the local model scores",
        lines=("Every payment is scored, by the same model on this machine; no decision is missing.",),
        action="Look at the endpoint in SageMaker; `fraud-scorer check` asks it once.",
        facts={
            "Not asked now": ", ".join(seen.open_breakers) or "none: it is tried each minute",
            "Reason": seen.fallback_reason or "see `fraud-scorer status`",
        },
    )


def _failed(seen: LedgerSnapshot) -> Finding | None:
    if not seen.failed_minutes:
        return None
    return Finding(
        title="Minutes could not be loaded, and were passed",
        lines=("Their bytes are kept. The minutes behind them are loaded as usual.",),
        action="Mend it, and run them again: `fraud-scorer batch retry ID`, or for a range `fraud-scorer replay "
        "--from ... --to ...`; `fraud-scorer batch list` names them.",
        facts={"Minutes": str(seen.failed_minutes), "Why, the last of them": seen.failed_error},
    )


def _killers(seen: LedgerSnapshot) -> Finding | None:
    if not seen.killers:
        return None
    return Finding(
        title="Runs died over a batch, and it was passed",
        lines=(
            "Each run that took it alone was killed, or ran out of memory or time. Its bytes are kept.",
            "The minutes behind it are loaded as usual.",
        ),
        action="See its size by `fraud-scorer batch list`. Load it where there is more memory and time, on the command "
        "line: `fraud-scorer batch retry ID`. To give it up: `fraud-scorer batch pass ID --why ...`.",
        facts={"Batches": seen.killers},
    )


def _incomplete(seen: LedgerSnapshot) -> Finding | None:
    if not seen.noted_minutes:
        return None
    return Finding(
        title="Answers of the payments API are not all of the payments",
        lines=(
            "The payments that came are scored. Those on further pages, or kept back by an error there, are not here.",
            "Pages are not followed.",
        ),
        action="Let PAYMENTS_API_URL ask for pages large enough for a minute, or ask whoever runs the API; then "
        "`fraud-scorer check`.",
        facts={"It says": seen.note},
    )


def _refused(seen: LedgerSnapshot) -> Finding | None:
    if seen.refused < REFUSED_FROM or seen.refused <= REFUSED_SHARE * seen.refused_of:
        return None
    field_name = seen.refused_reason.removesuffix("_card_number")
    cure = (
        f"If its values are long numbers by nature and no card numbers, declare numeric_ids: [{field_name}] in the "
        "file that PAYMENTS_API_FIELDS names"
        if field_name in NUMERIC_IDS and field_name != seen.refused_reason
        else "Mend the API or the file that PAYMENTS_API_FIELDS names"
    )
    return Finding(
        title="Many records go to quarantine: "
        f"{seen.refused} of the last hour's {seen.refused_of}, {seen.refused_reason}",
        lines=("They are kept, and not scored: frauds among them are not found.",),
        action=f"`fraud-scorer quarantine list` tells more. {cure}; then `fraud-scorer quarantine retry --reason "
        f"{seen.refused_reason}`.",
        facts={"Reason": seen.refused_reason},
    )


def judge_alert_rules(fault: str) -> Finding | None:
    """What the alert rules' ``fault`` means; None where there is none."""
    if not fault:
        return None
    return Finding(
        title="The alert rules cannot be used: the last good ones are",
        lines=("Payments are stored and mailed; where no rules were ever good, all recipients are told of all.",),
        action="Mend the file that ALERT_RULES names; `fraud-scorer check` reads it.",
        facts={"It says": fault},
    )


def _clock(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "none within two days"


def _minutes(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return count_text(minutes, "minute") if minutes < 120 else f"{minutes // 60} hours"
