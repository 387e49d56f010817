"""The review page: a queue, one payment at a time, and a random sample of what was not flagged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fraud_dashboard.components.verdicts import has_left

Open = Callable[..., Any]
Text = Callable[[Any], str]


def test_the_largest_expected_loss_is_reviewed_first(store: Any, open_page: Open, text: Text) -> None:
    """A verdict takes a payment off the queue and brings the next."""
    store.payment("small", "2026-11-19T10:31Z", amount_cents=5000, flagged=True, merchant="Small")
    store.payment("large", "2026-11-19T10:32Z", amount_cents=90000, flagged=True, merchant="Large")
    page = open_page("review")
    assert "2 flagged payments of the last 14 days wait for a verdict" in text(page)
    page.button(key="say-not_fraud-large").click().run()
    assert store.rows("select trans_num, verdict, author from labels") == [("large", "not_fraud", "ana")]
    page.button(key="say-unsure-small").click().run()
    assert "No flagged payment waits for a verdict." in text(page)


def test_no_currency_crowds_out_another(store: Any, open_page: Open, text: Text) -> None:
    """Yen amounts are large numbers: the largest expected loss of each currency comes before any second largest."""
    for number in range(201):  # one more than the queue holds
        store.payment(f"yen{number:03}", "2026-11-19T10:31Z", amount_cents=900000 - number, currency="JPY",
                      flagged=True, merchant="Yen")  # fmt: skip
    for name, cents in (("small", 5000), ("large", 90000)):
        store.payment(name, "2026-11-19T10:32Z", amount_cents=cents, flagged=True, merchant=name,
                      fraud_probability=0.99)  # fmt: skip
    page = open_page("review")
    read = text(page)
    assert "the largest expected loss comes first in each currency; the currencies take turns." in read
    assert page.button(key="say-fraud-large")
    following = read.split("What comes next")[1]
    assert following.index("900,000 JPY") < following.index("50.00 USD") < following.index("899,999 JPY")


def test_one_currency_needs_no_turns(store: Any, open_page: Open, text: Text) -> None:
    """The usual team reads the short sentence."""
    store.payment("only", "2026-11-19T10:31Z", flagged=True)
    assert "the largest expected loss comes first." in text(open_page("review"))


def test_the_last_verdict_can_be_undone(store: Any, open_page: Open, text: Text) -> None:
    """One key after a slip; the payment waits again."""
    store.payment("only", "2026-11-19T10:31Z", flagged=True)
    page = open_page("review")
    page.button(key="say-fraud-only").click().run()
    page.button(key="undo").click().run()
    assert [row[0] for row in store.rows("select verdict from labels order by label_id")] == ["fraud", "withdrawn"]
    assert page.button(key="say-fraud-only")


def test_an_undo_respects_a_later_verdict(store: Any, open_page: Open, text: Text) -> None:
    """Somebody else has judged meanwhile: theirs stands."""
    store.payment("only", "2026-11-19T10:31Z", flagged=True)
    page = open_page("review")
    page.button(key="say-fraud-only").click().run()
    store.label("only", "not_fraud")
    page.button(key="undo").click().run()
    assert [row[0] for row in store.rows("select verdict from labels order by label_id")] == ["fraud", "not_fraud"]


def test_later_puts_a_payment_at_the_end(store: Any, open_page: Open, text: Text) -> None:
    """Without saying anything of it."""
    store.payment("small", "2026-11-19T10:31Z", amount_cents=5000, flagged=True)
    store.payment("large", "2026-11-19T10:32Z", amount_cents=90000, flagged=True)
    page = open_page("review")
    page.button(key="later-large").click().run()
    assert page.button(key="say-fraud-small")
    assert store.rows("select count(*) from labels") == [(0,)]


def test_what_has_a_label_does_not_wait(store: Any, open_page: Open, text: Text) -> None:
    """A chargeback has said it already."""
    store.payment("charged back", "2026-11-19T10:31Z", flagged=True)
    store.label("charged back", "fraud", source="chargeback")
    assert "No flagged payment waits for a verdict." in text(open_page("review"))


def test_the_random_sample_is_unflagged_and_the_same_for_all(store: Any, open_page: Open, text: Text) -> None:
    """Ten a day; a verdict on one carries no mark of the sample's."""
    for number in range(30):
        store.payment(f"p{number}", f"2026-11-19T10:{number:02}:00Z")
    store.payment("flagged", "2026-11-19T10:31Z", flagged=True)
    page = open_page("review")
    page.segmented_control(key="review_kind").set_value("sample").run()
    first = next(one.key for one in page.button if one.key and one.key.startswith("say-fraud-"))
    again = open_page("review")
    again.segmented_control(key="review_kind").set_value("sample").run()
    assert [one.key for one in again.button if one.key == first]
    page.button(key=first).click().run()
    assert store.rows("select verdict, note from labels") == [("fraud", None)]
    assert store.rows("select flagged from payments_scored join labels using (trans_num)") == [(False,)]


def test_before_the_first_payment_there_is_nothing_to_review(store: Any, open_page: Open, text: Text) -> None:
    """Said, not shown as an empty table."""
    assert "nothing to review" in text(open_page("review"))


@pytest.mark.parametrize(("verdict", "left"), [("fraud", True), ("not_fraud", True), ("unsure", False)])
def test_a_key_that_comes_before_the_next_payment_judges_nothing(verdict: str, left: bool) -> None:
    """What was just judged is gone from the queue, and cannot be judged there again; unsure ones wait on."""
    last = {"label_id": 1, "trans_num": "p3", "verdict": verdict}
    assert has_left(last, "p3") == left
    assert not has_left(last, "p4")
    assert not has_left(None, "p3")
