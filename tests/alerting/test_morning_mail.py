"""What the morning mail says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fraud_scorer.alerting.compose import AlertPolicy
from fraud_scorer.alerting.morning_mail import compose_daily
from fraud_scorer.alerting.morning_mail_view import daily_view
from fraud_scorer.alerting.render import render_email, render_slack, subject_of, text_of
from fraud_scorer.alerting.routing import Address, RoutingRules
from fraud_scorer.domain.day_facts import DayFacts, Gaps, HourSums, ListedPayment
from fraud_scorer.domain.ports import Message

SENDER = "Fraud scorer <fraud-scorer@example.org>"
CHICAGO = ZoneInfo("America/Chicago")
DAY = date(2026, 11, 19)
START = datetime(2026, 11, 19, tzinfo=CHICAGO)
NOW = datetime(2026, 11, 20, 13, 0, 2, tzinfo=UTC)
POLICY = AlertPolicy(
    rules=RoutingRules(otherwise=("analyst@example.org",)),
    operator="operator@example.org",
    dashboard_url="https://fraud.example.org",
    time_zone="America/Chicago",
    domain="example.org",
)
PAYMENT = ListedPayment(
    trans_num="f" * 32,
    event_time=START + timedelta(hours=3, minutes=12, seconds=7),
    amount_cents=96_710,
    currency="USD",
    card_last4="1486",
    merchant="fraud_Kuhn LLC",
    fraud_probability=0.97,
    flagged=True,
    reason="6 payments with this card in the last hour",
    label=None,
    label_source=None,
)
FACTS = DayFacts(
    day=DAY,
    time_zone="America/Chicago",
    currency="USD",
    starts_at=START,
    ends_at=START + timedelta(days=1),
    is_over=True,
    first_day=date(2026, 10, 1),
    gaps=Gaps(done=1440),
)


def hour(local_hour: int, payments: int = 1000, flagged: int = 0, **changes: Any) -> HourSums:
    """An hour of the day, payments of 10.00 and flagged ones of 100.00."""
    usual = {"days_ago": 0, "currency": "USD", "refunds": 0, "refund_cents": 0}
    sums = {"amount_cents": payments * 1_000, "flagged_cents": flagged * 10_000}
    return HourSums(local_hour=local_hour, payments=payments, flagged=flagged, **(usual | sums | changes))


def mail(facts: DayFacts) -> Message:
    """The analyst's."""
    [message] = compose_daily(facts, [Address("email", "analyst@example.org")], policy=POLICY, now=NOW)
    return message


def said(facts: DayFacts) -> str:
    """The text part, as one line."""
    return " ".join(text_of(mail(facts)).split())


def test_subject_says_how_many_and_how_much() -> None:
    """The subject alone tells whether the day was an ordinary one."""
    assert subject_of(mail(replace(FACTS, hours=(hour(9), hour(10, flagged=3))))) == (
        "Thu 19 Nov: 3 of 2,000 payments flagged, 300.00 USD at risk"
    )
    assert subject_of(mail(replace(FACTS, hours=(hour(9),)))) == "Thu 19 Nov: 1,000 payments, none flagged"
    assert subject_of(mail(FACTS)) == "Thu 19 Nov: no payments were stored"


def test_totals_stand_beside_the_same_weekdays_mean() -> None:
    """Each figure is compared with the mean of the earlier Thursdays, in words as well as by a sign."""
    earlier = [hour(9, 500, 1, days_ago=7), hour(9, 1500, 1, days_ago=14)]
    text = said(replace(FACTS, hours=(hour(9, 1300, 4), *earlier)))
    assert "Payments: 1,300 (▲ 30% above the usual 1,000)" in text
    assert "Amount: 13,000.00 USD (▲ 30% above the usual 10,000.00)" in text
    assert "Flagged by us: 4 (▲ 4.0 times the usual 1)" in text
    assert "Flagged share: 0.31% (usually 0.10%)" in text
    assert "Usual: the mean of the 2 Thursdays before." in text


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        ((7,), "the Thursday before"),
        ((21,), "one earlier Thursday"),
        ((1,), "the day before"),
        ((1, 2, 4), "the mean of 3 earlier days"),
        ((1, 2, 3, 4, 5, 6), "the mean of the 6 days before"),
        ((7, 14, 28), "the mean of 3 earlier Thursdays"),
    ],
)
def test_what_usual_means_is_said(ago: tuple[int, ...], words: str) -> None:
    """A reader knows how much history stands behind a comparison."""
    assert f"Usual: {words}." in said(replace(FACTS, hours=(hour(9), *(hour(9, days_ago=days) for days in ago))))


def test_without_history_there_is_no_comparison() -> None:
    """Nothing is called usual where nothing is known."""
    text = said(replace(FACTS, hours=(hour(9, flagged=1),)))
    assert "No comparison yet" in text
    assert "the usual" not in text


