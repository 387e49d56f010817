"""`fraud-scorer status`: the ledger's last minutes, what waits, and how the endpoint does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts


def system_status(parts: Parts, last: int) -> dict[str, Any]:
    """``ledger``: the last lines, newest first; ``waiting``: counts by kind; ``breaker``: a sentence, or empty."""
    backlog = parts.database.outbox.backlog()
    landed = {done.batch for done in parts.files.landing.completions(parts.database.ledger.highest_landed_seq())}
    return {
        "ledger": parts.database.ledger.recent(last),
        "waiting": {
            "batches to load": len(parts.database.ledger.unloaded(10_000)) + len(landed),
            **({"batches to copy": len(parts.files.replicator.waiting())} if parts.files.replicator else {}),
            "mails to send": backlog.pending,
            "mails refused": backlog.failed,
            "records in quarantine": parts.database.quarantine.open_records(),
        },
        "breaker": parts.scoring.breaker.state().sentence if parts.settings.sagemaker_endpoint else "",
    }
