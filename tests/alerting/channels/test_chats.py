"""A chat is declared in one place: routing, the wiring and the checks know it from there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from fraud_common.errors import SettingsError
from fraud_scorer.alerting.channels import CHATS, Chat, chats_set
from fraud_scorer.alerting.channels.webhook import WebhookMailer
from fraud_scorer.alerting.routing import Address, read_routing_rules
from fraud_scorer.settings import Settings
from fraud_scorer.wiring import Parts

SCHEMA = Path(__file__).parents[3] / "sql" / "schema.sql"
ADDRESS = "https://chat.example.org/hook"


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch) -> str:
    """A second chat's name: declared as CONTRIBUTING.md says, on the setting of the first."""
    monkeypatch.setitem(CHATS, "pager", Chat("pager", "alert_slack_webhook", lambda message: {"text": message.kind}))
    return "pager"


@pytest.mark.parametrize("chat", CHATS.values(), ids=lambda chat: chat.name)
def test_a_chat_has_a_secret_setting_and_a_name_that_the_database_takes(chat: Chat) -> None:
    """Else its address would be shown, or its messages refused."""
    found = re.search(r"outbox_channel_check CHECK \(\(channel ~ '([^']+)'", SCHEMA.read_text(encoding="utf-8"))
    assert found
    assert re.search(found[1], chat.name)
    assert CHATS[chat.name] is chat
    assert Settings.model_fields[chat.setting].annotation is SecretStr
    assert chat.setting.startswith("alert_")


@pytest.mark.parametrize("chat", CHATS.values(), ids=lambda chat: chat.name)
def test_a_chat_says_the_same_of_the_same_message(desk, chat: Chat) -> None:
    """As JSON, so that a repeat repeats it."""
    [message] = desk.add("t1").compose()
    assert json.dumps(chat.body(message)) == json.dumps(chat.body(message))
    assert "967.10 USD" in json.dumps(chat.body(message))


def test_a_declared_chat_is_routed_and_opened(pager: str, nothing_set: Path) -> None:
    """Its name is a recipient's; where its address is set, every rule and the morning mail reach it."""
    wired = Parts(Settings(alert_slack_webhook=SecretStr(ADDRESS), alert_recipients="a@example.org"))
    assert pager in chats_set(wired.settings)
    assert Address.of(" Pager ") == Address(pager, pager)
    assert Address(pager, pager) in wired.alerting.policy.rules.addresses(100, "USD", None, 0.9)
    assert pager in wired.alerting.policy.chats
    with wired.alerting.mailers() as channels:
        assert set(channels) == {"email", *chats_set(wired.settings)}
        assert isinstance(channels[pager], WebhookMailer)


def test_rules_that_name_a_chat_without_an_address_name_its_setting(pager: str, tmp_path: Path) -> None:
    """The one that is to be filled in."""
    path = tmp_path / "rules.yaml"
    path.write_text("otherwise: [pager]", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"name pager, and no webhook is set.*ALERT_SLACK_WEBHOOK"):
        read_routing_rules(path, recipients=["a@example.org"], chats=[])
