"""A payment's own page: ``?payment=<trans_num>``; with ``&snooze=card`` the snooze stands first."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from fraud_dashboard.charts import plots
from fraud_dashboard.components import html, page_frame, verdicts
from fraud_dashboard.components.html import Column, Html
from fraud_dashboard.data.database import ReportState, ask, report_state
from fraud_dashboard.data.frames import rows
from fraud_dashboard.text import formats

PAYMENT = "payment"
SNOOZE = "snooze"
SCORERS = {
    "local": "the local model",
    "sagemaker": "the SageMaker endpoint",
    "local-fallback": "the local model, because the endpoint failed",
}
RECENT = 12


def render() -> None:
    """Draw the page of the payment in the address."""
    state = report_state()
    trans_num = st.query_params[PAYMENT].replace("\x00", "")  # what the database can hold
    found = ask("payment", trans_num=trans_num)
    events = ask("payment_events", trans_num=trans_num)
    if found.empty:
        _unknown(trans_num, events)
        return
    row = next(rows(found))
    _heading(row)
    asked_to_snooze = SNOOZE in st.query_params
    if asked_to_snooze:
        _snooze(row)
    left, right = st.columns(2, gap="large")
    with left:
        _facts(row, state)
    with right:
        _reasons(row)
        _verdict(row)
    if not events.empty:
        whole = formats.money(abs(row.amount), row.currency)
        _events(events, f"Beside the payment of {whole} and what was decided of it, which stay as they were.")
    _card(row)
    _past(row)
    if not asked_to_snooze:
        with st.expander("Snooze", icon=":material/snooze:"):
            verdicts.snoozing(row, page_frame.person())


def _snooze(row: Any) -> None:
    """The snooze that a mail's link asks for, at the top of the page: a phone shows it without scrolling."""
    with st.container(border=True, key="snooze"):
        st.subheader("Snooze", anchor=False)
        verdicts.snoozing(row, page_frame.person(), first=st.query_params[SNOOZE])


def _unknown(trans_num: str, events: pd.DataFrame) -> None:
    asked = formats.as_markdown(trans_num[:64])
    if events.empty:
        st.title("No such payment")
        st.info(f"No stored payment has the id “{asked}”. The link may be cut, or lead to another installation.")
    else:
        st.title("The payment itself has not come")
        _events(events, f"All that came so far under the id “{asked}”. Nothing of it is scored.")
    st.html('<p class="fd-links"><a href="./" target="_self">‹ To yesterday</a></p>')


def _heading(row: Any) -> None:
    day = row.event_time_local.date()
    st.html(f'<p class="fd-links"><a href="./?day={day}" target="_self">‹ {formats.long_day(day)}</a></p>')
    st.title(
        f"{formats.money(row.amount, row.currency)} at {formats.as_markdown(formats.merchant(row.merchant))}",
        anchor=False,
    )
    happened = [html.badge(formats.events([event], row.amount, row.currency)) for event in row.events]
    known = html.label_badge(row.label, row.label_source, row.verdict)
    st.html(f"<p>{' '.join([_decision_badge(row), known, *happened])}</p>")


def _decision_badge(row: Any) -> Html:
    if row.is_refund:
        return html.badge("refund: not scored")
    if row.flagged:
        return html.badge(f"▲ flagged at {formats.probability(row.fraud_probability)}", "warn")
    return html.badge(f"not flagged ({formats.probability(row.fraud_probability)})")


def _facts(row: Any, state: ReportState) -> None:
    st.subheader("Payment")
    place = ", ".join(part for part in (row.city, row.state) if isinstance(part, str))
    pairs: list[tuple[str, object]] = [
        (
            "Local time",
            f"{formats.short_day(row.event_time_local)} {row.event_time_local:%Y, %H:%M:%S} ({state.time_zone})",
        ),
        ("Amount", formats.money(row.amount, row.currency)),
        ("Merchant", formats.merchant(row.merchant)),
        ("Category", formats.category(row.category)),
        ("Card", formats.card(row.card_last4) or formats.NO_DIGITS),
        ("Card holder's place", place or "not said"),
    ]
    if not row.is_refund:
        pairs += [
            (
                "Probability",
                f"{formats.probability(row.fraud_probability)}, flagged from {formats.probability(row.threshold)}",
            ),
            ("Scored by", SCORERS.get(row.scored_by, "nobody yet")),
            ("Model", str(row.model_hash or "—")[:12]),
        ]
    pairs += [("Batch", row.first_batch_id), ("Id", row.trans_num)]
    html.facts(pairs)


def _reasons(row: Any) -> None:
    st.subheader("Why it was flagged" if row.flagged else "Decision")
    texts = html.reason_texts(row.reasons)
    if texts:
        items = "".join(f"<li>{html.safe(text)}</li>" for text in texts)
        st.html(f'<ol class="fd-reasons">{items}</ol>')
    elif row.is_refund:
        st.write("A refund is stored and not scored.")
    else:
        st.write("Reasons are kept for flagged payments only." if not row.flagged else "No reasons were recorded.")


