"""A signed claim for each write: the dashboard vouches for the author, and `fraud_db` checks it before it writes.

HMAC-SHA256 with DASHBOARD_SIGNING_KEY over when it expires, a number used once, the author, the function and what it
is told; each part as its length in bytes, a colon, and its bytes. The role's password alone can sign nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

GOOD_FOR_SECONDS = 60
# what the functions of 60_analyst_writes.sql check, in their order
SIGNED = {
    "record_verdict": ("trans_num", "verdict", "note"),
    "undo_verdict": ("label_id",),
    "snooze": ("subject", "trans_num", "hours", "note"),
    "end_snooze": ("snooze_id",),
}


def claim(key: str, name: str, parameters: Mapping[str, object], now: float | None = None) -> str:
    """The claim for the writing query ``name`` with ``parameters``, ``author`` among them.

    >>> claim("k" * 32, "undo_verdict", {"author": "ana", "label_id": 7}, now=0.0)[:11]
    '0000000060.'
    """
    expires = f"{int(time.time() if now is None else now) + GOOD_FOR_SECONDS:010d}"
    nonce = secrets.token_hex(16)
    words = [parameters[part] for part in SIGNED[name]]
    message = b"".join(_framed(part) for part in (expires, nonce, parameters["author"], name, *words))
    return f"{expires}.{nonce}.{hmac.new(key.encode(), message, hashlib.sha256).hexdigest()}"


def _framed(part: object) -> bytes:
    text = "" if part is None else str(part)
    return f"{len(text.encode())}:{text}".encode()