def test_an_empty_day_is_said_as_plainly() -> None:
    """No picture, no list; how far it lies below the usual, and why nothing is there."""
    text = said(replace(FACTS, hours=(hour(9, days_ago=7),), gaps=Gaps(never_ran=1440)))
    assert "Payments: 0 (▼ usually 1,000)" in text
    assert "1,440 minutes never ran" in text
    assert "Most payments" not in text
    assert "KNOWN FRAUDS" not in text


@pytest.mark.parametrize(("hours", "remark"), [(23, "this day has 23 hours"), (25, "this day has 25 hours")])
def test_a_day_of_another_length_is_said(hours: int, remark: str) -> None:
    """Where clocks change a total differs for that reason alone."""
    assert remark in said(replace(FACTS, ends_at=START + timedelta(hours=hours), hours=(hour(9),)))


def test_payments_are_listed_by_expected_loss_and_cut_at_ten() -> None:
    """Currencies take turns; the rest is counted."""
    listed = [replace(PAYMENT, trans_num=f"t{number}", amount_cents=10_000 + number) for number in range(10)]
    yen = replace(PAYMENT, trans_num="yen", amount_cents=20_000, currency="JPY")
    content = mail(replace(FACTS, hours=(hour(9, flagged=30),), listed=(*listed, yen))).content
    amounts = [payment["amount_cents"] for payment in content["listed"]]
    assert amounts == [10_009, 20_000, *range(10_008, 10_000, -1)]
    assert content["not_listed"] == 20


def test_known_frauds_lead_then_amount_times_probability() -> None:
    """A large payment at 8% does not stand above a sure fraud, nor one known to be honest above either; as headed."""
    payments = {
        "large, hardly likely": replace(PAYMENT, amount_cents=900_000, fraud_probability=0.08),
        "middling, sure": replace(PAYMENT, amount_cents=90_000, fraud_probability=0.97),
        "small, a chargeback": replace(PAYMENT, amount_cents=500, label="fraud", label_source="chargeback"),
        "missed, a chargeback": replace(
            PAYMENT, amount_cents=700, fraud_probability=None, flagged=False, label="fraud", label_source="chargeback"
        ),
        "judged honest": replace(PAYMENT, amount_cents=990_000, label="not_fraud", label_source="verdict"),
    }
    listed = tuple(replace(payment, trans_num=name, merchant=name) for name, payment in payments.items())
    facts = replace(FACTS, hours=(hour(9, flagged=4),), listed=listed)
    assert [payment["merchant"] for payment in mail(facts).content["listed"]] == [
        "missed, a chargeback", "small, a chargeback", "middling, sure", "large, hardly likely", "judged honest",
    ]  # fmt: skip
    assert "KNOWN FRAUDS, THEN FLAGGED PAYMENTS BY EXPECTED LOSS (AMOUNT X PROBABILITY)" in said(facts)
    assert "Known fraud: 7.00 USD at missed, a chargeback" in daily_view(mail(facts).content)["preview"]


def test_a_payment_says_what_a_reader_needs() -> None:
    """Amount, merchant, local time, card's last four, probability, first reason, and what others say of it."""
    known = replace(PAYMENT, trans_num="t2", flagged=False, label="fraud", label_source="chargeback", reason="")
    text = said(replace(FACTS, hours=(hour(3, flagged=1),), listed=(PAYMENT, known)))
    assert "967.10 USD at Kuhn LLC (97.0% likely fraud) 03:12:07 CST, card …1486 - 6 payments with this card" in text
    assert "card …1486, fraud, says a chargeback, not flagged by us" in text
    assert "Look: https://fraud.example.org/?payment=t2" in text
    assert "Open the day: https://fraud.example.org/?day=2026-11-19" in text


def test_a_card_whose_digits_are_unknown_is_left_out() -> None:
    """An opaque card reference has no last four digits: the line goes on without a card."""
    message = mail(replace(FACTS, hours=(hour(9, flagged=1),), listed=(replace(PAYMENT, card_last4=""),)))
    email = render_email(message, sender=SENDER)
    html = email.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for text in (text_of(message), html, str(render_slack(message)["text"])):
        assert "03:12:07 CST" in text
        assert "card …" not in text
        assert not re.search(r"CST *[,·] *(,|·|<|$)", text, re.MULTILINE)


