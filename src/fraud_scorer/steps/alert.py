"""alert: send the messages that wait: this run's, and those that earlier runs could not send.

Every message is leased alone, right before it is sent: a lease is longer than a mailer's longest try, so two senders
never hold one message at a time. Delivery is at-least-once: if the server's answer is lost, or this process dies before
it could mark the message, the message is sent again, the same bytes under the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fraud_common.errors import MailRefused, MailServerDown, MailUnavailable
from fraud_scorer.domain.ports import Mailer, Message, Outbox

LEASE_SECONDS = 60.0
MESSAGES_PER_RUN = 200
BUDGET_SECONDS = 25.0


@dataclass(frozen=True)
class AlertCounts:
    """The result of one run of alert. ``down`` names the channels whose server took nothing."""

    sent: int = 0
    retry_later: int = 0
    failed: int = 0
    fenced: int = 0  # sent, and another sender had taken it over meanwhile: it may arrive twice
    down: tuple[str, ...] = ()


def alert(
    outbox: Outbox,
    mailers: Mapping[str, Mailer],
    *,
    limit: int = MESSAGES_PER_RUN,
    budget_seconds: float = BUDGET_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> AlertCounts:
    """Send the due messages, longest due first, and mark each message by its server's answer.

    A refused message (5xx) is kept as failed and a busy server's (4xx) is tried again later; neither holds up the
    others. A server that is down ends its channel's turn at once: its messages keep waiting.

    Args:
        outbox: where messages wait.
        mailers: by channel; messages of other channels are left alone.
        limit: messages this run tries at most.
        budget_seconds: no try begins after this; the last one may take its mailer's timeout longer.
        monotonic: the clock, in seconds.

    Raises:
        StoreUnavailable: the outbox cannot be reached; messages sent and not marked are sent again later.
    """
    counts = AlertCounts()
    until = monotonic() + budget_seconds
    for _ in range(limit):
        channels = [channel for channel in mailers if channel not in counts.down]
        if not channels or monotonic() >= until:
            break
        lease, messages = outbox.lease(1, seconds=LEASE_SECONDS, channels=channels)
        if not messages:
            break
        counts = _send(outbox, mailers[messages[0].channel], messages[0], lease, counts)
    return counts


def _send(outbox: Outbox, mailer: Mailer, message: Message, lease: str, counts: AlertCounts) -> AlertCounts:
    try:
        mailer.send(message)
    except MailRefused as error:
        outbox.failed(message.message_id, lease, error.what)
        return replace(counts, failed=counts.failed + 1)
    except MailUnavailable as error:
        outbox.retry_later(message.message_id, lease, error.what)
        down = (*counts.down, message.channel) if isinstance(error, MailServerDown) else counts.down
        return replace(counts, retry_later=counts.retry_later + 1, down=down)
    if outbox.sent(message.message_id, lease):
        return replace(counts, sent=counts.sent + 1)
    return replace(counts, fenced=counts.fenced + 1)
