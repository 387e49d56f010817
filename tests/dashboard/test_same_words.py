"""The page and the morning mail say the same of a day: one rule, one set of words, one table of currencies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import combinations
from string import ascii_uppercase
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import create_engine

from fraud_common.money import decimals
from fraud_common.text import probability_text
from fraud_dashboard.components import drift_table
from fraud_dashboard.data import day_totals
from fraud_dashboard.text import currencies, formats
from fraud_scorer.alerting import morning_mail as daily
from fraud_scorer.alerting import morning_mail_view as daily_view
from fraud_scorer.alerting.wording import events_text, readable_category, readable_merchant
from fraud_scorer.cli import drift as drift_command
from fraud_scorer.domain.day_facts import DayFacts
from fraud_scorer.domain.frames import KINDS
from fraud_scorer.explain import phrasing as wording
from fraud_scorer.store.days import PostgresDays

THURSDAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


def content_of(store: Any) -> dict[str, Any]:
    """What the mail of Thursday says."""
    engine = create_engine(store.url)
    facts: DayFacts = PostgresDays(engine).facts(THURSDAY, now=NOW)
    engine.dispose()
    return daily.daily_content(facts, dashboard_url="https://fraud.example.org", now=NOW)


@pytest.mark.parametrize("days", [(7, 14, 21, 28), (1, 2, 3, 4, 5, 6)])
def test_what_usual_is_made_of_is_said_alike(days: tuple[int, ...]) -> None:
    """Whichever of the days have payments."""
    for number in range(1, len(days) + 1):
        for ago in combinations(days, number):
            assert day_totals.said(THURSDAY, ago) == daily._comparison_text(THURSDAY, ago)


def test_comparisons_are_said_alike() -> None:
    """Above, below, many times, none; only a missing comparison is a word on a card and a gap in a mail."""
    for value in (0, 1, 50, 96, 100, 104, 130, 299, 301, 5200):
        for usual in (0, 1, 100):
            assert formats.against(value, usual, "u") == daily_view.compared_with_usual(value, usual, "u")


def test_probabilities_are_said_alike() -> None:
    """From certainty down to next to nothing, and the same on both sides of a threshold."""
    for probability in (0.0, 0.0004, 0.001, 0.0547, 0.0709, 0.0999, 0.1, 0.289, 0.9349, 0.97, 0.9994, 0.99996, 1.0):
        assert formats.probability(probability) == probability_text(probability)


def test_events_are_said_alike() -> None:
    """Every kind, in the payment's currency and in another one."""
    for kind in KINDS:
        for currency in ("EUR", "JPY", "KWD"):
            sums = [{"kind": kind, "amount_cents": 123_400, "amount": 123_400 / 10 ** decimals(currency),
                     "currency": currency}]  # fmt: skip
            assert formats.events(sums, 2_000, "EUR") == events_text(sums, 200_000, "EUR")


def test_categories_are_said_alike() -> None:
    """In reasons, mails and on pages."""
    for code in ("misc_net", "grocery_pos", "gas_transport", "home", "x_pos_net", "net", "_net", "pos"):
        assert formats.category(code) == readable_category(code) == wording.category(code)


@pytest.mark.parametrize(
    "name",
    ["fraud_Kuhn LLC", "Kuhn LLC", "fraud_", "", "fraudster_x", "fraud_fraud_A", "  fraud_A ", "fraud_ A\tB", "\u202eX",
     "fraud_" + "x" * 79, "x" * 80, "x" * 81, "x" * 78 + " yz"],
)  # fmt: skip
def test_merchants_are_said_alike(name: str) -> None:
    """As people write them: without what the public data set puts before, on one line, not too long."""
    assert formats.merchant(name) == readable_merchant(name)


@pytest.mark.parametrize("page", [{}, {"payment": "worst"}, {"payment": "worst", "snooze": "merchant"}, "review"])
def test_no_page_shows_a_merchant_as_the_public_data_set_writes_it(
    store: Any, open_page: Callable[..., Any], text: Callable[[Any], str], page: Any
) -> None:
    """Lists, tables, headings, tooltips, the card's past, verdicts and what can be snoozed: as in the mail."""
    for number, trans_num in enumerate(("worst", "second", "judged", "before")):
        at, amount = f"2026-11-{19 - (trans_num == 'before')}T1{number}:00Z", 9000 - number
        store.payment(trans_num, at, merchant="fraud_Kuhn LLC", flagged=trans_num != "before", amount_cents=amount)
    store.label("judged", "not_fraud")
    opened = open_page(page) if isinstance(page, str) else open_page(**page)
    read = text(opened) + "".join(option for box in opened.selectbox for option in box.options)
    charts = b"".join(chart.proto.SerializeToString() for chart in opened.get("vega_lite_chart"))
    assert "Kuhn LLC" in read
    assert "fraud_" not in read.replace("fraud_db", "").replace("not_fraud", "")
    assert b"fraud_Kuhn" not in charts
    assert page == "review" or b"Kuhn" in charts
    assert content_of(store)["listed"][0]["merchant"] == "Kuhn LLC"


