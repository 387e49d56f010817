"""A payment's own page: what it was, why it was flagged, what was said, and saying more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

QUERIES = Path(__file__).resolve().parents[2] / "fraud-dashboard" / "queries"
NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


Open = Callable[..., Any]
Text = Callable[[Any], str]


def button(page: Any, label: str) -> Any:
    """The button that says ``label``."""
    return next(one for one in page.button if one.label == label)


def test_a_link_to_a_payment_opens_its_page(store: Any, open_page: Open, text: Text) -> None:
    """`?payment=` at the app's address, as the mails write it."""
    store.payment("worst", "2026-11-19T10:31Z", amount_cents=80000, flagged=True)
    store.payment("before", "2026-11-18T10:31Z", merchant="Lind-Buckridge")
    store.payment("another card", "2026-11-18T10:31Z", card_token="b" * 64, merchant="Elsewhere")
    page = open_page(payment="worst")
    assert page.title[0].value.startswith("800.00 USD at Kuhn")
    read = text(page)
    assert "flagged at 95.0%" in read
    assert "Amount is 12 times" in read
    assert "Lind-Buckridge" in read
    assert "Elsewhere" not in read


def test_reasons_stored_under_a_former_code_are_shown(store: Any, open_page: Open, text: Text) -> None:
    """A page shows a reason's words; where they lack, its code without underscores."""
    told = {"code": "impossible_travel", "text": "23 km from the place of this card's last payment"}
    reasons = [told, {"code": "odd_hour"}, {}]
    store.payment("old", "2026-11-19T10:31Z", flagged=True, reasons=reasons)
    read = text(open_page(payment="old"))
    assert "<li>23 km from the place of this card&#x27;s last payment</li><li>odd hour</li><li>none named</li>" in read
    assert "impossible" not in read


def test_a_card_whose_digits_are_unknown_has_no_stump(store: Any, open_page: Open, text: Text) -> None:
    """An opaque card reference has no last four digits: each page says so, or says "this card"."""
    store.payment("worst", "2026-11-19T10:31Z", flagged=True, card_last4="")
    store.payment("next", "2026-11-19T10:32Z", flagged=True, card_last4="")
    for page in (open_page(payment="worst"), open_page(), open_page("review")):
        choices = [choice for one in page.selectbox for choice in one.options]
        assert "····" not in text(page) + " ".join(choices)
    page = open_page(payment="worst")
    assert "last four digits not known" in text(page)
    assert "this card" in page.selectbox(key="snooze-worst").options


def test_an_unknown_payment_is_said(store: Any, open_page: Open, text: Text) -> None:
    """A cut link leads to a sentence, not to an error."""
    assert "No such payment" in text(open_page(payment="feedbeef"))


def event(store: Any, trans_num: str, kind: str, cents: int, at: str) -> None:
    """Something that happened to a payment."""
    store.insert(
        "payment_events", trans_num=trans_num, kind=kind, amount_cents=cents, currency="USD", event_time=at,
        occurrence=at, card_token="a" * 64, card_key_id="k1", card_last4="1234", merchant="Kuhn", body_hash=b"\x01",
        batch_id="2026-11-19T12:00Z", landing_seq=9,
    )  # fmt: skip


def test_what_happened_to_a_payment_stands_beside_its_decision(store: Any, open_page: Open, text: Text) -> None:
    """Each event with its kind, amount and time, the earliest first; flag and amount are the payment's own."""
    store.payment("worst", "2026-11-19T10:31Z", amount_cents=10000, flagged=True)
    event(store, "worst", "refund", -2500, "2026-11-19T12:00Z")
    event(store, "worst", "dispute", 9000, "2026-11-19T14:10Z")
    event(store, "worst", "capture", 8000, "2026-11-19T11:00Z")
    page = open_page(payment="worst")
    assert page.title[0].value.startswith("100.00 USD at")
    read = text(page)
    assert "flagged at 95.0%" in read
    said = ("captured 80.00 of 100.00 USD", "refunded 25.00 of 100.00 USD", "disputed 90.00 of 100.00 USD")
    assert all(one in read for one in said)
    places = [read.index(words) for words in ("19 Nov 2026, 11:00", "19 Nov 2026, 12:00", "19 Nov 2026, 14:10")]
    assert places == sorted(places)
    assert "a" * 64 not in read


def test_what_comes_before_its_payment_is_shown(store: Any, open_page: Open, text: Text) -> None:
    """A decline alone has no payment and no decision; its id leads to what is known."""
    event(store, "early", "decline", 700, "2026-11-19T12:00Z")
    read = text(open_page(payment="early"))
    assert "The payment itself has not come" in read
    assert "declined" in read
    assert "7.00 USD" in read


