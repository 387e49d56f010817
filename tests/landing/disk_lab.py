"""What the tests of a landing on disk share: its key, an answer, and what stands in its folder."""

from datetime import UTC, datetime

from cryptography.fernet import Fernet

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer

KEY = Fernet.generate_key().decode()
NOW = datetime(2026, 11, 20, 10, 32, 1, tzinfo=UTC)
BATCH = Batch.of_id("2026-11-20T10:31Z")
NEXT = Batch.of_id("2026-11-20T10:32Z")
BODY = b'{"cc_num": 4532015112830366}'


def answer(body=BODY, **changes):
    """An answer of the API."""
    return Answer(
        **{"body": body, "http_status": 200, "content_type": "application/json", "received_at": NOW} | changes
    )


def files(folder):
    """Every file in it, temporary ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
