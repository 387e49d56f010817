"""Encryption of what may hold card data: landed answers and quarantined records."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from fraud_common.errors import LandingError, SettingsError
from fraud_common.key_strength import MAKE_LANDING_KEY
from fraud_scorer.domain.ports import KEYED

_LEVEL = 3  # gzip: most of the gain at a quarter of the time of level 9


class Cipher:
    """Compresses, then encrypts; the first of ``FRAUD_LANDING_KEYS`` encrypts, every one of them decrypts."""

    def __init__(self, keys: MultiFernet, secrets: Sequence[bytes]) -> None:
        """``secrets``: the same keys, for ``mark``."""
        self._keys = keys
        self._secrets = [hmac.digest(secret, b"mark of a landed body", "sha256") for secret in secrets]

    @classmethod
    def from_setting(cls, text: str) -> Cipher:
        """Read the comma separated keys.

        Raises:
            SettingsError: no key, or one that is no Fernet key (32 bytes, URL-safe base64).
        """
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        if not entries:
            raise SettingsError("FRAUD_LANDING_KEYS is empty: landed bytes cannot be encrypted", MAKE_LANDING_KEY)
        keys = []
        for position, entry in enumerate(entries, start=1):
            try:
                keys.append(Fernet(entry))
            except ValueError:
                raise SettingsError(f"FRAUD_LANDING_KEYS: key {position} is no Fernet key", MAKE_LANDING_KEY) from None
        return cls(MultiFernet(keys), [urlsafe_b64decode(entry) for entry in entries])

    def marks(self, body: bytes) -> list[str]:
        """``mark`` under each of the keys, the first one's first: what was marked before a rotation is recognised."""
        return [KEYED + hmac.digest(secret, body, "sha256").hex() for secret in self._secrets]

    def mark(self, body: bytes) -> str:
        """What proves ``body``: ``KEYED`` and 64 hex digits, for a plain hash of one payment gives away its card."""
        return KEYED + hmac.digest(self._secrets[0], body, "sha256").hex()

    def proves(self, mark: str, body: bytes) -> bool:
        """Whether ``mark`` is the body's under one of the keys, or the plain sha256 that earlier versions wrote."""
        marked = KEYED + mark.removeprefix(KEYED)
        return (
            any(hmac.compare_digest(marked, one) for one in self.marks(body))
            or mark == hashlib.sha256(body).hexdigest()
        )

    def encrypt(self, body: bytes) -> bytes:
        """``body`` compressed and encrypted."""
        return self._keys.encrypt(gzip.compress(body, _LEVEL, mtime=0))

    def decrypt(self, secret: bytes, *, name: str = "the record") -> bytes:
        """What was given to ``encrypt``.

        Raises:
            LandingError: altered, or encrypted under a key that is not in the settings; names ``name``.
        """
        try:
            return gzip.decompress(self._keys.decrypt(secret))
        except (InvalidToken, TypeError):
            what = f"{name} is altered, or encrypted under a key that is not in FRAUD_LANDING_KEYS"
            raise LandingError(what, "Put the old key back at the end of FRAUD_LANDING_KEYS") from None
        except (OSError, EOFError, zlib.error):
            raise LandingError(f"{name} was encrypted by us, but does not unpack", "Restore it from a backup") from None
