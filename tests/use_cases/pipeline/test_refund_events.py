"""A payment is flagged, mailed, and then refunded under its own id: report, page and mail keep what was decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from fraud_scorer.alerting.morning_mail import daily_content
from fraud_scorer.alerting.morning_mail_view import _payment as shown
from fraud_scorer.domain.ports import Answer
from fraud_scorer.store.days import PostgresDays

Town = Any  # conftest.Town
FIELDS = """
id: trans_num
at: current_time
amount.value: amt_minor
amount.currency: currency
cardRef: cc_num
shop: merchant
"""


def record(cents: int, at: str, kind: str) -> dict[str, Any]:
    """The payment p3, or what happened to it at a time of 20 November 2026."""
    return {
        "id": "p3", "at": f"2026-11-20T{at}Z", "amount": {"value": cents, "currency": "EUR"},
        "cardRef": "AliasK1234567", "shop": "Schuhe", "type": kind, "status": "captured",
    }  # fmt: skip


def run(town: Town, fields: Path, number: int, *records: dict[str, Any]) -> dict[str, Any]:
    """The n-th minute lands with these records and goes through the steps."""
    pipeline, batch = town.pipeline(payments_api_fields=fields), town.at(number)
    landing = pipeline.parts.files.landing
    landing.land(batch, Answer(json.dumps({"data": list(records)}).encode(), 200, "", town.clock.now()))
    landing.close(batch, now=town.clock.now())
    done: dict[str, Any] = pipeline.replay(batch.minute, town.batch(number + 1).minute)
    pipeline.alert(batch.batch_id)
    return done


def test_a_refund_under_the_payments_id_leaves_flag_report_and_mail(
    town: Town, field_map: Callable[[str], Path]
) -> None:
    """Two part refunds are told beside the payment, the first of them again and again; a rescore keeps them too."""
    fields = field_map(FIELDS)
    run(town, fields, 0, record(10_000, "10:31:05", "payment"))
    decided = (
        "select flagged, raw_score, fraud_probability, amount_cents, event_time, features::text from payments_scored"
    )
    before, mails = town.rows(decided), list(town.mailbox.message_ids)
    assert (before[0][0], len(mails)) == (True, 1)
    refund = record(-2_500, "10:31:40", "refund")
    run(town, fields, 1, refund)
    run(town, fields, 2, refund, record(10_000, "10:31:05", "payment"))
    run(town, fields, 3, record(-1_000, "10:33:10", "refund"))
    assert town.rows("select events from run_ledger order by landing_seq") == [(0,), (1,), (0,), (1,)]
    assert (town.rows(decided), town.mailbox.message_ids) == (before, mails)
    assert town.rows("select kind, amount, event_time::time::text from v_payment_events order by event_id") == [
        ("refund", 25, "10:31:40"), ("refund", 10, "10:33:10")
    ]  # fmt: skip
    town.pipeline(payments_api_fields=fields, fraud_threshold=0.9).replay(
        town.batch(0).minute, town.batch(4).minute, rescore=True
    )
    assert town.rows("select amount_cents, threshold from payments_scored") == [(10_000, 0.9)]
    assert town.rows("select count(*) from payment_events") == [(2,)]


def test_the_morning_report_says_what_was_refunded(town: Town, field_map: Callable[[str], Path]) -> None:
    """The payment is a payment of its day, with its amount; what was given back stands in its line."""
    fields = field_map(FIELDS)
    run(town, fields, 0, record(10_000, "10:31:05", "payment"), record(-2_500, "10:31:40", "refund"))
    engine = create_engine(town.url)
    facts = PostgresDays(engine).facts(date(2026, 11, 20), now=town.clock.now())
    engine.dispose()
    content: Any = daily_content(facts, dashboard_url="https://fraud.example.org", now=town.clock.now())
    assert [(sums["payments"], sums["amount_cents"], sums["refunds"]) for sums in content["amounts"]] == [
        (1, 10_000, 0)
    ]
    assert [shown(one)["known"] for one in content["listed"]] == ["refunded 25.00 of 100.00 EUR"]
