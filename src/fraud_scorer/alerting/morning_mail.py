"""The morning mail: from the facts of a day to the messages that wait in the outbox.

Pure. The mail's content is frozen here, as JSON without card number or token; its look is made when it is sent
(``daily_view``). One message a day and recipient: the Message-ID is made of these two, so that making it again, with
whatever became known since, writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from fraud_common.text import count_text
from fraud_scorer.alerting.compose import AlertPolicy, message_id, page_link
from fraud_scorer.alerting.ordering import ListPosition, interleave_currencies
from fraud_scorer.alerting.routing import Address
from fraud_scorer.alerting.wording import (
    clean,
    clock_text,
    events_text,
    local_time_text,
    readable_merchant,
    weekday_text,
)
from fraud_scorer.domain.day_facts import DayFacts, Gaps, HourSums, ListedPayment
from fraud_scorer.domain.ports import Message

LISTED = 10
SOURCES = {"chargeback": "a chargeback", "verdict": "a verdict", "payload": "the payments API"}


def compose_daily(
    facts: DayFacts, addresses: Sequence[Address], *, policy: AlertPolicy, now: datetime
) -> tuple[Message, ...]:
    """The messages about one day, one an address; none for a day before the first payment ever.

    Args:
        facts: of the day.
        addresses: who is told; each once.
        policy: the settings of alerts.
        now: aware; when the messages are made.
    """
    if facts.is_before_first_payment:
        return ()
    content = daily_content(facts, dashboard_url=policy.dashboard_url, now=now)
    return tuple(
        Message(
            message_id=message_id("daily", address, (), domain=policy.domain, label=facts.day.isoformat()),
            kind="daily",
            channel=address.channel,
            recipient=address.recipient,
            content=content,
        )
        for address in sorted(set(addresses))
    )


def daily_content(facts: DayFacts, *, dashboard_url: str, now: datetime) -> dict[str, object]:
    """The mail's content as JSON: exact amounts in minor units, sentences in words."""
    own = [hour for hour in facts.hours if not hour.days_ago]
    listed = interleave_currencies(facts.listed, _list_position)
    flagged = sum(hour.flagged for hour in own)
    return {
        "day": facts.day.isoformat(),
        "made_at": now.isoformat(),
        "made_at_text": local_time_text(now, facts.time_zone),
        "time_zone": facts.time_zone,
        "hours_in_day": facts.hours_in_day,
        "is_over": facts.is_over,
        "payment_count": sum(hour.payments for hour in own),
        "flagged": flagged,
        "amounts": _amounts(own, facts.currency),
        "usual": _usual(facts),
        "frauds": {
            "judged": sum(said.judged for said in facts.frauds),
            "known": sum(said.frauds for said in facts.frauds),
            "flagged": sum(said.frauds_flagged for said in facts.frauds),
            "amounts": [[said.fraud_cents, said.currency] for said in facts.frauds if said.frauds],
        },
        "hours": [
            {
                "hour": hour,
                "payments": sum(one.payments for one in own if one.local_hour == hour),
                "flagged": sum(one.flagged for one in own if one.local_hour == hour),
            }
            for hour in range(24)
        ],
        "listed": [_listed(payment, facts, dashboard_url) for payment in listed[:LISTED]],
        "not_listed": max(flagged + sum(said.frauds - said.frauds_flagged for said in facts.frauds) - LISTED, 0),
        "gaps": _gaps(facts.gaps),
        "was_live": facts.gaps.done > 0,
        **_too_old(facts, dashboard_url),
        "drifted": [[clean(feature, 60), round(psi, 4)] for feature, psi in facts.drifted],
        "model_url": _model_url(facts, dashboard_url),
        "page_url": page_link(dashboard_url, day=facts.day.isoformat()),
        "pipeline_url": f"{dashboard_url.rstrip('/')}/pipeline",
    }


def _model_url(facts: DayFacts, dashboard_url: str) -> str:
    """The Model page, at the feature that drifted farthest: a query outlives the sign-in, a fragment does not."""
    address = f"{dashboard_url.rstrip('/')}/model"
    return f"{address}?{urlencode({'feature': clean(facts.drifted[0][0], 60)})}" if facts.drifted else address


def _amounts(hours: Sequence[HourSums], preferred: str) -> list[dict[str, object]]:
    """Sums of each currency: the report's own first, then by payments."""
    found = {hour.currency for hour in hours}
    sums = [
        {
            "currency": currency,
            **{
                name: sum(int(getattr(hour, name)) for hour in hours if hour.currency == currency)
                for name in ("payments", "amount_cents", "refunds", "refund_cents", "flagged_cents")
            },
        }
        for currency in sorted(found)
    ]
    return sorted(sums, key=lambda one: (one["currency"] != preferred, -int(str(one["payments"]))))


