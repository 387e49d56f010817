"""The sections of a day that has payments: totals, hours, merchants, categories, map, flagged payments."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from fraud_dashboard.charts import map_chart, plots
from fraud_dashboard.components import flagged_payments, html
from fraud_dashboard.components.html import Card, Column
from fraud_dashboard.data.database import ReportState, ask_cached
from fraud_dashboard.data.day_totals import Sums, Usual, categories, currencies, hour_table, totals, usual
from fraud_dashboard.data.frames import rows
from fraud_dashboard.text import formats

MOST_FLAGGED = 5000
MOST_CATEGORIES = 16
AT_RISK = "“Amount at risk” is the sum of the flagged payments' amounts."


def show(day: date, state: ReportState, everything: pd.DataFrame) -> None:
    """Draw the day. ``everything``: its rows of ``day_hours.sql``, at least one."""
    sums = totals(everything, state.currency)
    known = _usual(day, state)
    _totals(sums, known, ask_cached("day_labels", state.version, day=day))
    _remarks(sums, known, day, state)
    _hours(hour_table(everything, known), known)
    currency = _currency(everything, state)
    flagged = ask_cached("day_flagged", state.version, day=day, currency=currency, most=MOST_FLAGGED)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _merchants(ask_cached("day_merchants", state.version, day=day, currency=currency), currency)
        _map(flagged)
    with right:
        _categories(categories(everything))
    in_all = int(everything.loc[everything["currency"] == currency, "flagged"].sum())
    flagged_payments.show(flagged, day, in_all)


def _currency(hours: pd.DataFrame, state: ReportState) -> str:
    """The currency by which the lists are ordered; the reader chooses where the flagged payments have several."""
    found = currencies(hours[hours["flagged"] > 0], state.currency) or currencies(hours, state.currency)
    if len(found) == 1:
        return found[0]
    chosen = st.segmented_control(
        "Flagged payments in",
        found,
        default=found[0],
        required=True,
        help="Amounts of different currencies are never added up nor put in one order.",
    )
    return str(chosen or found[0])


def _usual(day: date, state: ReportState) -> Usual | None:
    """The usual day: the mean of the days that `report_usual_days` names. Cached for the day, once there is one."""
    earlier = ask_cached("day_usual", f"usual, seen on {state.today}, from {state.first_day}", day=day)
    if earlier.empty:
        earlier = ask_cached("day_usual", state.version, day=day)
    return usual(earlier, day, state.now_local)


def _totals(sums: Sums, known: Usual | None, labels: pd.DataFrame) -> None:
    def counted(name: str, value: float, usual_value: float | None) -> Card:
        shown = "" if usual_value is None else formats.usual_count(usual_value)
        return Card(name, f"{value:,.0f}", formats.against(value, usual_value, shown))

    usual_share = f"usually {formats.share(known.flagged, known.payments)}" if known else "no comparison yet"
    html.cards(
        [
            counted("Payments", sums.payments, known.payments if known else None),
            _money_card("Amount", "amount", sums, known),
            counted("Flagged by us", sums.flagged, known.flagged if known else None),
            _money_card("Amount at risk", "flagged_amount", sums, known),
            Card("Flagged share", formats.share(sums.flagged, sums.payments), usual_share),
            _frauds(labels),
        ]
    )


def _money_card(name: str, measure: str, sums: Sums, known: Usual | None) -> Card:
    """A card with a line per currency: amounts of different currencies are never added."""
    values, notes = [], []
    for currency, of_currency in sums.money.items():
        mean = known.amount(measure, currency) if known else None
        shown = "" if mean is None else formats.round_money(mean, currency).removesuffix(f" {currency}")
        compared = formats.against(of_currency[measure], mean, shown)
        values.append(html.amount(formats.round_money(of_currency[measure], currency)))
        notes.append(f"{currency} {compared}" if len(sums.money) > 1 and known else compared)
    return Card(name, html.lines(values), html.lines(notes if known else notes[:1]))


def _frauds(labels: pd.DataFrame) -> Card:
    said = {name: float(labels[name].sum()) for name in ("judged", "frauds", "frauds_flagged")}
    judged = f"{formats.count(said['judged'], 'verdict or chargeback', 'verdicts and chargebacks')} so far"
    if not said["frauds"]:
        return Card("Frauds known so far", "0", judged if said["judged"] else "nobody has said anything yet")
    money = " + ".join(formats.round_money(row.fraud_amount, row.currency) for row in rows(labels) if row.frauds)
    flagged = f"{said['frauds_flagged']:,.0f} of them flagged; {money}"
    return Card("Frauds known so far", f"{said['frauds']:,.0f}", flagged)


def _remarks(sums: Sums, known: Usual | None, day: date, state: ReportState) -> None:
    remarks = [f"Usual: {known.said}." if known else "No comparison yet: there is no whole earlier day."]
    remarks += [_labels_in(day, state), AT_RISK]
    if sums.refunds:
        refunded = {currency: of_currency["refund_amount"] for currency, of_currency in sums.money.items()}
        money = " + ".join(formats.money(amount, currency) for currency, amount in refunded.items() if amount)
        remarks.append(f"Besides, {formats.count(sums.refunds, 'refund')} of {money}: stored, not scored.")
    st.caption(" ".join(remarks))
    minutes = ask_cached("day_minutes", state.version, day=day).iloc[0]
    if lacks := _lacks(minutes):
        st.warning(lacks, icon=":material/info:")


def _labels_in(day: date, state: ReportState) -> str:
    meaning = "“Flagged” is our decision; “fraud” is what a chargeback or a verdict says"
    counts_from = day + timedelta(days=math.ceil(state.label_delay_days) + 1)
    if counts_from > state.today:
        return f"{meaning}, and from {formats.short_day(counts_from)} on the payments API."
    return f"{meaning}, or else the payments API."


def _lacks(minutes: pd.Series) -> str:
    """The minutes that the day lacks, in words; empty if none is missing."""
    said = [
        (minutes["missed"], "missed: their payments are not here"),
        (minutes["failed"], "failed and need someone"),
        (minutes["waiting"], "landed and wait to be loaded"),
        (minutes["fallback"], "scored by the local model, because the endpoint failed"),
    ]
    found = [f"{formats.count(number, 'minute')} {what}" for number, what in said if number]
    if all_records := max(minutes["quarantined"], minutes["still_open"]):
        still_open = f"{minutes['still_open']:,.0f}" if minutes["still_open"] else "none"
        found.append(f"{formats.count(all_records, 'record')} went to quarantine when loaded, {still_open} still open")
    return f"{'; '.join(found)}. See **Pipeline**." if found else ""


def _hours(table: pd.DataFrame, known: Usual | None) -> None:
    st.subheader("By hour")
    left, right = st.columns(2, gap="large")
    with left:
        _hour_chart(table, "payments", "payments", plots.BLUE)
    with right:
        _hour_chart(table, "flagged", "flagged payments", plots.ORANGE)
    if known:
        st.caption(f"Grey strokes: usual ({known.said}).")


def _hour_chart(table: pd.DataFrame, measure: str, title: str, colour: str) -> None:
    drawn = table.rename(columns={f"usual_{measure}": "usual"})[["local_hour", measure, "usual"]]
    peak = drawn.iloc[int(drawn[measure].to_numpy().argmax())]
    st.altair_chart(
        plots.hours(drawn, measure, title, colour),
        alt=f"{title} by local hour; most at {peak['local_hour']:.0f}:00, {peak[measure]:,.0f}.",
    )


def _merchants(shown: pd.DataFrame, currency: str) -> None:
    st.subheader("Merchants by expected loss")
    if shown.empty:
        st.write("No payment was flagged.")
        return
    top = shown["expected_loss"].max()
    lines = [
        (
            formats.merchant(row.merchant),
            f"{row.flagged:,}",
            f"{row.frauds:,}" if row.frauds else "–",
            html.Html(html.safe(formats.money(row.expected_loss, currency)) + html.bar(row.expected_loss, top)),
        )
        for row in rows(shown.head(8))
    ]
    heads = [
        Column("Merchant"),
        Column("Flagged", "number"),
        Column("Frauds known", "number minor"),
        Column("Expected loss", "number"),
    ]
    html.table(heads, lines, caption="Merchants by the expected loss in their flagged payments", stacks=False)


def _categories(shown: pd.DataFrame) -> None:
    st.subheader("By category")
    top = max(shown["flagged"].max(), 1)
    lines = [
        (
            formats.category(row.category),
            f"{row.payments:,}",
            html.Html(f"{row.flagged:,}" + html.bar(row.flagged, top)),
            formats.share(row.flagged, row.payments),
        )
        for row in rows(shown.head(MOST_CATEGORIES))
    ]
    heads = [Column("Category"), Column("Payments", "number"), Column("Flagged", "number"), Column("Share", "number")]
    html.table(heads, lines, caption="Payments and flagged payments by category", stacks=False)
    if len(shown) > MOST_CATEGORIES:
        st.caption(f"and {formats.count(len(shown) - MOST_CATEGORIES, 'category', 'categories')} more")


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
            "merchant": located["merchant"].map(formats.merchant),
            "money": [formats.money(row.amount, row.currency) for row in rows(located)],
            "when": [formats.moment(at) for at in located["event_time_local"]],
            "chance": [formats.probability(value) for value in located["fraud_probability"]],
        }
    )
    st.altair_chart(
        map_chart.places(drawn), alt=f"{len(drawn)} flagged payments on a map, larger circles for larger amounts."
    )
    st.caption(
        "Merchants' places; a larger circle is a larger amount. Drawn without a map server, north up."
        + (" The 500 with the largest expected loss." if len(flagged) > len(located) == 500 else "")
    )
