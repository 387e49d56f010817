"""What a day's page shows once there is a payment: totals, hours, merchants, categories, map, flagged payments."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from desk import charts, flagged_list, parts, words
from desk.database import ReportState, ask_kept
from desk.day import Usual, categories, currencies, hour_table, totals, usual
from desk.parts import Card, Column
from desk.rows import rows

MOST_FLAGGED = 5000
WEEKS = 4


def show(day: date, state: ReportState, everything: pd.DataFrame) -> None:
    """Draw the day. ``everything``: its rows of ``day_hours.sql``, at least one."""
    currency = _currency(everything, state)
    hours = _in_currency(everything, currency)
    sums = totals(hours)
    known = _usual(day, state, currency)
    labels = _in_currency(ask_kept("day_labels", state.version, day=day), currency)
    _totals(sums, known, labels, currency)
    _remarks(sums, known, currency, day, state)
    flagged = _in_currency(ask_kept("day_flagged", state.version, day=day, most=MOST_FLAGGED), currency)
    _hours(hour_table(hours, known), known)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _merchants(_in_currency(ask_kept("day_merchants", state.version, day=day), currency), currency)
        _map(flagged)
    with right:
        _categories(categories(hours))
    flagged_list.show(flagged, day, int(sums["flagged"]))


def _in_currency(frame: pd.DataFrame, currency: str) -> pd.DataFrame:
    return frame[frame["currency"] == currency]


def _currency(hours: pd.DataFrame, state: ReportState) -> str:
    found = currencies(hours, state.currency)
    if len(found) == 1:
        return found[0]
    chosen = st.segmented_control(
        "Currency", found, default=found[0], required=True, help="Amounts of different currencies are never added up."
    )
    return str(chosen or found[0])


def _usual(day: date, state: ReportState, currency: str) -> Usual | None:
    """What is usual: the same weekday's last weeks; before there is one, the days before."""
    kept_under = f"usual, seen on {state.today}"
    weeks = ask_kept("day_usual", kept_under, day=day, first=7, last=7 * WEEKS, step=7)
    known = usual(_in_currency(weeks, currency), day, f"{day:%A}", state.now_local)
    if known is not None:
        return known
    before = ask_kept("day_usual", kept_under, day=day, first=1, last=6, step=1)
    return usual(_in_currency(before, currency), day, "day before", state.now_local)


def _totals(sums: dict[str, float], known: Usual | None, labels: pd.DataFrame, currency: str) -> None:
    def compared(measure: str, shown: str) -> str:
        return words.against(sums[measure], known.whole[measure] if known else None, shown)

    def usual_money(measure: str) -> str:
        return words.round_money(known.whole[measure], currency).removesuffix(f" {currency}") if known else ""

    def usual_count(measure: str) -> str:
        return f"{known.whole[measure]:,.0f}" if known else ""

    def headline(measure: str) -> object:
        return parts.amount(words.round_money(sums[measure], currency))

    usual_share = words.share(known.whole["flagged"], known.whole["payments"]) if known else "not known yet"
    parts.cards(
        [
            Card("Payments", f"{sums['payments']:,.0f}", compared("payments", usual_count("payments"))),
            Card("Amount", headline("amount"), compared("amount", usual_money("amount"))),
            Card("Flagged by us", f"{sums['flagged']:,.0f}", compared("flagged", usual_count("flagged"))),
            Card(
                "Amount at risk", headline("flagged_amount"), compared("flagged_amount", usual_money("flagged_amount"))
            ),
            Card("Flagged share", words.share(sums["flagged"], sums["payments"]), f"usual {usual_share}"),
            _frauds(labels, currency),
        ]
    )


def _frauds(labels: pd.DataFrame, currency: str) -> Card:
    said = {name: float(labels[name].sum()) for name in ("judged", "frauds", "fraud_amount", "frauds_flagged")}
    judged = f"{words.count(said['judged'], 'verdict or chargeback', 'verdicts and chargebacks')} so far"
    if not said["frauds"]:
        return Card("Frauds known so far", "0", judged if said["judged"] else "nobody has said anything yet")
    flagged = f"{said['frauds_flagged']:,.0f} of them flagged; {words.round_money(said['fraud_amount'], currency)}"
    return Card("Frauds known so far", f"{said['frauds']:,.0f}", flagged)


def _remarks(sums: dict[str, float], known: Usual | None, currency: str, day: date, state: ReportState) -> None:
    remarks = [f"Usual: {known.said}." if known else "There is no earlier day to compare with yet."]
    remarks.append(_labels_in(day, state))
    if sums["refunds"]:
        refunds = words.count(sums["refunds"], "refund")
        remarks.append(f"Besides, {refunds} of {words.money(sums['refund_amount'], currency)}: stored, not scored.")
    st.caption(" ".join(remarks))
    minutes = ask_kept("day_minutes", state.version, day=day).iloc[0]
    if lacks := _lacks(minutes):
        st.warning(lacks, icon=":material/info:")


