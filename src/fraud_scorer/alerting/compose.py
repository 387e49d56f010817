"""Compose alerts: from one batch's decisions to the messages that load writes in its transaction.

Pure: the same batch gives the same messages, under the same Message-IDs. A message's content is frozen here, as JSON
without card number or token; its look is made when it is sent (``render``).
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pandas as pd

from fraud_common.geo import distance_km
from fraud_scorer.alerting.operator_mail import flood_message
from fraud_scorer.alerting.ordering import ListPosition, interleave_currencies
from fraud_scorer.alerting.routing import Address, RoutingRules
from fraud_scorer.alerting.wording import (
    clean,
    local_time_text,
    readable_category,
    readable_merchant,
)
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import EVENT
from fraud_scorer.domain.ports import Message

REASONS_SHOWN = 3
DECIDED = ["trans_num", "fraud_probability", "threshold", "reasons"]


@dataclass(frozen=True)
class FloodGuard:
    """When a batch's flagged share says "the model is broken, or this is an attack" rather than "these are frauds"."""

    at_least: int = 25  # flagged payments; fewer never count as a flood
    floor: float = 0.05  # nor does a smaller share
    factor: float = 10.0  # times the usual share
    ceiling: float = 0.5  # this share always counts, unless it is about the usual one

    def is_flood(self, flagged: int, scored: int, usual_share: float | None) -> bool:
        """``usual_share`` (0-1): None while too little is known, then 1% is taken as usual."""
        usual = 0.01 if usual_share is None else usual_share
        limit = max(min(max(self.floor, self.factor * usual), self.ceiling), 1.5 * usual)
        return flagged >= self.at_least and flagged / max(scored, 1) >= limit


@dataclass(frozen=True)
class AlertPolicy:
    """The settings of alerts."""

    rules: RoutingRules
    operator: str
    dashboard_url: str
    time_zone: str
    domain: str  # of the sender: the right side of Message-IDs
    max_age: timedelta = timedelta(hours=24)
    chats: Collection[str] = ()  # that are set, by name
    flood: FloodGuard = field(default_factory=FloodGuard)