def test_what_was_missed_is_counted() -> None:
    """Minutes, records and mails, each with what it means; and the payments that were never mailed by name."""
    gaps = Gaps(
        done=1380,
        missed=12,
        failed=1,
        waiting=3,
        never_ran=40,
        fallback=45,
        quarantine=(("amount_not_a_number", 5), ("future", 3)),
        not_mailed=(("flood", 400), ("snoozed", 2), ("too_old", 11)),
        mails_refused=1,
        mails_waiting=2,
    )
    old = tuple(replace(PAYMENT, trans_num=f"t{n}", event_time=START - timedelta(days=3)) for n in range(10))
    text = said(replace(FACTS, hours=(hour(9),), gaps=gaps, too_old=old))
    for words in (
        "12 minutes missed",
        "1 minute failed",
        "3 minutes landed and not loaded",
        "40 minutes never ran",
        "45 minutes scored by the local model",
        "8 records still open in quarantine: 5 amount not a number, 3 future",
        "400 flagged payments held back",
        "2 flagged payments not mailed: card or merchant snoozed",
        "11 flagged payments too old to mail",
        "1 alert mail refused",
        "2 alert mails still waiting",
        "Mon 16 Nov, 00:00:00 CST, card …1486",
        "and 1 more",
    ):
        assert words in text


def test_nothing_missed_is_claimed_only_where_minutes_ran() -> None:
    """A day of imported history was never watched, and the mail does not say it was."""
    assert "Nothing: no minute is missing" in said(replace(FACTS, hours=(hour(9),)))
    imported = said(replace(FACTS, hours=(hour(9),), gaps=Gaps()))
    assert "imported as history" in imported
    assert "Nothing:" not in imported


def test_currencies_are_not_added() -> None:
    """A line a currency, the report's own first."""
    text = said(replace(FACTS, hours=(hour(9, flagged=1), hour(9, 5, currency="EUR", amount_cents=700))))
    assert text.index("Amount: 10,000.00 USD") < text.index("Amount: 7.00 EUR")


def test_one_message_a_day_and_recipient() -> None:
    """The Message-ID hangs on day and recipient alone; a recipient named twice is told once."""
    addresses = [Address("email", "b@example.org"), Address("email", "a@example.org"), Address("slack", "slack")]
    first = compose_daily(FACTS, [*addresses, addresses[0]], policy=POLICY, now=NOW)
    later = replace(FACTS, hours=(hour(9, flagged=5),))
    again = compose_daily(later, addresses, policy=POLICY, now=NOW + timedelta(hours=3))
    next_day = compose_daily(replace(FACTS, day=DAY + timedelta(days=1)), addresses, policy=POLICY, now=NOW)
    assert [message.recipient for message in first] == ["a@example.org", "b@example.org", "slack"]
    assert [message.message_id for message in again] == [message.message_id for message in first]
    assert not {message.message_id for message in next_day} & {message.message_id for message in first}
    assert all(message.kind == "daily" and message.trans_nums == () for message in first)


@pytest.mark.parametrize("first_day", [None, DAY + timedelta(days=1)])
def test_before_the_first_payment_there_is_no_mail(first_day: date | None) -> None:
    """A team that starts today is not told that nothing happened yesterday."""
    assert compose_daily(replace(FACTS, first_day=first_day), [Address("email", "a@b")], policy=POLICY, now=NOW) == ()


def test_the_longest_mail_is_not_cut_by_mail_clients() -> None:
    """Ten payments in each list and every kind of gap stay below the 102,000 bytes that clients show."""
    long = replace(PAYMENT, merchant="Müller & Söhne Versandhandelsgesellschaft " * 2, reason="because " * 24)
    gaps = Gaps(1, 2, 3, 4, 5, 6, tuple((f"reason {n}", n) for n in range(9)), (("too_old", 99), ("flood", 9)), 7, 8)
    hours = tuple(hour(number, 900 + number, number % 3) for number in range(24))
    message = mail(replace(FACTS, hours=hours, listed=(long,) * 10, too_old=(long,) * 10, gaps=gaps))
    assert len(render_email(message, sender=SENDER).as_bytes()) < 102_000


def test_html_and_chat_hold_what_the_text_holds() -> None:
    """The picture is drawn of table cells and said in words; a hostile merchant adds no mark-up; no card number."""
    hostile = replace(PAYMENT, merchant="<img src=x>\r\nBcc: a@example.org <!channel>")
    message = mail(replace(FACTS, hours=(hour(3, 10, 2), hour(18, 900)), listed=(hostile,)))
    email, chat = render_email(message, sender=SENDER), str(render_slack(message)["text"])
    page = email.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for text in (page, chat, text_of(message)):
        assert "Most payments from 18:00: 900; most flagged from 03:00: 2." in text
        assert not re.search(r"(?<![0-9a-f])\d{12,19}(?![0-9a-f])", text)
    assert page.count('class="paid"') == 2
    assert page.count('class="flag"') == 1
    assert "<img" not in page
    assert "<!channel>" not in chat
    assert "Bcc" not in email
    assert "@media (prefers-color-scheme: dark)" in page
    assert "\n\n\n" not in text_of(message)
    json.dumps(message.content, allow_nan=False)
