"""`check` tells whose login may do more than its task needs, and whose may not do it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.use_cases.check.logins import describe_logins

As = Callable[[str, str], str]


def test_separate_logins_are_named(postgres_url: str, as_role: As) -> None:
    """Who stores, sends and migrates."""
    others = {"sends": as_role(postgres_url, "fraud_alerter"), "migrates": as_role(postgres_url, "fraud_owner")}
    told = describe_logins(as_role(postgres_url, "fraud_writer"), others)
    assert told == "fraud_writer stores; fraud_alerter sends; fraud_owner migrates"


def test_one_login_for_all_works_and_is_told(postgres_url: str, as_role: As) -> None:
    """An owner is bound by triggers alone, a superuser by nothing."""
    nobody = {"sends": "", "migrates": ""}
    assert "owns the tables" in describe_logins(as_role(postgres_url, "fraud_owner"), nobody)
    assert "superuser" not in describe_logins(postgres_url, nobody), "`database logins` tells that, once"


@pytest.mark.parametrize(("task", "role"), [("sends", "fraud_dashboard"), ("migrates", "fraud_writer")])
def test_a_login_that_cannot_do_its_task_is_refused(postgres_url: str, as_role: As, task: str, role: str) -> None:
    """With the cure."""
    with pytest.raises(SettingsError, match=f"{role} may not do its task"):
        describe_logins(as_role(postgres_url, "fraud_writer"), {task: as_role(postgres_url, role)})
