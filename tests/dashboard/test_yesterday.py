"""The day's page: numbers, comparisons, filters, and what it says when there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Open = Callable[..., Any]
Text = Callable[[Any], str]


def yesterday(store: Any) -> None:
    """Three payments and a refund on Thursday, 19 November (UTC); two of them flagged."""
    store.payment("calm", "2026-11-19T09:10Z", amount_cents=2000)
    store.payment("worst", "2026-11-19T10:31Z", amount_cents=80000, flagged=True, merchant="Lind-Buckridge")
    store.payment("bad", "2026-11-19T23:59:59Z", amount_cents=5000, flagged=True, category="travel")
    store.payment("back", "2026-11-19T12:00Z", amount_cents=-700, fraud_probability=None, scored_by=None)


def test_it_opens_on_yesterday(store: Any, open_page: Open, text: Text) -> None:
    """Payments leave refunds out; flagged payments and their money are told."""
    yesterday(store)
    store.payment("today", "2026-11-20T00:00:00Z", flagged=True)
    page = open_page()
    assert page.title[0].value == "Yesterday, 19 November 2026"
    read = text(page)
    assert '<div class="label">Payments</div><div class="value">3</div>' in read
    assert "870.00 <small>USD</small>" in read
    assert "850.00 <small>USD</small>" in read
    assert "1 refund of 7.00 USD" in read
    assert "today" not in read.split("Flagged payments")[-1]


def test_the_flagged_list_puts_the_largest_expected_loss_first(store: Any, open_page: Open, text: Text) -> None:
    """Each with its reasons and a link to its own page."""
    yesterday(store)
    read = text(open_page())
    assert read.index("/?payment=worst") < read.index("/?payment=bad")
    assert "2 payments, 850.00 USD at risk, expected loss 807.50 USD" in read
    assert "Amount is 12 times this card&#x27;s usual" in read
    assert "···· 4512" in read


def test_another_day_is_another_days_numbers(store: Any, open_page: Open, text: Text) -> None:
    """What was kept of yesterday never shows under another date."""
    yesterday(store)
    store.payment("earlier", "2026-11-18T09:10Z", amount_cents=4200)
    assert "3</div>" in text(open_page())
    page = open_page(day="2026-11-18")
    assert page.title[0].value == "Wednesday, 18 November 2026"
    assert "42.00 <small>USD</small>" in text(page)


def test_a_late_load_renews_the_numbers(store: Any, open_page: Open, text: Text) -> None:
    """A batch loaded since the page was drawn is in it when it is drawn again."""
    yesterday(store)
    page = open_page()
    store.payment("late", "2026-11-19T10:00Z", amount_cents=100)
    store.minute("2026-11-20T07:28:00Z")
    assert '<div class="value">4</div>' in text(page.run())


def test_a_day_is_compared_with_the_same_weekday(store: Any, open_page: Open, text: Text) -> None:
    """The mean of the Thursdays that have payments, bar the very first day."""
    yesterday(store)
    store.payment("the first", "2026-10-01T10:00Z")
    for number in range(6):
        store.payment(f"a week ago {number}", "2026-11-12T10:00Z")
        store.payment(f"two weeks ago {number}", "2026-11-05T10:00Z")
    read = text(open_page())
    assert "Usual: the mean of the 2 Thursdays before." in read
    assert "▼ 50% below the usual 6" in read


def test_a_part_of_a_day_is_no_usual(store: Any, open_page: Open, text: Text) -> None:
    """The first day with a payment does not count, not even as the same weekday."""
    yesterday(store)
    store.payment("a week ago", "2026-11-12T22:00Z")
    read = text(open_page())
    assert "No comparison yet: there is no whole earlier day." in read
    assert "the usual" not in read


def test_an_empty_database_says_what_comes_next(store: Any, open_page: Open, text: Text) -> None:
    """Before the first payment the page tells what to expect and which command helps."""
    page = open_page()
    assert page.title[0].value == "No payments yet"
    assert "fraud-scorer check" in text(page)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-17", "No payment of this day was stored"),
        ("2026-01-01", "the first payment is of Monday, 16 November 2026"),
        ("2027-01-01", "This day has not come yet"),
    ],
)
def test_an_empty_day_says_why(store: Any, open_page: Open, text: Text, day: str, said: str) -> None:
    """A gap, before the first payment, or still to come: three different sentences."""
    yesterday(store)
    store.payment("first", "2026-11-16T10:00Z")
    assert said in text(open_page(day=day))


def test_a_day_that_is_none_is_said(store: Any, open_page: Open, text: Text) -> None:
    """A mistyped address shows yesterday and says so."""
    yesterday(store)
    page = open_page(day="tomorrow")
    assert "is not a day" in page.warning[0].value
    assert page.title[0].value == "Yesterday, 19 November 2026"


def test_days_are_the_reports_zones(store: Any, open_page: Open, text: Text) -> None:
    """23:30 in New York is yesterday there though it is today in UTC."""
    store.settings(time_zone="America/New_York")
    store.payment("evening", "2026-11-20T04:30:00Z", flagged=True)
    read = text(open_page())
    assert "Times are America/New_York" in read
    assert ">23:30:00</a>" in read


def test_a_day_of_25_hours_is_told(store: Any, open_page: Open, text: Text) -> None:
    """Where clocks went back the page says why the day is long."""
    store.settings(time_zone="Europe/Berlin")
    store.payment("twice", "2026-10-25T00:30:00Z")
    store.payment("twice again", "2026-10-25T01:30:00Z")
    read = text(open_page(day="2026-10-25"))
    assert "this day has 25 hours" in read
    assert '<div class="value">2</div>' in read


def test_amounts_of_two_currencies_are_not_added_up(store: Any, open_page: Open, text: Text) -> None:
    """Totals have a line a currency; lists that amounts order hold one currency, the report's own first."""
    yesterday(store)
    store.payment("euro", "2026-11-19T10:00Z", amount_cents=999, currency="EUR", flagged=True)
    page = open_page()
    read = text(page)
    assert "870.00 <small>USD</small><br>9.99 <small>EUR</small>" in read
    assert '<div class="label">Payments</div><div class="value">4</div>' in read
    assert "/?payment=worst" in read
    assert "/?payment=euro" not in read
    read = text(page.segmented_control[0].set_value("EUR").run())
    assert "/?payment=euro" in read
    assert "/?payment=worst" not in read


