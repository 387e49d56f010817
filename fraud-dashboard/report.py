"""The pages and their addresses. `app.py` serves this script; started by itself it would be served unguarded."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from fraud_dashboard.components import page_frame
from fraud_dashboard.pages import model, payment, pipeline, review, yesterday


def first_page() -> None:
    """The day's report; with ``?payment=`` in the address, that payment's own page."""
    if st.query_params.get("payment"):
        payment.render()
    else:
        yesterday.render()


st.set_page_config(page_title="Fraud report", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
page_frame.show(
    [
        st.Page(first_page, title="Yesterday", icon=":material/today:", url_path="", default=True),
        st.Page(review.render, title="Review", icon=":material/rule:", url_path="review"),
        st.Page(model.render, title="Model", icon=":material/monitoring:", url_path="model"),
        st.Page(pipeline.render, title="Pipeline", icon=":material/grid_on:", url_path="pipeline"),
    ]
)
