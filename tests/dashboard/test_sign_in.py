"""Who may look and who may decide, from an identity token's claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fraud_dashboard.access.sign_in import person_from_claims, session_is_over
from fraud_dashboard.settings import read_settings

SETTINGS = read_settings({"DASHBOARD_DB_URL": "postgresql+psycopg2://u:p@127.0.0.1/fraud_db"})


@pytest.mark.parametrize(
    ("roles", "may_look", "may_review"),
    [
        (["viewer"], True, False),
        (["reviewer"], True, True),
        ("viewer, reviewer", True, True),
        (["admin"], False, False),
        (None, False, False),
        ({"viewer": True}, False, False),
        ("reviewers", False, False),
        ("Not a reviewer", False, False),
        ("viewer reviewer", False, False),
        (["Not a reviewer", "reviewer "], False, False),
        (["Reviewer"], False, False),
        ([["reviewer"]], False, False),
        ([{"name": "reviewer"}, 7, None], False, False),
    ],
)
def test_roles_come_from_the_claim(roles: object, may_look: bool, may_review: bool) -> None:
    """A list or a text; whoever has no role of ours sees nothing."""
    person = person_from_claims({"email": "ana@example.com", "email_verified": True, "roles": roles}, SETTINGS)
    assert (person.may_look, person.may_review) == (may_look, may_review)
    assert person.name == "ana@example.com"


@pytest.mark.parametrize("verified", [False, None, "false", "yes", 1.5, [True]])
def test_an_email_that_nobody_verified_names_nobody(verified: object) -> None:
    """Whoever may write what they like into their profile signs no verdict as somebody else."""
    claims = {"email": "boss@example.com", "name": "boss@example.com", "sub": "u-17", "roles": ["reviewer"]}
    assert person_from_claims({**claims, "email_verified": verified}, SETTINGS).name == "u-17"
    assert person_from_claims(claims, SETTINGS).name == "u-17"
    assert not person_from_claims({**claims, "sub": ""}, SETTINGS).may_review


def test_the_claim_that_names_people_can_be_chosen() -> None:
    """Entra ID verifies no email; its administrators give out preferred_username."""
    chosen = replace(SETTINGS, name_claim="preferred_username")
    claims = {"preferred_username": "ana@example.com", "email": "x@example.com", "sub": "u", "roles": ["reviewer"]}
    assert person_from_claims(claims, chosen).name == "ana@example.com"


@pytest.mark.parametrize(
    ("issued", "over"),
    [(1000.0, False), (1000 - 43199, False), (1000 - 43200, True), (None, True), ("900", True), (True, True),
     (float("nan"), True)],
)  # fmt: skip
def test_a_session_ends_after_its_hours(issued: object, over: bool) -> None:
    """Twelve unless told otherwise; a token that does not say when it was issued is none."""
    assert session_is_over({"iat": issued}, SETTINGS, now=1000.0) is over


def test_nobody_without_a_name_may_decide() -> None:
    """A verdict needs an author."""
    assert not person_from_claims({"roles": ["reviewer"]}, SETTINGS).may_review


def test_without_sign_in_only_this_machine_is_served(
    store: Any, open_page: Callable[..., Any], text: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listening elsewhere without a sign-in shows no payment, and says what to do."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    assert "No sign-in is set up, so this page answers on this machine only" in text(open_page())
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0" if name == "server.address" else None)
    page = open_page()
    assert page.title[0].value == "Not shown here"
    assert "Kuhn" not in text(page)


def test_in_a_container_it_counts_where_its_port_is_published(
    store: Any, open_page: Callable[..., Any], text: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published on loopback, an app that listens on every address of its container is this machine's alone."""
    store.payment("p", "2026-11-19T10:31Z", flagged=True)
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0" if name == "server.address" else None)
    monkeypatch.setenv("DASHBOARD_PUBLISHED_ON", "127.0.0.1")
    assert "this page answers on this machine only" in text(open_page())
    monkeypatch.setenv("DASHBOARD_PUBLISHED_ON", "0.0.0.0")
    assert open_page().title[0].value == "Not shown here"
