"""The Model page's drift: how far each day's payments lie from those that the model was measured on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from fraud_dashboard.charts import plots
from fraud_dashboard.components.drift_table import ANCHOR, WORDS, Drift, chosen, heat_map, name, ranked, summary
from fraud_dashboard.data.database import ReportState, ask
from fraud_dashboard.text import formats

DAYS = 14  # shown; a phone shows the last seven
LOOK = Path(__file__).with_name("drift_table.css")
LOOK_BACK_DAYS = 30  # of card features; merchant features also wait for labels
# a link to a feature loads the page anew, which would show its top
TO_THE_SECTION = (  # at once, and when the charts above have found their height
    f'<script>for (const wait of [0, 1500]) setTimeout(() => document.getElementById("{ANCHOR}")?.scrollIntoView(), '
    "wait)</script>"
)
RULE = "N. Siddiqi, Credit Risk Scorecards, Wiley 2006"


def render(state: ReportState) -> None:
    """Draw the section; if no day is compared with training yet, say why."""
    st.subheader("Drift against training", anchor=ANCHOR)
    days = ask("model_drift_days", days=DAYS)
    if days.empty:
        st.write(
            "No day was compared yet. The morning's run compares each day once it is over; `fraud-scorer drift` "
            "does it at once."
        )
        return
    has_reference = bool(days.iloc[-1]["has_reference"])
    if not has_reference:
        st.info(
            "Drift is unknown: the model in force was trained before training kept what days are compared with. Train "
            "again (`fraud-scorer train`), and every day from then on is compared."
        )
    found = chosen(days, ask("model_drift", days=DAYS))
    if found.cells.empty:
        if has_reference:
            st.write("Nothing to compare: another model than the one in force decided these days' payments.")
        return
    st.write(summary(found, state.today))
    st.html(f"<style>{LOOK.read_text()}</style>{heat_map(found)}")
    st.caption(_remarks(found, state))
    _one_feature(found)
    if "feature" in st.query_params:
        st.html(TO_THE_SECTION, unsafe_allow_javascript=True)


def _remarks(found: Drift, state: ReportState) -> str:
    last = found.days.iloc[-1]
    since, until = (pd.Timestamp(last[f"reference_{end}"]).date() for end in ("from", "until"))
    measured = f"{formats.short_day(since)} to {formats.short_day(until)} {until.year}"
    about = (
        f"Population stability index (PSI) of each day's payments against {last['reference_payments']:,.0f} of the "
        f"model's {last['reference_rows']} ({measured}). Labels play no part, refunds are left out. Rule: {RULE}."
    )
    said = [about]
    if last["compared"] < last["payments"]:
        said.append(
            f"Of {formats.short_day(last['day'])}, {last['compared']:,} of {last['payments']:,} payments were compared."
        )
    if (found.cells["shown"] == "young").any() and state.first_day:
        settled = state.first_day + timedelta(days=LOOK_BACK_DAYS + round(state.label_delay_days))
        said.append(
            "† Card and merchant features look back 30 days, and to labels: until about "
            f"{formats.short_day(settled)} fewer days are stored, which alone moves them, and the score with them."
        )
    if found.days["model_hash"].nunique() > 1:
        models = ", ".join(str(one)[:12] for one in found.days["model_hash"].unique())
        said.append(f"Each day is compared with the model that decided it: {models}.")
    said.append("The weekday is left out: a day has one.")
    return " ".join(said)


def _one_feature(found: Drift) -> None:
    names, days = ranked(found.cells), list(found.days["day"])[::-1]
    asked = st.query_params.get("feature")
    left, right = st.columns(2)
    feature = left.selectbox("Feature", names, names.index(asked) if asked in names else 0, format_func=name)
    day = right.selectbox("Day", days, format_func=formats.short_day)
    own = found.cells[(found.cells["feature"] == feature) & (found.cells["day"] == day)]
    if own.empty:
        st.write(f"{name(feature).capitalize()} was not compared on that day: some of its hours were not there.")
        return
    cell = own.iloc[0]
    bins = ask("model_drift_bins", day=day, model_hash=str(cell["model_hash"]), feature=feature)
    st.altair_chart(
        _against_training(bins),
        alt=f"Shares of {name(feature)} by bin: {formats.short_day(day)} as bars, training as marks.",
    )
    st.caption(
        f"Bars: {formats.short_day(day)}; marks: training. PSI {cell['psi']:.3f}, {WORDS[cell['shown']]}; "
        f"{cell['missing_share']:.1%} missing that day."
    )


def _against_training(bins: pd.DataFrame) -> Any:
    """A feature's shares by bin: a day as bars, training as marks over them (columns bin, training, that_day)."""
    values = alt.Y("bin:N", sort=list(bins["bin"]), title=None, axis=alt.Axis(labelLimit=140, labelOverlap=False))
    tooltip = [
        alt.Tooltip("bin:N", title="values"),
        alt.Tooltip("that_day:Q", title="that day", format=".1%"),
        alt.Tooltip("training:Q", format=".1%"),
    ]
    share = alt.X("that_day:Q", title="share of payments", axis=alt.Axis(format="%", tickCount=4))
    bars = alt.Chart(bins).mark_bar(color=plots.BLUE, cornerRadiusEnd=2).encode(y=values, x=share, tooltip=tooltip)
    marks = (
        alt.Chart(bins)
        .mark_tick(color=plots.ORANGE, thickness=4, height=alt.RelativeBandSize(0.95))
        .encode(y=values, x=alt.X("training:Q"), tooltip=tooltip)
    )
    return alt.layer(bars, marks).properties(height=alt.Step(26))
