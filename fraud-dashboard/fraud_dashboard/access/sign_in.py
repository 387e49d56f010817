"""Sign-in and permissions: OpenID Connect by ``st.login``; without it, the dashboard serves this machine only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from fraud_dashboard.access import return_link
from fraud_dashboard.settings import Settings
from fraud_dashboard.text import formats

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Person:
    """A signed-in person. ``name`` stands beside each verdict and snooze."""

    name: str
    may_look: bool
    may_review: bool
    signed_in: bool


def person_from_claims(claims: Mapping[str, object], settings: Settings) -> Person:
    """The person an identity token names. Roles are a list, or a text split at commas, and match as they are written.

    The name is DASHBOARD_NAME_CLAIM's value, or ``sub``: an email that nobody verified may be anybody's.
    """
    roles = _roles(claims.get(settings.role_claim))
    name = _text(claims, settings.name_claim) or _text(claims, "sub")
    may_review = bool(name) and bool(roles & settings.reviewer_roles)
    return Person(name, may_review or bool(roles & settings.viewer_roles), may_review, signed_in=True)


def _text(claims: Mapping[str, object], claim: str) -> str:
    if claim == "email" and claims.get("email_verified") not in (True, "true"):
        return ""
    value = claims.get(claim)
    return value.strip() if isinstance(value, str) else ""


def _roles(claim: object) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset(role.strip() for role in claim.split(","))
    return (
        frozenset(role for role in claim if isinstance(role, str)) if isinstance(claim, list | tuple) else frozenset()
    )


def session_is_over(claims: Mapping[str, object], settings: Settings, now: float) -> bool:
    """Whether the token was issued longer ago than a session lasts, or does not say when. ``now``: Unix time."""
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return True
    return not now - issued < settings.session_hours * 3600


def sign_in_is_set_up() -> bool:
    """Whether ``.streamlit/secrets.toml`` has an ``[auth]`` part."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def require_person(settings: Settings, page: Any) -> Person:
    """The person at ``page``; a person without permission is told why, and the page ends there."""
    if not sign_in_is_set_up():
        _require_loopback(settings)
        return Person(settings.author, may_look=True, may_review=True, signed_in=False)
    if not st.user.is_logged_in:
        _offer_sign_in(page)
    claims = st.user.to_dict()
    if session_is_over(claims, settings, time.time()):
        _offer_sign_in(page, over=True)
    person = person_from_claims(claims, settings)
    if not person.may_look:
        _refuse(person, settings)
    return person


def _require_loopback(settings: Settings) -> None:
    address = settings.published_on or st.get_option("server.address")
    if address in LOOPBACK or settings.trust_network:
        return
    st.title("Not shown here")
    st.error(
        f"No sign-in is set up, and this app listens on {address or 'every network interface'}: whoever reaches it "
        "could read payments and give verdicts."
    )
    st.markdown(
        "Either set up `[auth]` in `.streamlit/secrets.toml` (OpenID Connect), or start it with "
        "`--server.address 127.0.0.1`."
    )
    st.stop()


def _offer_sign_in(page: Any, *, over: bool = False) -> None:
    st.title("Fraud report")
    if over:
        st.info("Your last sign-in is over.")
    leads_further = return_link.remember(page)
    st.write("Sign in to see payments and give verdicts." + (" Your link opens then." if leads_further else ""))
    st.button("Sign in", type="primary", on_click=st.login)
    st.stop()


def _refuse(person: Person, settings: Settings) -> None:
    st.title("No role yet")
    name = formats.as_markdown(person.name) or "someone without a name"
    st.warning(
        f"You are signed in as {name}, but the claim “{settings.role_claim}” of "
        "your sign-in names no role of this dashboard. Ask whoever manages sign-ins for viewer or reviewer."
    )
    st.button("Sign out", on_click=st.logout)
    st.stop()


def foot_note(person: Person) -> None:
    """A line at the end of each page: the person who is signed in, or that nobody is."""
    st.divider()
    name = formats.as_markdown(person.name)
    if not person.signed_in:
        st.caption(f"No sign-in is set up, so this page answers on this machine only. Verdicts are signed “{name}”.")
        return
    return_link.forget()
    role = "reviewer" if person.may_review else "viewer: you can look, verdicts need a reviewer"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Signed in as {name} ({role}).")
        st.button("Sign out", type="tertiary", on_click=st.logout)