def compose_alerts(
    batch: Batch,
    payments: pd.DataFrame,
    decisions: pd.DataFrame,
    *,
    policy: AlertPolicy,
    snoozed: Mapping[str, frozenset[str]],
    usual_share: float | None,
    now: datetime,
) -> list[Message]:
    """The messages about one batch: one digest a recipient and channel, by expected loss (amount x probability).

    Payments that are too old, or whose card or merchant is snoozed, go into messages of their own that are recorded
    and not sent (``Message.suppressed``). When far more than usual is flagged, all alerts are held back like that and
    the operator gets one message an hour instead. History is never alerted.

    Args:
        batch: the batch.
        payments: PAYMENT_COLUMNS, this batch only.
        decisions: DECISION_COLUMNS of the payments scored now; empty on a plain replay, which thus sends nothing.
        policy: the settings of alerts.
        snoozed: tokens under ``card``, names under ``merchant``.
        usual_share: the flagged share (0-1) of earlier batches, None if too few payments are known.
        now: aware; when the messages are made; whether a payment is too old is judged by it, once.
    """
    if batch.kind == "history" or decisions.empty:
        return []
    suspicious = decisions.loc[decisions["flagged"].astype(bool), DECIDED]
    flagged = payments[payments["delivery"] != EVENT].merge(suspicious, on="trans_num", how="inner")
    if flagged.empty:
        return []
    places = (flagged[name].to_numpy() for name in ("home_lat", "home_long", "merch_lat", "merch_long"))
    flagged = flagged.assign(distance_km=distance_km(*places))
    rows: list[dict[str, Any]] = interleave_currencies(flagged.to_dict("records"), _list_position)  # type: ignore[arg-type]
    is_flood = policy.flood.is_flood(len(rows), len(decisions), usual_share)
    groups: dict[tuple[Address, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        why_not = _suppression_reason(row, policy.max_age, snoozed, now) or ("flood" if is_flood else "")
        for address in policy.rules.addresses(*_routing_facts(row)):
            groups[address, why_not].append(row)
    messages = [_digest(batch, *key, told, policy=policy, now=now) for key, told in sorted(groups.items(), key=_key)]
    if any(message.suppressed == "flood" for message in messages):
        messages += _flood_messages(batch, len(rows), len(decisions), usual_share, policy=policy, now=now)
    return messages


def message_id(kind: str, address: Address, what: Iterable[str], *, domain: str, label: str = "") -> str:
    """A Message-ID without angle brackets: the same for the same content, another for any other.

    A correction or rescore of the same batch brings another set of payments and so another Message-ID.
    """
    parts = (kind, address.channel, address.recipient, label, *sorted(what))
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
    name = "".join(letter for letter in label if letter.isascii() and letter.isalnum())
    return ".".join(part for part in (kind, name, digest) if part) + f"@{domain}"


def _digest(
    batch: Batch,
    address: Address,
    why_not: str,
    rows: Sequence[dict[str, Any]],
    *,
    policy: AlertPolicy,
    now: datetime,
) -> Message:
    trans_nums = tuple(sorted(str(row["trans_num"]) for row in rows))
    kind = f"alert-{why_not}" if why_not else "alert"
    newest = max(row["event_time"] for row in rows).astimezone(ZoneInfo(policy.time_zone))
    return Message(
        message_id=message_id(kind, address, trans_nums, domain=policy.domain, label=batch.batch_id),
        kind="alert",
        channel=address.channel,
        recipient=address.recipient,
        content={
            "payments": [_payment(row, policy) for row in rows],
            "batch_id": batch.batch_id,
            "made_at": now.isoformat(),
            "threshold": float(rows[0]["threshold"]),
            "page_url": page_link(policy.dashboard_url, day=f"{newest:%Y-%m-%d}"),
        },
        trans_nums=trans_nums,
        batch_id=batch.batch_id,
        suppressed=why_not,
    )


def _payment(row: Mapping[str, Any], policy: AlertPolicy) -> dict[str, object]:
    trans_num, merchant = str(row["trans_num"]), str(row["merchant"])
    place = ", ".join(clean(part, 40) for part in (_text(row["city"]), _text(row["state"])) if part)
    return {
        "trans_num": trans_num,
        "amount_cents": int(row["amount_cents"]),
        "currency": str(row["currency"]),
        "merchant": readable_merchant(merchant),
        "category": readable_category(_text(row["category"])),
        "place": place,
        "distance_km": None if math.isnan(row["distance_km"]) else round(row["distance_km"]),
        "local_time": local_time_text(row["event_time"], policy.time_zone),
        "last4": clean(str(row["card_last4"]), 4),
        "probability": round(float(row["fraud_probability"]), 6),
        "reasons": [clean(str(reason["text"]), 200) for reason in _items(row["reasons"])[:REASONS_SHOWN]],
        "look_url": page_link(policy.dashboard_url, payment=trans_num),
        "snooze_url": page_link(policy.dashboard_url, payment=trans_num, snooze="card"),
    }


def _flood_messages(
    batch: Batch, flagged: int, scored: int, usual_share: float | None, *, policy: AlertPolicy, now: datetime
) -> list[Message]:
    addresses = [Address("email", policy.operator), *map(Address.of, policy.chats)]
    hour = f"{batch.minute or now:%Y%m%dT%H}"
    return [
        flood_message(
            message_id=message_id("flood", address, (), domain=policy.domain, label=hour),
            channel=address.channel,
            recipient=address.recipient,
            batch_id=batch.batch_id,
            flagged=flagged,
            scored=scored,
            usual_share=usual_share,
            page_url=f"{policy.dashboard_url.rstrip('/')}/model",
            now=now,
        )
        for address in addresses
    ]


def _suppression_reason(
    row: Mapping[str, Any], max_age: timedelta, snoozed: Mapping[str, frozenset[str]], now: datetime
) -> str:
    if now - row["event_time"] > max_age:
        return "too_old"
    merchants = snoozed.get("merchant", frozenset())
    if row["card_token"] in snoozed.get("card", frozenset()):
        return "snoozed"
    return "snoozed" if row["merchant"] in merchants or readable_merchant(row["merchant"]) in merchants else ""


def _routing_facts(row: Mapping[str, Any]) -> tuple[int, str, str | None, float]:
    return int(row["amount_cents"]), str(row["currency"]), _text(row["category"]), float(row["fraud_probability"])


def _list_position(row: Mapping[str, Any]) -> ListPosition:
    """The payment's position by its expected loss."""
    probability = float(row["fraud_probability"])
    return ListPosition(
        str(row["currency"]), int(row["amount_cents"]) * probability, probability, str(row["trans_num"])
    )


def _key(item: tuple[tuple[Address, str], object]) -> tuple[Address, str]:
    return item[0]


def _items(value: object) -> list[Any]:
    """A list, also as Parquet gives it back (an array); empty if there is none."""
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def page_link(dashboard_url: str, **query: str) -> str:
    """The address of the dashboard's first page, which ``query`` turns to a day or a payment."""
    address = dashboard_url.rstrip("/") + "/"
    return f"{address}?{urlencode(query)}" if query else address
