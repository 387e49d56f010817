"""`fraud-scorer status`: the ledger's last minutes, what waits, and how the endpoint does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts


def system_status(parts: Parts, last: int) -> dict[str, Any]:
    """``ledger``: the last lines, newest first; ``waiting``: counts by kind; ``breaker``: a sentence, or empty."""
    backlog = parts.outbox.backlog()
    landed = {done.batch for done in parts.landing.completions(parts.ledger.highest_landed_seq())}
    return {
        "ledger": parts.ledger.recent(last),
        "waiting": {
            "batches to load": len(parts.ledger.unloaded(10_000)) + len(landed),
            **({"batches to copy": len(parts.replicator.waiting())} if parts.replicator else {}),
            "mails to send": backlog.pending,
            "mails refused": backlog.failed,
            "records in quarantine": parts.quarantine.open_records(),
        },
        "breaker": parts.breaker.state().sentence if parts.settings.sagemaker_endpoint else "",
    }
