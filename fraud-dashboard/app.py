"""The fraud dashboard: `streamlit run app.py` in this folder. Settings: `.env.example`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from desk import frame
from desk.pages import yesterday

st.set_page_config(page_title="Fraud report", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
frame.show(
    [st.Page(yesterday.render, title="Yesterday", icon=":material/today:", url_path="", default=True)],
)
