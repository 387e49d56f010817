"""The random sample of unflagged payments: drawn by their ids alone, judged wherever one likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fraud_dashboard.data.flag_quality import SAMPLE_A_DAY

Open = Callable[..., Any]
DAY = "date '2026-11-19'"
DRAWN = f"select trans_num from report_sample({DAY}, {SAMPLE_A_DAY}) order by 1"
BY_HAND = (
    "select trans_num from (select trans_num from payments_scored where not flagged and amount_cents >= 0 and "
    f"event_time >= {DAY} and event_time < {DAY} + 1 order by hashtextextended(trans_num, 0) limit {SAMPLE_A_DAY}) "
    "as lowest order by 1"
)


def fill(store: Any, payments: int) -> None:
    """So many payments of yesterday, some flagged, some refunds, one besides; and one of each day beside it."""
    store.payment("p", "2026-11-19T00:00Z")
    store.payment("day before", "2026-11-18T23:59:59Z")
    store.payment("today", "2026-11-20T00:00Z")
    columns = ", ".join(name for (name,) in store.rows(
        "select column_name from information_schema.columns where table_name = 'payments_scored' and is_generated = "
        "'NEVER' and column_name not in ('trans_num', 'event_time', 'flagged', 'amount_cents')"
    ))  # fmt: skip
    store.cursor.execute(
        f"insert into payments_scored (trans_num, event_time, flagged, amount_cents, {columns}) "
        "select md5(number::text), event_time + number * interval '10 seconds', number % 1000 = 3, "
        f"case number % 10 when 5 then -100 else 100 end, {columns} "
        f"from payments_scored, generate_series(1, {payments}) as number where trans_num = 'p'"
    )


@pytest.mark.parametrize("payments", [3, 400, 8_000])
def test_the_draw_is_the_days_lowest_hashes(store: Any, payments: int) -> None:
    """Of a few payments as of many, where the index of low hashes alone is read."""
    fill(store, payments)
    drawn = store.rows(DRAWN)
    assert drawn == store.rows(BY_HAND)
    assert len(drawn) == min(SAMPLE_A_DAY, payments)


def test_a_full_day_is_not_read_for_its_sample(store: Any) -> None:
    """The index serves it: the plan names it, and the day's payments are not looked at."""
    fill(store, 8_000)
    store.cursor.execute("vacuum analyze payments_scored")
    low = "where not flagged and amount_cents >= 0 and hashtextextended(trans_num, 0) < -9151314442816847872"
    assert store.rows(f"select count(*) >= {SAMPLE_A_DAY} from payments_scored {low}") == [(True,)]
    plan = "\n".join(line for (line,) in store.rows(f"explain (analyze, timing off) {DRAWN}"))
    assert "payments_scored_draw" in plan
    assert plan.count("(never executed)") == plan.count("payments_scored_event_time") > 0


def test_a_verdict_counts_wherever_and_however_it_was_given(store: Any, open_page: Open) -> None:
    """On the payment's own page, with a note, taken back and given again: one judgement of the sample."""
    fill(store, 400)
    suspicious, other = [name for (name,) in store.rows(DRAWN)][:2]
    for (name,) in store.rows(DRAWN):
        if name not in (suspicious, other):
            store.label(name, "not_fraud")
    store.label(other, "fraud", source="chargeback")
    page = open_page(payment=suspicious)
    page.text_input(key=f"note-{suspicious}").set_value("called the holder").run()
    page.button(key=f"say-not_fraud-{suspicious}").click().run()
    next(one for one in page.button if one.label == "Take the verdict back").click().run()
    assert estimate(open_page) == "—"
    page.button(key=f"say-fraud-{suspicious}").click().run()
    assert estimate(open_page) == "20.00%"


def test_nobody_joins_the_sample_by_a_note(store: Any, open_page: Open) -> None:
    """Whatever a verdict's note says, a payment that was not drawn is not counted."""
    fill(store, 400)
    drawn = {name for (name,) in store.rows(DRAWN)}
    for name in drawn:
        store.label(name, "not_fraud")
    outside = next(name for (name,) in store.rows("select trans_num from payments_scored") if name not in drawn)
    store.insert("labels", trans_num=outside, source="verdict", verdict="fraud", known_at="2026-11-20T07:00Z",
                 author="ana", note="random sample")  # fmt: skip
    assert estimate(open_page) == "0.00%"


def test_what_is_judged_leaves_the_queue_of_the_sample(store: Any, open_page: Open) -> None:
    """And comes back when the verdict is taken back."""
    store.payment("only", "2026-11-19T10:31Z")
    page = open_page("review")
    page.segmented_control(key="review_kind").set_value("sample").run()
    page.button(key="say-not_fraud-only").click().run()
    assert "say-fraud-only" not in [one.key for one in page.button]
    page.button(key="undo").click().run()
    assert page.button(key="say-fraud-only")


def estimate(open_page: Open) -> str:
    """The share of frauds among the unflagged that the Model page says."""
    import streamlit as st

    st.cache_data.clear()
    cards = next(
        html.proto.body for html in open_page("model").get("html") if "Frauds among the unf" in html.proto.body
    )
    return str(cards.split("Frauds among the unflagged")[1].split('class="value">')[1].split("<")[0])
