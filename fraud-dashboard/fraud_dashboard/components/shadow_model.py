"""The Model page's comparison of the live model with one that scores along without alerting."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fraud_dashboard.components import html
from fraud_dashboard.components.html import Column
from fraud_dashboard.data.database import ReportState, ask_cached
from fraud_dashboard.text import formats

SHADOW_DAYS = 7
MOST_COMPARED = 1_000_000  # payments; more would keep the page waiting


def render(state: ReportState, payments_a_day: float) -> None:
    """Draw the section: what both flagged, and what only one of them did."""
    st.subheader("Live against shadow")
    if payments_a_day * SHADOW_DAYS > MOST_COMPARED:
        st.write("Too many payments to compare here: `fraud-scorer backtest` counts them.")
        return
    compared = ask_cached("model_shadow", state.version, days=SHADOW_DAYS)
    if compared.empty:
        st.write(
            f"No second model scored along in the last {formats.count(SHADOW_DAYS, 'day')}. The setting "
            "SHADOW_ARTIFACTS names one that scores every payment without alerting, to compare it before it goes live."
        )
        return
    for model_hash, decisions in compared.groupby("shadow_model_hash"):
        _against(str(model_hash), decisions)


def _against(model_hash: str, decisions: pd.DataFrame) -> None:
    kinds = [("both", True, True), ("only live", True, False), ("only the shadow", False, True)]
    lines = []
    for name, live, shadow in kinds:
        chosen = decisions[(decisions["live_flagged"] == live) & (decisions["shadow_flagged"] == shadow)]
        by_label = chosen.groupby("label")["payments"].sum()
        frauds, others = int(by_label.get("fraud", 0)), int(by_label.get("not_fraud", 0))
        total = int(chosen["payments"].sum())
        lines.append((name, f"{total:,}", f"{frauds:,}", f"{others:,}", f"{total - frauds - others:,}"))
    heads = [
        Column("Flagged by"),
        *(Column(head, "number") for head in ("Payments", "Fraud", "Not fraud", "Not known")),
    ]
    html.table(heads, lines, caption=f"Flags of the live model and of shadow {model_hash[:12]}", stacks=False)
    both = formats.count(decisions["payments"].sum(), "payment")
    st.caption(
        f"Shadow {model_hash[:12]}: {both} of the last {SHADOW_DAYS} whole days scored by both models. It never alerts."
    )
