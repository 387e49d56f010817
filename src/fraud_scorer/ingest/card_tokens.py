"""Card tokens: HMAC-SHA256 under a secret key, so that a card can be recognised and not be read."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fraud_common.errors import SettingsError
from fraud_common.key_strength import MAKE_CARD_KEY

_SHORTEST_KEY = 16
_FEWEST_CHARACTERS = 8  # different ones: 32 random hex digits have fewer once in a hundred thousand keys
_GUESSED = re.compile(
    r"change.?me|password|passw0rd|secret.?key|default|example|insecure|qwerty|letmein", re.IGNORECASE
)


@dataclass(frozen=True, repr=False)
class CardTokens:
    """The keys of ``FRAUD_CARD_KEYS``, newest first: the first makes the tokens, older ones find earlier payments.

    A payment's ``body_hash`` is made with the *last* key, so that adding a new key in front changes no hash and a
    replay still recognises what is stored. Keep old keys at the end of the list.
    """

    keys: tuple[tuple[str, bytes], ...]

    @classmethod
    def from_setting(cls, text: str) -> CardTokens:
        """Read ``id:key,id:key``.

        Raises:
            SettingsError: empty, without id, twice the same id, or a key that is short or easily guessed.
        """
        keys = []
        for position, entry in enumerate(filter(None, (entry.strip() for entry in text.split(","))), start=1):
            key_id, colon, key = entry.partition(":")
            if not colon or not key_id or len(key) < _SHORTEST_KEY:
                raise SettingsError(
                    f"FRAUD_CARD_KEYS: entry {position} is not id:key with 16 characters or more", MAKE_CARD_KEY
                )
            if len(set(key.lower())) < _FEWEST_CHARACTERS or _GUESSED.search(key):
                raise SettingsError(f"FRAUD_CARD_KEYS: entry {position} is a key that can be guessed", MAKE_CARD_KEY)
            keys.append((key_id, key.encode()))
        if not keys:
            raise SettingsError("FRAUD_CARD_KEYS is empty: card numbers cannot be tokenised", MAKE_CARD_KEY)
        if len({key_id for key_id, _ in keys}) != len(keys):
            raise SettingsError("FRAUD_CARD_KEYS names an id twice", "Give each key an id of its own")
        return cls(tuple(keys))

    @property
    def key_id(self) -> str:
        """The id of the key that makes tokens now."""
        return self.keys[0][0]

    def tokens(self, cards: Sequence[str]) -> list[str]:
        """One token (64 hex digits) a card, in order; each distinct card is computed once."""
        return _digests(self.keys[0][1], cards)

    def lasting_tokens(self, cards: Sequence[str]) -> list[str]:
        """Tokens under the oldest key: for comparing bodies, never stored."""
        return _digests(self.keys[-1][1], cards)

    def earlier_tokens(self, cards: Iterable[str]) -> dict[str, str]:
        """Token under an older key to token now, for each card: so that rotation forgets no card's past."""
        if len(self.keys) == 1:
            return {}
        distinct = list(dict.fromkeys(cards))
        now = self.tokens(distinct)
        return {old: new for _, key in self.keys[1:] for old, new in zip(_digests(key, distinct), now, strict=True)}


def _digests(key: bytes, cards: Sequence[str]) -> list[str]:
    made = {card: hmac.digest(key, card.encode(), "sha256").hex() for card in set(cards)}
    return [made[card] for card in cards]