def _verdict(row: Any) -> None:
    st.subheader("What is known of it")
    person = page_frame.person()
    if html.label_badge(row.label, row.label_source, row.verdict) == html.badge("no label yet"):
        st.write("Nobody has said anything of this payment yet.")
    verdicts.statements(row.trans_num, person)
    verdicts.buttons(row.trans_num, person, keyboard=False)


def _events(events: pd.DataFrame, remark: str) -> None:
    """Captures, refunds, disputes and the like, the earliest first."""
    st.subheader("What happened to it")
    heads = [Column("Time", "tight"), Column("Event"), Column("Amount", "number"), Column("Batch", "minor")]
    lines = [
        (
            formats.moment(one.event_time_local),
            formats.EVENT_WORDS[one.kind],
            formats.money(one.amount, one.currency),
            one.batch_id,
        )
        for one in rows(events)
    ]
    html.table(heads, lines, caption="Events of this payment, the earliest first", stacks=False)
    st.caption(remark)


def _card(row: Any) -> None:
    st.subheader(f"Card {formats.card(row.card_last4)}".strip())
    around = ask("payment_card", trans_num=row.trans_num, event_time=row.event_time.to_pydatetime())
    if len(around) == 1:
        st.write("The only payment of this card in the 30 days before and the 7 after.")
        return
    drawn = around[around["currency"] == row.currency]  # one axis holds one currency
    st.altair_chart(
        plots.card_line(_drawn(drawn, row.trans_num)),
        alt=f"{len(drawn)} payments of this card over time; amounts upwards; this one is the large diamond.",
    )
    st.caption(
        f"{formats.count(len(around), 'payment')} from 30 days before to 7 days after. ◆ this payment, ▲ flagged, "
        "✖ known fraud, ● others."
        + (f" Drawn: the {len(drawn)} in {row.currency}." if len(drawn) < len(around) else "")
    )
    heads = [
        Column("Time", "tight"),
        Column("Merchant"),
        Column("Amount", "number"),
        Column("Probability", "number minor"),
    ]
    nearest = _nearest(around, row.trans_num)
    lines = [_card_row(one, row.trans_num) for one in rows(nearest)]
    html.table(heads, lines, caption="Payments of this card around this one", stacks=False)
    if len(around) > len(nearest):
        st.caption(f"The {len(nearest)} payments around this one, of {len(around)}.")


def _nearest(around: pd.DataFrame, trans_num: str) -> pd.DataFrame:
    """The payment with those just after and before it, newest first."""
    here = int((around["trans_num"] == trans_num).to_numpy().argmax())
    first = max(0, min(here - 3, len(around) - RECENT))
    return around.iloc[first : first + RECENT]


def _drawn(around: pd.DataFrame, trans_num: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at": around["event_time_local"],
            "amount": around["amount"],
            "what": [_what(one, trans_num) for one in rows(around)],
            "merchant": around["merchant"].map(formats.merchant),
            "money": [formats.money(one.amount, one.currency) for one in rows(around)],
            "when": [formats.moment(at) for at in around["event_time_local"]],
        }
    )


def _what(one: Any, trans_num: str) -> str:
    if one.trans_num == trans_num:
        return "this payment"
    if one.label == "fraud":
        return "known fraud"
    return "flagged" if one.flagged else "other"


def _card_row(one: Any, trans_num: str) -> tuple[object, ...]:
    time = formats.short_moment(one.event_time_local)
    this = one.trans_num == trans_num
    marks = [html.badge("this payment")] if this else []
    marks += [html.badge("▲ flagged", "warn")] if one.flagged else []
    if isinstance(one.label, str):
        marks.append(html.badge(*reversed(html.LABELS[one.label])))
    return (
        time if this else html.payment_link(one.trans_num, time),
        Html(" ".join([html.safe(formats.merchant(one.merchant)), *marks])),
        formats.money(one.amount, one.currency),
        formats.probability(one.fraud_probability),
    )


def _past(row: Any) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _score_history(row)
    with right:
        _messages(row.trans_num)


def _score_history(row: Any) -> None:
    st.subheader("Score history")
    changes = ask("payment_changes", trans_num=row.trans_num)
    if changes.empty:
        st.write("Decided once; nothing was ever replaced.")
        return
    heads = [Column("Until", "tight"), Column("Probability", "number"), Column("Decision"), Column("Replaced by")]
    now = ("in force", formats.probability(row.fraud_probability), _decided(row), "")
    past = [
        (
            formats.moment(one.replaced_at_local),
            formats.probability(one.fraud_probability),
            _decided(one),
            f"a {one.why}",
        )
        for one in rows(changes)
    ]
    html.table(heads, [now, *past], caption="Decisions about this payment, the one in force first")


def _decided(one: Any) -> str:
    return f"{'flagged' if one.flagged else 'not flagged'} (from {formats.probability(one.threshold)})"


def _messages(trans_num: str) -> None:
    st.subheader("Messages")
    sent = ask("payment_messages", trans_num=trans_num)
    if sent.empty:
        st.write("No message tells of this payment.")
        return
    heads = [Column("To"), Column("By"), Column("State")]
    html.table(heads, [(one.recipient, one.channel, _sent(one)) for one in rows(sent)], caption="Messages")


def _sent(one: Any) -> str:
    return f"sent {formats.moment(one.sent_at_local)}" if one.status == "sent" else str(one.status)
