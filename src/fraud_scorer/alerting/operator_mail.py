"""Messages to the operator: the system itself needs a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fraud_scorer.alerting.wording import clean
from fraud_scorer.domain.ports import Message


def operator_message(
    *,
    message_id: str,
    recipient: str,
    title: str,
    lines: Sequence[str],
    facts: Mapping[str, str],
    action: str,
    now: datetime,
    page_url: str = "",
    channel: str = "email",
    batch_id: str | None = None,
) -> Message:
    """A message to the operator.

    Args:
        message_id: without angle brackets; the same for the same incident, so that it is told once.
        recipient: an address, or a chat's name.
        title: what happened, also the subject.
        lines: paragraphs that say what it means.
        facts: name and value, shown as a small table.
        action: what to do, one sentence or a command.
        now: aware; when it was noticed.
        page_url: where to look; empty: no link.
        channel: ``email`` or a chat's name.
        batch_id: the batch it is about, None if it is about none.
    """
    return Message(
        message_id=message_id,
        kind="operator",
        channel=channel,
        recipient=recipient,
        content={
            "title": clean(title, 150),
            "lines": [clean(line, 1000) for line in lines],
            "facts": {clean(name, 80): clean(value, 300) for name, value in facts.items()},
            "action": clean(action, 1000),
            "page_url": page_url,
            "made_at": now.isoformat(),
        },
        batch_id=batch_id,
    )


def flood_message(
    *,
    message_id: str,
    channel: str,
    recipient: str,
    batch_id: str,
    flagged: int,
    scored: int,
    usual_share: float | None,
    page_url: str,
    now: datetime,
) -> Message:
    """Far more than usual was flagged: said once, in place of the alerts."""
    return operator_message(
        message_id=message_id,
        channel=channel,
        recipient=recipient,
        title=f"{flagged:,} of {scored:,} payments flagged at once: alerts are held back",
        lines=[
            "Far more payments than usual were flagged. Either the model or its input is broken, or this is an attack.",
            "Every payment is scored and recorded as always; only the alerts of such minutes are held back.",
            "This message comes at most once an hour while it lasts.",
        ],
        facts={
            "Batch": batch_id,
            "Flagged": f"{flagged:,} of {scored:,} ({flagged / max(scored, 1):.1%})",
            "Usual": "not known yet" if usual_share is None else f"{usual_share:.2%}",
        },
        action="Look at the dashboard's Model page. If the frauds are real, send what was held back: "
        "`fraud-scorer alerts retry --held`",
        page_url=page_url,
        now=now,
        batch_id=batch_id,
    )
