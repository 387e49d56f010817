"""Who is at the page, and what they may do: OpenID Connect by ``st.login``, or, without it, this machine only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from desk import way_back, words
from desk.settings import Settings

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Person:
    """Who looks. ``name`` stands beside each verdict and snooze."""

    name: str
    may_look: bool
    may_review: bool
    signed_in: bool


def person_from_claims(claims: Mapping[str, object], settings: Settings) -> Person:
    """The person an identity token names. Roles are a list, or a text split at commas and blanks."""
    roles = _roles(claims.get(settings.role_claim))
    name = next((str(claims[key]) for key in ("email", "preferred_username", "name", "sub") if claims.get(key)), "")
    may_review = bool(name) and bool(roles & settings.reviewer_roles)
    return Person(name, may_review or bool(roles & settings.viewer_roles), may_review, signed_in=True)


def _roles(claim: object) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset(claim.replace(",", " ").split())
    return frozenset(str(role) for role in claim) if isinstance(claim, list | tuple | set) else frozenset()


def sign_in_is_set_up() -> bool:
    """Whether ``.streamlit/secrets.toml`` has an ``[auth]`` part."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def require_person(settings: Settings, page: Any) -> Person:
    """The person at ``page``; whoever may not look is told why, and the page ends there."""
    if not sign_in_is_set_up():
        _require_loopback(settings)
        return Person(settings.author, may_look=True, may_review=True, signed_in=False)
    if not st.user.is_logged_in:
        _offer_sign_in(page)
    person = person_from_claims(st.user.to_dict(), settings)
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


def _offer_sign_in(page: Any) -> None:
    st.title("Fraud report")
    leads_further = way_back.remember(page)
    st.write("Sign in to see payments and give verdicts." + (" Your link opens then." if leads_further else ""))
    st.button("Sign in", type="primary", on_click=st.login)
    st.stop()


def _refuse(person: Person, settings: Settings) -> None:
    st.title("No role yet")
    name = words.as_markdown(person.name) or "someone without a name"
    st.warning(
        f"You are signed in as {name}, but the claim “{settings.role_claim}” of "
        "your sign-in names no role of this dashboard. Ask whoever manages sign-ins for viewer or reviewer."
    )
    st.button("Sign out", on_click=st.logout)
    st.stop()


def foot_note(person: Person) -> None:
    """Who is signed in, or that nobody is; at the end of each page."""
    st.divider()
    name = words.as_markdown(person.name)
    if not person.signed_in:
        st.caption(f"No sign-in is set up, so this page answers on this machine only. Verdicts are signed “{name}”.")
        return
    way_back.forget()
    role = "reviewer" if person.may_review else "viewer: you can look, verdicts need a reviewer"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Signed in as {name} ({role}).")
        st.button("Sign out", type="tertiary", on_click=st.logout)
