"""The fraud dashboard: `streamlit run app.py` in this folder. Settings: `.env.example`."""

from __future__ import annotations

from starlette.middleware import Middleware
from streamlit.starlette import App

from fraud_dashboard.access.request_guard import Guard

app = App("report.py", middleware=[Middleware(Guard)])
