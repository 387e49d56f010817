"""A chat's webhook behind ``ports.Mailer``. Its address is a secret: it stands in no message and no error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import requests

from fraud_common.errors import MailRefused, MailServerDown, MailUnavailable
from fraud_scorer.domain.ports import Message

BUSY = frozenset({408, 425, 429})


class WebhookMailer:
    """Sends the messages of one chat.

    Args:
        webhook: the address.
        render: makes the JSON body of a message.
        setting: where the address stands, for whoever has to mend it.
        timeout_seconds: of connecting, and of each wait for the answer.
        session: kept open between messages.
    """

    def __init__(
        self,
        webhook: str,
        *,
        render: Callable[[Message], Mapping[str, object]],
        setting: str,
        timeout_seconds: float = 10.0,
        session: requests.Session | None = None,
    ) -> None:
        self._webhook = webhook
        self._render = render
        self._cure = f"Set {setting} to the address that your chat gives you"
        self._timeout_seconds = timeout_seconds
        self._session = session or requests.Session()

    def send(self, message: Message) -> None:
        """Accepted by the webhook when this returns.

        A chat has no Message-ID: where the answer was lost, the repeat stands there twice.

        Raises:
            MailRefused: 4xx, or the message cannot be rendered.
            MailUnavailable: 5xx or "too many requests".
            MailServerDown: no connection or no answer in time.
        """
        status = self._post(self._rendered(message))
        if status in BUSY or status >= 500:
            raise MailUnavailable(f"the webhook answered {status}")
        if not 200 <= status < 300:
            raise MailRefused(f"the webhook answered {status}", self._cure)

    def close(self) -> None:
        """Close the kept connection."""
        self._session.close()

    def _post(self, body: Mapping[str, object]) -> int:
        try:
            answer = self._session.post(
                self._webhook, json=body, timeout=self._timeout_seconds, allow_redirects=False, stream=True
            )
        except (requests.RequestException, ValueError) as error:  # its text holds the address
            raise MailServerDown(f"the webhook gave no answer ({type(error).__name__})", self._cure) from None
        with answer:
            return answer.status_code

    def _rendered(self, message: Message) -> Mapping[str, object]:
        try:
            return self._render(message)
        except Exception as error:
            raise MailRefused(
                f"message {message.message_id} cannot be rendered ({type(error).__name__})",
                "It was written by another release; see `fraud-scorer alerts list`",
            ) from error
