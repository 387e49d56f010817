"""Who is told of which payment."""

from __future__ import annotations

import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.alerting.routing import Address, read_routing_rules

YAML = """
rules:
  - name: big amounts
    amount_at_least: 500
    currency: USD
    recipients: [lead@example.org, slack]
"""


def test_without_a_file_everyone_is_told(tmp_path):
    """No rules: every recipient, and the webhook if there is one."""
    rules = read_routing_rules(None, recipients=["b@example.org", "a@example.org"], chats=["slack"])

    assert rules.addresses(100, "USD", None, 0.5) == [
        Address("email", "a@example.org"),
        Address("email", "b@example.org"),
        Address("slack", "slack"),
    ]


def test_rules_from_a_file(tmp_path):
    """A rule's conditions must all hold; what no rule fits goes to the usual recipients."""
    path = tmp_path / "rules.yaml"
    path.write_text(YAML)
    rules = read_routing_rules(path, recipients=["a@example.org"], chats=["slack"])

    assert Address("slack", "slack") in rules.addresses(50_000, "USD", None, 0.5)
    assert rules.addresses(50_000, "JPY", None, 0.5) == [Address("email", "a@example.org"), Address("slack", "slack")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [{recipients: []}]", "rules.0.recipients"),
        ("rules: [{recipient: a@example.org}]", "rules.0.recipient"),
        ("rules: [{recipients: [a], amount_at_least: many}]", "rules.0.amount_at_least"),
        ("rules: [", "no YAML"),
        ("- a", "are wrong"),
        ("rules: [{recipients: [slack]}]", "no webhook is set"),
    ],
)
def test_wrong_rules_are_named(tmp_path, text, told):
    """A wrong file is refused with the place of the fault."""
    path = tmp_path / "rules.yaml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=told):
        read_routing_rules(path, recipients=["a@example.org"], chats=[])


def test_missing_file_and_no_recipients(tmp_path):
    """A file that is not there, and a team of nobody, are settings errors."""
    with pytest.raises(SettingsError, match="cannot be read"):
        read_routing_rules(tmp_path / "none.yaml", recipients=["a@example.org"], chats=[])
    with pytest.raises(SettingsError, match="no one is told"):
        read_routing_rules(None, recipients=[], chats=[])
