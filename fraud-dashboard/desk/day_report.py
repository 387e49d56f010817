"""What a day's page shows once there is a payment: totals, hours, merchants, categories, map, flagged payments."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from desk import charts, flagged_list, parts, words
from desk.database import ReportState, ask_kept
from desk.day import Usual, currencies, hour_table, totals, usual
from desk.parts import Card, Column

MOST_FLAGGED = 5000
WEEKS = 4


def show(day: date, state: ReportState, categories: pd.DataFrame) -> None:
    """Draw the day. ``categories``: rows of ``day_categories.sql``, at least one."""
    currency = _currency(categories, state)
    of_currency = categories[categories["currency"] == currency]
    known, hours = _usual(day, state, currency)
    _totals(totals(of_currency), known, currency, state)
    flagged = ask_kept("day_flagged", state.version, day=day, most=MOST_FLAGGED)
    flagged = flagged[flagged["currency"] == currency]
    _hours(hour_table(hours, known), known)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _merchants(ask_kept("day_merchants", state.version, day=day), currency)
        _map(flagged)
    with right:
        _categories(of_currency)
    flagged_list.show(flagged, day, int(of_currency["flagged"].sum()))


def _currency(categories: pd.DataFrame, state: ReportState) -> str:
    found = currencies(categories, state.currency)
    if len(found) == 1:
        return found[0]
    chosen = st.segmented_control(
        "Currency", found, default=found[0], required=True, help="Amounts of different currencies are never added up."
    )
    return str(chosen or found[0])


def _usual(day: date, state: ReportState, currency: str) -> tuple[Usual | None, pd.DataFrame]:
    """What is usual (the same weekday's last weeks; before there is one, the days before), and the day's hours."""
    hours = ask_kept("day_hours", state.version, day=day, days=WEEKS, step=7)
    hours = hours[hours["currency"] == currency]
    known = usual(hours, day, f"{day:%A}", state.now_local)
    if known is None:
        before = ask_kept("day_hours", state.version, day=day, days=6, step=1)
        before = before[before["currency"] == currency]
        known = usual(before, day, "day before", state.now_local)
    return known, hours


def _totals(sums: dict[str, float], known: Usual | None, currency: str, state: ReportState) -> None:
    def compared(measure: str, shown: str) -> str:
        return words.against(sums[measure], known.whole[measure] if known else None, shown)

    def usual_money(measure: str) -> str:
        return words.round_money(known.whole[measure], currency).removesuffix(f" {currency}") if known else ""

    def usual_count(measure: str) -> str:
        return f"{known.whole[measure]:,.0f}" if known else ""

    usual_share = words.share(known.whole["flagged"], known.whole["payments"]) if known else "not known yet"
    parts.cards(
        [
            Card("Payments", f"{sums['payments']:,.0f}", compared("payments", usual_count("payments"))),
            Card(
                "Amount",
                parts.amount(words.round_money(sums["amount"], currency)),
                compared("amount", usual_money("amount")),
            ),
            Card("Flagged by us", f"{sums['flagged']:,.0f}", compared("flagged", usual_count("flagged"))),
            Card(
                "Amount at risk",
                parts.amount(words.round_money(sums["flagged_amount"], currency)),
                compared("flagged_amount", usual_money("flagged_amount")),
            ),
            Card("Flagged share", words.share(sums["flagged"], sums["payments"]), f"usual {usual_share}"),
            Card("Frauds known so far", f"{sums['frauds']:,.0f}", _frauds_known(sums)),
        ]
    )
    st.caption(" ".join(_remarks(sums, known, currency, state)))


def _frauds_known(sums: dict[str, float]) -> str:
    if not sums["labelled"]:
        return "no labels in yet"
    caught = f"{sums['frauds_flagged']:,.0f} of them flagged, " if sums["frauds"] else ""
    return f"{caught}labels in for {words.share(sums['labelled'], sums['payments'] + sums['refunds'], decimals=1)}"


def _remarks(sums: dict[str, float], known: Usual | None, currency: str, state: ReportState) -> list[str]:
    remarks = [f"Usual: {known.said}." if known else "There is no earlier day to compare with yet."]
    remarks.append(
        "“Flagged” is our decision; “fraud” is what a chargeback, a verdict or, after "
        f"{state.label_delay_days:g} days, the payments API says."
    )
    if sums["refunds"]:
        remarks.append(
            f"Besides, {words.count(sums['refunds'], 'refund')} of "
            f"{words.money(sums['refund_amount'], currency)}, stored and not scored."
        )
    if sums["fallback"]:
        remarks.append(
            f"{words.count(sums['fallback'], 'payment')} scored by the local model because the endpoint failed."
        )
    return remarks


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


def _merchants(merchants: pd.DataFrame, currency: str) -> None:
    st.subheader("Merchants most at risk")
    shown = merchants[merchants["currency"] == currency]
    if shown.empty:
        st.write("No payment was flagged.")
        return
    top = shown["flagged_amount"].max()
    rows = [
        (
            row.merchant,
            f"{row.flagged:,}",
            f"{row.frauds:,}" if row.frauds else "–",
            parts.Html(parts.safe(words.money(row.flagged_amount, currency)) + parts.bar(row.flagged_amount, top)),
        )
        for row in parts.rows(shown.head(8))
    ]
    heads = [
        Column("Merchant"),
        Column("Flagged", "number"),
        Column("Frauds known", "number minor"),
        Column("Amount at risk", "number"),
    ]
    parts.table(heads, rows, caption="Merchants with most money in flagged payments", stacks=False)


def _categories(categories: pd.DataFrame) -> None:
    st.subheader("By category")
    top = max(categories["flagged"].max(), 1)
    rows = [
        (
            words.plain(row.category),
            f"{row.payments:,}",
            parts.Html(f"{row.flagged:,}" + parts.bar(row.flagged, top)),
            words.share(row.flagged, row.payments),
        )
        for row in parts.rows(categories.sort_values(["flagged", "payments"], ascending=False).head(12))
    ]
    heads = [Column("Category"), Column("Payments", "number"), Column("Flagged", "number"), Column("Share", "number")]
    parts.table(heads, rows, caption="Payments and flagged payments by category", stacks=False)
    if len(categories) > 12:
        st.caption(f"and {words.count(len(categories) - 12, 'category', 'categories')} more")


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
            "place": [
                f"{city or ''} {state or ''}".strip()
                for city, state in zip(located["city"], located["state"], strict=True)
            ],
            "money": [words.money(row.amount, row.currency) for row in parts.rows(located)],
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