def test_filters_narrow_the_list(store: Any, open_page: Open, text: Text) -> None:
    """Search, category and amount work together; nothing left is said."""
    yesterday(store)
    page = open_page()
    page.text_input(key="search-2026-11-19").set_value("lind 4512").run()
    assert "/?payment=worst" in text(page)
    assert "/?payment=bad" not in text(page)
    page.number_input(key="least-2026-11-19").set_value(900.0).run()
    assert "None of the 2 flagged payments fits these filters." in text(page)


@pytest.mark.parametrize("search", ["kuhn", "fraud_kuhn", "fraud_Kuhn LLC"])
def test_a_merchant_is_found_as_it_is_read_and_as_it_is_stored(
    store: Any, open_page: Open, text: Text, search: str
) -> None:
    """Whichever of the two was copied into the search, from a page, a mail or a file."""
    for trans_num, merchant in (("stored", "fraud_Kuhn LLC"), ("read", "Kuhn LLC"), ("other", "fraud_Lind")):
        store.payment(trans_num, "2026-11-19T10:00Z", merchant=merchant, flagged=True)
    page = open_page()
    page.text_input(key="search-2026-11-19").set_value(search).run()
    listed = text(page).split("Flagged payments</")[-1]
    assert ["/?payment=stored" in listed, "/?payment=read" in listed] == [True, True]
    assert "/?payment=other" not in listed


def test_frauds_known_so_far_count_verdicts(store: Any, open_page: Open, text: Text) -> None:
    """Flagged is ours, fraud is what others say: two numbers."""
    yesterday(store)
    store.label("worst", "fraud")
    store.label("calm", "fraud", source="chargeback")
    store.label("bad", "not_fraud")
    read = text(open_page())
    assert '<div class="label">Frauds known so far</div><div class="value">2</div>' in read
    assert "1 of them flagged; 820.00 USD" in read


def test_what_a_day_lacks_is_told(store: Any, open_page: Open, text: Text) -> None:
    """Missed minutes, minutes of the local model and records that could not become payments stand above the charts."""
    yesterday(store)
    store.minute("2026-11-19T10:31:00Z", "missed")
    store.minute("2026-11-19T10:32:00Z", scored_by="local-fallback", quarantined=3)
    bad = {"part": 0, "reason": "future", "detail": "in the future", "record": b""}
    for row_index, status in enumerate(("open", "retried", "dropped")):
        store.insert("quarantine", batch_id="2026-11-19T10:32Z", row_index=row_index, status=status, **bad)
    read = text(open_page())
    assert "3 records went to quarantine when loaded, 1 still open" in read
    assert "1 minute missed: their payments are not here" in read
    assert "1 minute scored by the local model" in read


def test_a_database_that_is_down_shows_no_numbers(
    store: Any, open_page: Open, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence that is true, and another try."""
    monkeypatch.setenv("DASHBOARD_DB_URL", "postgresql+psycopg2://fraud_dashboard:x@127.0.0.1:1/fraud_db")
    page = open_page()
    assert page.title[0].value == "The database does not answer"
    assert "it cannot be reached" in page.error[0].value
    assert "None" not in text(page)


def test_a_missing_setting_is_named(store: Any, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without DASHBOARD_DB_URL the page says which setting and how to write it."""
    with monkeypatch.context() as without:
        without.delenv("DASHBOARD_DB_URL")
        page = open_page()
    assert "DASHBOARD_DB_URL is not set" in page.error[0].value


def test_texts_of_payments_are_never_run(store: Any, open_page: Open, text: Text) -> None:
    """A merchant's name is text, whatever it holds."""
    store.payment("x", "2026-11-19T10:31Z", flagged=True, merchant="<img src=x onerror=alert(1)>")
    read = text(open_page())
    assert "<img" not in read
    assert "&lt;img src=x" in read
