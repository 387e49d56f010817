"""The page that a link led to before the sign-in: Streamlit returns to the first page, so a cookie keeps the link.

The cookie never holds an address. It names one of our pages and what may stand in its address; both are checked when
it is written and again when it is read, so whoever manages to set it leads nobody anywhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

COOKIE = "fraud_report_return_link"
KEPT_SECONDS = 900
FOLLOWED = "return_link_followed"
PAGE = "page"
ALLOWED = {
    "payment": re.compile(r"[^\x00-\x1f\x7f]{1,200}"),
    "day": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "snooze": re.compile(r"card|merchant"),
    "feature": re.compile(r"[a-z0-9_]{1,60}"),
}


def written(page: str, query: Mapping[str, str]) -> str:
    """The cookie's value for a page and the query of its address; empty for the first page without a query.

    >>> written("", {"payment": "a b", "next": "https://elsewhere.example"}), written("", {})
    ('page=&payment=a+b', '')
    >>> written("model", {"feature": "card_count_7d"}), written("model", {"feature": "<b>"})
    ('page=model&feature=card_count_7d', 'page=model')
    """
    kept = _allowed(query)
    return urlencode({PAGE: page, **kept}) if page or kept else ""


def read(value: str, pages: Iterable[str]) -> tuple[str, dict[str, str]] | None:
    """The page and the query that a cookie's value names; None if it names no page of the dashboard.

    >>> read("page=&payment=a+b&next=https://elsewhere.example", ["", "review"])
    ('', {'payment': 'a b'})
    >>> read("page=https://elsewhere.example", ["", "review"]) is None
    True
    """
    found = dict(parse_qsl(value[:2000], keep_blank_values=True))
    page = found.pop(PAGE, None)
    return (page, _allowed(found)) if page is not None and page in pages else None


def _allowed(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name, shape in ALLOWED.items() if name in query and shape.fullmatch(query[name])}


def remember(page: Any) -> bool:
    """Keep the link in a cookie, on the page that offers the sign-in; False if the link leads to the first page."""
    value = written(page.url_path, st.query_params.to_dict())
    if value:
        _set_cookie(value, KEPT_SECONDS)
    return bool(value)


def follow(pages: list[Any], page: Any) -> None:
    """Open the page that the link led to, once, if the sign-in came back to the first page."""
    if st.session_state.get(FOLLOWED):
        return
    st.session_state[FOLLOWED] = True
    by_path = {one.url_path: one for one in pages}
    found = read(st.context.cookies.get(COOKIE, ""), by_path)
    if found is None or page.url_path or st.query_params:
        return
    path, query = found
    if path:
        st.switch_page(by_path[path], query_params=query)
    st.query_params.from_dict(query)


def forget() -> None:
    """Drop the cookie that this session came with."""
    if st.context.cookies.get(COOKIE):
        _set_cookie("", 0)


def _set_cookie(value: str, seconds: int) -> None:
    """``value`` is percent-encoded: it can end neither the text nor the script that it stands in."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    cookie = json.dumps(f"{COOKIE}={value}; path=/{base}; max-age={seconds}; samesite=lax").replace("<", "\\u003c")
    script = f"<script>document.cookie = {cookie} + (location.protocol === 'https:' ? '; secure' : '')</script>"
    st.html(script, unsafe_allow_javascript=True)