def _labels_in(day: date, state: ReportState) -> str:
    meaning = "“Flagged” is our decision; “fraud” is what a chargeback or a verdict says"
    counts_from = day + timedelta(days=math.ceil(state.label_delay_days) + 1)
    if counts_from > state.today:
        return f"{meaning}, and from {words.short_day(counts_from)} on the payments API."
    return f"{meaning}, or else the payments API."


def _lacks(minutes: pd.Series) -> str:
    """What the day's minutes did not bring, in words; empty if nothing lacks."""
    said = [
        (minutes["missed"], "missed: their payments are not here"),
        (minutes["failed"], "failed and need someone"),
        (minutes["waiting"], "landed and wait to be loaded"),
        (minutes["fallback"], "scored by the local model, because the endpoint failed"),
    ]
    found = [f"{words.count(number, 'minute')} {what}" for number, what in said if number]
    if minutes["quarantined"]:
        found.append(f"{words.count(minutes['quarantined'], 'record')} in quarantine")
    return f"{'; '.join(found)}. See **Pipeline**." if found else ""


def _hours(table: pd.DataFrame, known: Usual | None) -> None:
    st.subheader("By hour")
    left, right = st.columns(2, gap="large")
    with left:
        _hour_chart(table, "payments", "payments", charts.BLUE)
    with right:
        _hour_chart(table, "flagged", "flagged payments", charts.ORANGE)
    if known:
        st.caption(f"Grey strokes: usual ({known.said}).")


def _hour_chart(table: pd.DataFrame, measure: str, title: str, colour: str) -> None:
    drawn = table.rename(columns={f"usual_{measure}": "usual"})[["local_hour", measure, "usual"]]
    peak = drawn.iloc[int(drawn[measure].to_numpy().argmax())]
    st.altair_chart(
        charts.hours(drawn, measure, title, colour),
        alt=f"{title} by local hour; most at {peak['local_hour']:.0f}:00, {peak[measure]:,.0f}.",
    )


def _merchants(shown: pd.DataFrame, currency: str) -> None:
    st.subheader("Merchants most at risk")
    if shown.empty:
        st.write("No payment was flagged.")
        return
    top = shown["flagged_amount"].max()
    lines = [
        (
            row.merchant,
            f"{row.flagged:,}",
            f"{row.frauds:,}" if row.frauds else "–",
            parts.Html(parts.safe(words.money(row.flagged_amount, currency)) + parts.bar(row.flagged_amount, top)),
        )
        for row in rows(shown.head(8))
    ]
    heads = [
        Column("Merchant"),
        Column("Flagged", "number"),
        Column("Frauds known", "number minor"),
        Column("Amount at risk", "number"),
    ]
    parts.table(heads, lines, caption="Merchants with most money in flagged payments", stacks=False)


def _categories(shown: pd.DataFrame) -> None:
    st.subheader("By category")
    top = max(shown["flagged"].max(), 1)
    lines = [
        (
            words.plain(row.category),
            f"{row.payments:,}",
            parts.Html(f"{row.flagged:,}" + parts.bar(row.flagged, top)),
            words.share(row.flagged, row.payments),
        )
        for row in rows(shown.head(12))
    ]
    heads = [Column("Category"), Column("Payments", "number"), Column("Flagged", "number"), Column("Share", "number")]
    parts.table(heads, lines, caption="Payments and flagged payments by category", stacks=False)
    if len(shown) > 12:
        st.caption(f"and {words.count(len(shown) - 12, 'category', 'categories')} more")


def _map(flagged: pd.DataFrame) -> None:
    located = flagged.dropna(subset=["merch_lat", "merch_long"]).head(500)
    if located.empty:
        return
    st.subheader("Where they were flagged")
    drawn = pd.DataFrame(
        {
            "merch_lat": located["merch_lat"],
            "merch_long": located["merch_long"],
            "amount": located["amount"],
            "merchant": located["merchant"],
            "money": [words.money(row.amount, row.currency) for row in rows(located)],
            "when": [words.moment(at) for at in located["event_time_local"]],
            "chance": [words.probability(value) for value in located["fraud_probability"]],
        }
    )
    st.altair_chart(
        charts.places(drawn), alt=f"{len(drawn)} flagged payments on a map, larger circles for larger amounts."
    )
    st.caption(
        "Merchants' places; a larger circle is a larger amount. Drawn without a map server."
        + (" The 500 most at risk." if len(flagged) > len(located) == 500 else "")
    )