def test_a_refund_has_no_decision(store: Any, open_page: Open, text: Text) -> None:
    """It is stored and not scored."""
    none = dict.fromkeys(("fraud_probability", "threshold", "scored_by", "model_hash"))
    store.payment("back", "2026-11-19T10:31Z", amount_cents=-700, **none)
    assert "A refund is stored and not scored." in text(open_page(payment="back"))


def test_a_verdict_becomes_a_row_with_author_and_note(store: Any, open_page: Open, text: Text) -> None:
    """Who, when, what and why."""
    store.payment("worst", "2026-11-19T10:31Z", flagged=True)
    page = open_page(payment="worst")
    page.text_input(key="note-worst").set_value("called the holder").run()
    page.button(key="say-fraud-worst").click().run()
    assert store.rows("select trans_num, source, verdict, author, note, known_at from labels") == [
        ("worst", "verdict", "fraud", "ana", "called the holder", NOW)
    ]
    assert "✖ fraud" in text(page)


def test_a_verdict_can_be_taken_back(store: Any, open_page: Open, text: Text) -> None:
    """What was said before holds again; nothing is deleted."""
    store.payment("worst", "2026-11-19T10:31Z", flagged=True)
    store.label("worst", "not_fraud", known_at=NOW - timedelta(hours=1))
    page = open_page(payment="worst")
    page.button(key="say-fraud-worst").click().run()
    button(page, "Take the verdict back").click().run()
    assert [row[0] for row in store.rows("select verdict from labels order by label_id")] == [
        "not_fraud",
        "fraud",
        "not_fraud",
    ]


def test_a_mails_snooze_link_offers_the_card(store: Any, open_page: Open, text: Text) -> None:
    """`&snooze=card` stands ready; the row holds the card's token, which the page never sees."""
    store.payment("worst", "2026-11-19T10:31Z", flagged=True)
    page = open_page(payment="worst", snooze="card")
    button(page, "Snooze").click().run()
    (made,) = store.rows("select subject, value, author, until > '2026-11-20' from snoozes")
    assert made == ("card", "a" * 64, "ana", True)
    read = text(page)
    assert "a" * 64 not in read
    assert "No mail about this card until" in read


def test_a_snooze_can_be_ended(store: Any, open_page: Open, text: Text) -> None:
    """By a later word on the same merchant."""
    store.payment("worst", "2026-11-19T10:31Z", flagged=True)
    until = NOW + timedelta(days=1)
    store.insert("snoozes", subject="merchant", value="Kuhn LLC", until=until, author="ben")
    page = open_page(payment="worst")
    button(page, "End the snooze").click().run()
    assert store.rows("select until <= %s from snoozes order by snooze_id desc limit 1".replace("%s", f"'{NOW}'")) == [
        (True,)
    ]
    assert "No mail about this merchant" not in text(page)


def test_replaced_decisions_stand_in_the_score_history(store: Any, open_page: Open, text: Text) -> None:
    """A rescore leaves its predecessor, with what it had said."""
    store.payment("worst", "2026-11-19T10:31Z", fraud_probability=0.4)
    store.cursor.execute("update payments_scored set fraud_probability = 0.95, flagged = true, landing_seq = 2")
    if not store.rows("select 1 from payment_history"):
        was = '{"fraud_probability": 0.4, "threshold": 0.9, "flagged": false}'
        store.insert("payment_history", trans_num="worst", replaced_by_seq=2, why="rescore", landing_seq=1, was=was)
    read = text(open_page(payment="worst"))
    assert "40.0%" in read
    assert "in force" in read


def test_a_card_with_very_many_payments_is_asked_for_300_of_them(store: Any) -> None:
    """A payment's page reads as much of a busy card as of any other: the newest around the payment.

    Thousands of the same second too, the first by name, and before the planner knows how many they are.
    """
    store.payment("p0", "2026-11-19T10:31Z", amount_cents=100)
    ((names,),) = store.rows(
        "select string_agg(column_name, ', ') from information_schema.columns where table_name = 'payments_scored'"
        " and table_schema = 'public' and is_generated = 'NEVER' and column_name not in ('trans_num', 'event_time')"
    )
    store.cursor.execute(
        f"insert into payments_scored (trans_num, event_time, {names}) select 'p' || number,"
        f" event_time - number / 5000 * interval '10 seconds', {names}"
        " from payments_scored, generate_series(1, 20000) number"
    )
    query = (QUERIES / "payment_card.sql").read_text().replace("%(trans_num)s", "'p0'")
    asked = query.replace("%(event_time)s", "'2026-11-19T10:31Z'").replace("from v_", "from report.v_")
    ((plan,),) = store.rows(f"explain (analyze, buffers, format json) {asked}")
    assert plan[0]["Plan"]["Actual Rows"] == 300
    assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 60_000
    newest = sorted(f"p{number}" for number in range(5000))
    assert [row[0] for row in store.rows(asked)] == newest[:300]