def _usual(facts: DayFacts) -> dict[str, object] | None:
    """The mean of the days that this one is compared with; None if there are none. Amounts: by currency."""
    earlier = [hour for hour in facts.hours if hour.days_ago]
    ago = sorted({hour.days_ago for hour in earlier})
    if not ago:
        return None
    amounts: dict[str, dict[str, float]] = {}
    for hour in earlier:
        sums = amounts.setdefault(hour.currency, {"amount_cents": 0.0, "flagged_cents": 0.0})
        sums["amount_cents"] += hour.amount_cents / len(ago)
        sums["flagged_cents"] += hour.flagged_cents / len(ago)
    return {
        "said": _comparison_text(facts.day, ago),
        "payments": sum(hour.payments for hour in earlier) / len(ago),
        "flagged": sum(hour.flagged for hour in earlier) / len(ago),
        "amounts": amounts,
    }


def _comparison_text(day: date, ago: Sequence[int]) -> str:
    """Name the days that "usual" is the mean of; the dashboard's page uses the same words."""
    step, noun = (1, "day") if min(ago) < 7 else (7, weekday_text(day))
    without_gaps = max(ago) == step * len(ago)
    if len(ago) == 1:
        return f"the {noun} before" if without_gaps else f"one earlier {noun}"
    return f"the mean of the {len(ago)} {noun}s before" if without_gaps else f"the mean of {len(ago)} earlier {noun}s"


def _listed(payment: ListedPayment, facts: DayFacts, dashboard_url: str, *, with_day: bool = False) -> dict[str, Any]:
    time_text = local_time_text if with_day else clock_text
    return {
        "amount_cents": payment.amount_cents,
        "currency": payment.currency,
        "merchant": readable_merchant(payment.merchant),
        "local_time": time_text(payment.event_time, facts.time_zone),
        "last4": clean(payment.card_last4, 4),
        "probability": None if payment.fraud_probability is None else round(payment.fraud_probability, 6),
        "flagged": payment.flagged,
        "reason": clean(payment.reason, 200),
        "label": _label_text(payment),
        "events": events_text(payment.events, payment.amount_cents, payment.currency),
        "look_url": page_link(dashboard_url, payment=payment.trans_num),
    }


def _label_text(payment: ListedPayment) -> str:
    if payment.label is None or payment.label_source is None:
        return ""
    meaning = "fraud" if payment.label == "fraud" else "not fraud"
    return f"{meaning}, says {SOURCES[payment.label_source]}"


def _too_old(facts: DayFacts, dashboard_url: str) -> dict[str, object]:
    listed = interleave_currencies(facts.too_old, _list_position)[:LISTED]
    count = dict(facts.gaps.not_mailed).get("too_old", 0)
    return {
        "too_old": [_listed(payment, facts, dashboard_url, with_day=True) for payment in listed],
        "too_old_not_listed": max(count - len(listed), 0),
    }


def _list_position(payment: ListedPayment) -> ListPosition:
    """Known frauds by amount; then payments by expected loss (amount x probability); those known to be honest last."""
    cents, probability = payment.amount_cents, payment.fraud_probability or 0.0
    group = {"fraud": 0, "not_fraud": 2}.get(payment.label or "", 1)
    return ListPosition(
        payment.currency, cents * (probability if group else 1.0), probability, payment.trans_num, group
    )


def _gaps(gaps: Gaps) -> list[list[str]]:
    """The day's gaps: each a count with its noun, and its meaning."""
    records = sum(count for _reason, count in gaps.quarantine)
    reasons = ", ".join(f"{count:,} {clean(reason, 60).replace('_', ' ')}" for reason, count in gaps.quarantine[:4])
    not_mailed = dict(gaps.not_mailed)
    found = [
        (gaps.never_ran, "minute", "never ran: nothing was running then"),
        (gaps.missed, "minute", "missed: the payments are not here"),
        (gaps.failed, "minute", "failed: someone has to look"),
        (gaps.waiting, "minute", "landed and not loaded yet: not in these numbers"),
        (gaps.fallback, "minute", "scored by the local model, because the endpoint failed"),
        (records, "record", f"still open in quarantine: {reasons}{' …' if len(gaps.quarantine) > 4 else ''}"),
        (not_mailed.get("too_old", 0), "flagged payment", "too old to mail when loaded: listed below"),
        (not_mailed.get("flood", 0), "flagged payment", "held back: far more than usual were flagged at once"),
        (not_mailed.get("snoozed", 0), "flagged payment", "not mailed: card or merchant snoozed"),
        (gaps.mails_refused, "alert mail", "refused by the mail server for good"),
        (gaps.mails_waiting, "alert mail", "still waiting for the mail server"),
    ]
    return [[count_text(count, noun), meaning] for count, noun, meaning in found if count]
