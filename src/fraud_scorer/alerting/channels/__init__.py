"""Alert channels: each sends one message by ``ports.Mailer``. The chats are declared here, and nowhere else.

E-mail (``smtp.py``) is always there. A chat is there where its webhook's address is set. Routing (a recipient's name
may mean a chat), the wiring, the morning mail and the production check read this list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from fraud_scorer.domain.ports import Message
from fraud_scorer.settings import Settings


@dataclass(frozen=True)
class Chat:
    """A chat that is told by a webhook.

    Args:
        name: its recipient's name in the alert rules, and its channel in the outbox: small letters and ``_``.
        setting: the setting that holds the webhook's address, a secret; empty: no such chat.
        body: makes the JSON to post for one message; the same for the same message.
    """

    name: str
    setting: str
    body: Callable[[Message], Mapping[str, object]]

    def address(self, settings: Settings) -> str:
        """The webhook's address; empty: none."""
        address: str = getattr(settings, self.setting).get_secret_value()
        return address


def _slack(message: Message) -> Mapping[str, object]:
    from fraud_scorer.alerting.render import render_slack

    return render_slack(message)


CHATS = {
    chat.name: chat
    for chat in (
        Chat("slack", "alert_slack_webhook", _slack),
    )
}  # fmt: skip


def chats_set(settings: Settings) -> Collection[str]:
    """The names of the chats that are told."""
    return [name for name, chat in CHATS.items() if chat.address(settings)]
