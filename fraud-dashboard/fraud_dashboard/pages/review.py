"""The review page: one payment at a time, a key per verdict; flagged payments, and a random sample of the others."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from fraud_dashboard.components import html, page_frame, verdicts
from fraud_dashboard.components.html import Column, Html
from fraud_dashboard.data import flag_quality
from fraud_dashboard.data.database import ask, report_state
from fraud_dashboard.data.frames import rows
from fraud_dashboard.text import formats

QUEUE_DAYS = 14
QUEUE_ROWS = 200
SAMPLE_DAYS = 7
LATER = "review_later"  # ids put off in this session, in order
KINDS = {"waiting": "Waiting", "unsure": "Unsure", "sample": "Random sample"}


def render() -> None:
    """Draw the page."""
    state = report_state()
    st.title("Review")
    if state.first_day is None:
        st.info("No payments yet, so nothing to review. Flagged payments stand here as soon as there are some.")
        return
    kind = _kind()
    waiting, total = _sample() if kind == "sample" else _queue(kind)
    _say_what(kind, total, waiting)
    _undo()
    if waiting.empty:
        _nothing(kind)
    else:
        ordered = _put_off_last(waiting)
        _one(next(rows(ordered)), len(ordered))
        _rest(ordered.iloc[1:])
    _latest()


def _kind() -> str:
    chosen = st.segmented_control(
        "What",
        list(KINDS),
        default="waiting",
        format_func=lambda kind: KINDS[kind],
        required=True,
        label_visibility="collapsed",
        key="review_kind",
    )
    return str(chosen)


def _queue(kind: str) -> tuple[pd.DataFrame, int]:
    """The undecided payments and how many there are in all."""
    found = ask("review_queue", state=kind, days=QUEUE_DAYS, most=QUEUE_ROWS)
    return found, 0 if found.empty else int(found["undecided"].iloc[0])


def _sample() -> tuple[pd.DataFrame, int]:
    """The sampled payments of the last days that nobody has judged, and how many they are."""
    found = ask("review_sample", days=SAMPLE_DAYS, most=flag_quality.SAMPLE_A_DAY)
    return found, len(found)


def _say_what(kind: str, total: int, waiting: pd.DataFrame) -> None:
    if kind == "sample":
        st.caption(
            f"{flag_quality.SAMPLE_A_DAY} unflagged payments a day, drawn at random, the same for everyone: the only "
            "way to learn how many frauds we miss. Judge them as you would judge any payment, here or on its own "
            "page; a day counts on the Model page once all of its sample is judged."
        )
    elif total:
        one = total == 1
        what = (
            f"wait{'s' if one else ''} for a verdict"
            if kind == "waiting"
            else f"{'was' if one else 'were'} called unsure"
        )
        found = formats.count(total, "flagged payment")
        first = "the largest expected loss comes first"
        if waiting["currency"].nunique() > 1:  # amounts of different currencies have no order
            first += " in each currency; the currencies take turns"
        st.caption(f"{found} of the last {QUEUE_DAYS} days {what}; {first}.")


def _undo() -> None:
    last = st.session_state.get(verdicts.LAST_VERDICT)
    if not last:
        return
    st.button(
        f"Undo “{formats.verdict(last['verdict'])}”", icon=":material/undo:", key="undo", shortcut="Z",
        on_click=verdicts.take_back, args=(last["label_id"], page_frame.person()),
    )  # fmt: skip


def _nothing(kind: str) -> None:
    said = {
        "waiting": "No flagged payment waits for a verdict.",
        "unsure": "No payment stands as unsure.",
        "sample": "The sample of the last days is judged, or nothing unflagged was stored then.",
    }
    st.success(said[kind], icon=":material/check:")


def _put_off_last(waiting: pd.DataFrame) -> pd.DataFrame:
    later = {trans_num: place for place, trans_num in enumerate(st.session_state.get(LATER, []), 1)}
    return waiting.assign(place=waiting["trans_num"].map(later).fillna(0)).sort_values("place", kind="stable")


def _put_off(trans_num: str) -> None:
    later = [other for other in st.session_state.get(LATER, []) if other != trans_num]
    st.session_state[LATER] = [*later, trans_num]


def _one(row: Any, waiting: int) -> None:
    with st.container(border=True, key="review-card"):
        st.markdown(
            f"### {formats.money(row.amount, row.currency)} at {formats.as_markdown(formats.merchant(row.merchant))}"
        )
        left, right = st.columns([1, 1], gap="large")
        with left:
            _facts(row)
        with right:
            _why(row)

        def later() -> None:
            if waiting > 1:
                st.button("Later", key=f"later-{row.trans_num}", shortcut="L", on_click=_put_off, args=(row.trans_num,))

        verdicts.buttons(row.trans_num, page_frame.person(), keyboard=True, beside=later)
        st.html(f'<p class="fd-links">{html.payment_link(row.trans_num, "All about this payment ›")}</p>')
        with st.expander("Snooze", icon=":material/snooze:"):
            verdicts.snoozing(row, page_frame.person())


def _facts(row: Any) -> None:
    place = ", ".join(part for part in (row.city, row.state) if isinstance(part, str))
    at_or_not = "flagged from" if row.flagged else "not flagged; flagged from"
    html.facts(
        [
            ("Local time", formats.moment(row.event_time_local)),
            ("Category", formats.category(row.category)),
            ("Card", formats.card(row.card_last4) or formats.NO_DIGITS),
            ("Card holder's place", place or "not said"),
            (
                "Probability",
                f"{formats.probability(row.fraud_probability)} ({at_or_not} {formats.probability(row.threshold)})",
            ),
        ]
    )


def _why(row: Any) -> None:
    texts = html.reason_texts(row.reasons)
    if texts:
        st.html(f'<ol class="fd-reasons">{"".join(f"<li>{html.safe(text)}</li>" for text in texts)}</ol>')
    before = ask("payment_card", trans_num=row.trans_num, event_time=row.event_time.to_pydatetime())
    earlier = before[before["event_time"] < row.event_time].head(3)
    if earlier.empty:
        st.caption("The card's first payment in 30 days.")
        return
    said = (
        f"{formats.money(one.amount, one.currency)} at {formats.as_markdown(formats.merchant(one.merchant))}, "
        f"{formats.short_moment(one.event_time_local)}"
        for one in rows(earlier)
    )
    st.caption(f"The card's payments just before: {'; '.join(said)}.")


def _rest(others: pd.DataFrame) -> None:
    if others.empty:
        return
    st.subheader("Next")
    lines = [
        (
            html.payment_link(row.trans_num, formats.short_moment(row.event_time_local)),
            formats.merchant(row.merchant),
            formats.money(row.amount, row.currency),
            formats.probability(row.fraud_probability),
        )
        for row in rows(others.head(8))
    ]
    heads = [
        Column("Time", "tight"),
        Column("Merchant"),
        Column("Amount", "number"),
        Column("Probability", "number minor"),
    ]
    html.table(heads, lines, caption="What comes next", stacks=False)


def _latest() -> None:
    st.subheader("Latest verdicts")
    said = ask("review_latest", most=8)
    if said.empty:
        st.write("Nobody here has given a verdict yet. Each one counts on the Model page at once.")
        return
    kinds = {"fraud": "alarm", "not_fraud": "good", "unsure": "warn"}
    lines = [
        (
            html.payment_link(row.trans_num, formats.short_moment(row.known_at_local)),
            Html(html.badge(formats.verdict(row.verdict), kinds.get(row.verdict, "")) + _note(row.note)),
            f"{formats.money(row.amount, row.currency)} at {formats.merchant(row.merchant)}",
            row.author,
        )
        for row in rows(said)
    ]
    heads = [Column("When", "tight"), Column("Said"), Column("Of", "minor"), Column("By")]
    html.table(heads, lines, caption="Latest verdicts", stacks=False)


def _note(note: object) -> str:
    if not isinstance(note, str):
        return ""
    return f' <span class="fd-quiet">{html.safe(note.replace("not_fraud", "not fraud"))}</span>'