@pytest.mark.parametrize(
    ("days", "said", "payments"),
    [
        ((), "No comparison yet: there is no whole earlier day.", "no comparison yet"),
        ((7,), "No comparison yet: there is no whole earlier day.", "no comparison yet"),
        ((7, 6, 5, 4, 3, 2, 1), "Usual: the mean of the 6 days before.", "▲ 50% above the usual 2"),
        ((8, 7), "Usual: the Thursday before.", "▲ 50% above the usual 2"),
        ((30, 28, 21, 14, 7, 1), "Usual: the mean of the 4 Thursdays before.", "▲ 50% above the usual 2"),
        ((4, 3, 1), "Usual: the mean of 2 earlier days.", "▲ 50% above the usual 2"),
    ],
)
def test_the_first_day_is_never_usual(
    store: Any,
    open_page: Callable[..., Any],
    text: Callable[[Any], str],
    days: tuple[int, ...],
    said: str,
    payments: str,
) -> None:
    """However history begins, page and mail compare with the same whole days and say which."""
    for number in range(3):
        store.payment(f"own {number}", f"2026-11-19T1{number}:00Z")
    for ago in days:
        for number in range(2):
            at = datetime(2026, 11, 19, 10 + number, tzinfo=UTC).timestamp() - ago * 86400
            store.payment(f"{ago} ago, {number}", datetime.fromtimestamp(at, UTC).isoformat())
    read, mail = text(open_page()), daily_view.daily_view(content_of(store))
    assert said in read
    assert payments in read
    assert said in mail["remarks"]
    assert (mail["totals"][0]["compared"] or "no comparison yet") == payments


def test_amounts_are_the_same_in_every_currency(
    store: Any, open_page: Callable[..., Any], text: Callable[[Any], str]
) -> None:
    """Yen have no decimals, Kuwaiti dinars three; a line a currency, the report's own first; payments are counted."""
    for number, (currency, cents) in enumerate([("USD", 12345), ("JPY", 1500), ("KWD", 1500)]):
        store.payment(f"p{number}", "2026-11-19T10:00Z", currency=currency, amount_cents=cents, flagged=True)
        store.payment(f"r{number}", "2026-11-19T10:00Z", currency=currency, amount_cents=-cents, scored_by=None)
    read, mail = text(open_page()), daily_view.daily_view(content_of(store))
    assert '<div class="label">Payments</div><div class="value">3</div>' in read
    lines = "123.45 <small>USD</small><br>1,500 <small>JPY</small><br>1.500 <small>KWD</small>"
    assert f'<div class="label">Amount</div><div class="value">{lines}</div>' in read
    assert f'<div class="label">Amount at risk</div><div class="value">{lines}</div>' in read
    assert "3 refunds of 123.45 USD + 1,500 JPY + 1.500 KWD" in read
    assert [line["value"] for line in mail["totals"] if line["name"] == "Amount"] == [
        "123.45 USD", "1,500 JPY", "1.500 KWD",
    ]  # fmt: skip
    assert [line["value"] for line in mail["totals"] if line["name"] == "Amount at risk"] == [
        "123.45 USD", "1,500 JPY", "1.500 KWD",
    ]  # fmt: skip


def test_open_records_are_counted_alike(store: Any, open_page: Callable[..., Any], text: Callable[[Any], str]) -> None:
    """Of the day's minutes and of what was imported on it; both say that they count what is still open."""
    store.payment("own", "2026-11-19T10:00Z")
    store.minute("2026-11-19T10:32:00Z", quarantined=2)
    imported = {"kind": "history", "status": "done", "loaded_at": "2026-11-19T12:00Z", "quarantined": 2}
    store.insert("run_ledger", batch_id="history-1-2026-10-01", **imported)
    bad = {"part": 0, "reason": "future", "detail": "", "record": b"", "created_at": "2026-11-19T12:00Z"}
    for batch_id in ("2026-11-19T10:32Z", "history-1-2026-10-01"):
        store.insert("quarantine", batch_id=batch_id, row_index=0, **bad)
        store.insert("quarantine", batch_id=batch_id, row_index=1, status="dropped", **bad)
    assert "4 records went to quarantine when loaded, 2 still open" in text(open_page())
    assert ["2 records", "still open in quarantine: 2 future"] in content_of(store)["gaps"]


def test_decimals_are_the_librarys_and_the_databases(store: Any) -> None:
    """Of every code that three letters make."""
    letters = ascii_uppercase
    codes = [a + b + c for a in letters for b in letters for c in letters]
    store.cursor.execute("select code, currency_decimals(code) from unnest(%s) as code", (codes,))
    assert dict(store.cursor.fetchall()) == {code: decimals(code) for code in codes}
    assert {code: currencies.decimals(code) for code in codes} == {code: decimals(code) for code in codes}


ROWS = [
    ("amount", 0.4123, "drifted", False),
    ("card_count_30d", 8.24, "drifted", True),
    ("city_pop", 0.17, "watch", False),
    ("is_night", 0.05, "stable", False),
    ("speed", 12.34, "drifted", False),
]
FEW = [(name, psi, "too_few", young) for name, psi, _, young in ROWS]
MANY = [(f"feature_{number}", 0.3 + number / 100, "drifted", False) for number in range(7)]


@pytest.mark.parametrize("rows", [ROWS, ROWS[1:2], ROWS[3:4], FEW, MANY])
def test_the_command_and_the_model_page_say_the_same_of_a_days_drift(rows: list[tuple[str, float, str, bool]]) -> None:
    """What drifted, what is worth watching, and what has no history to be judged by."""
    cells = pd.DataFrame(rows, columns=["feature", "psi", "state", "is_young"]).assign(day=THURSDAY, model_hash="m")
    days = pd.DataFrame([{"day": THURSDAY, "model_hash": "m", "compared": 400, "whole_day": True}])
    told = drift_table.summary(drift_table.chosen(days, cells), NOW.date())
    farthest_first = cells.sort_values("psi", ascending=False).to_dict("records")
    assert told == f"**Thu 19 Nov**: {drift_command.summary(farthest_first, 400)}"


def test_the_command_marks_features_as_the_model_page_does() -> None:
    """One sign a state, with the words beside it."""
    for state, sign in drift_table.SIGNS.items():
        marked = drift_command._MARKED[state]
        assert marked.startswith(sign)
        assert state == "young" or marked == f"{sign} {drift_table.WORDS[state]}".strip()
