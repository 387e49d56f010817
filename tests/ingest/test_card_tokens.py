"""Card tokens: stable, keyed, and kind to key rotation."""

import hashlib
import hmac

import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.ingest.card_tokens import CardTokens

OLD, NEW = "k1:" + "old-key9" * 4, "k2:" + "new-key87" * 4
CARDS = ["4532015112830366", "6011000990139424", "4532015112830366"]


def test_a_token_is_the_hmac_of_the_digits():
    """64 hex digits of HMAC-SHA256 under the first key, the same for the same card."""
    tokens = CardTokens.from_setting(f"{NEW},{OLD}").tokens(CARDS)

    assert tokens[0] == tokens[2] == hmac.new(b"new-key87" * 4, CARDS[0].encode(), hashlib.sha256).hexdigest()
    assert tokens[1] != tokens[0]


def test_rotation_keeps_a_cards_past_and_its_hashes():
    """With a new key in front, earlier tokens are known to be the same card, and lasting tokens do not change."""
    before, after = CardTokens.from_setting(OLD), CardTokens.from_setting(f"{NEW},{OLD}")

    assert after.key_id == "k2"
    assert after.earlier_tokens(CARDS) == dict(zip(before.tokens(CARDS), after.tokens(CARDS), strict=True))
    assert after.lasting_tokens(CARDS) == before.lasting_tokens(CARDS)
    assert before.earlier_tokens(CARDS) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("x" * 40, "entry 1"),
        (f"{OLD},k2:short", "entry 2"),
        (f"{OLD},{OLD}", "twice"),
    ],
)
def test_wrong_keys_are_refused_without_being_shown(text, says):
    """The error names the entry, never the key."""
    with pytest.raises(SettingsError, match=says) as caught:
        CardTokens.from_setting(text)
    assert "old-key9" not in str(caught.value)


def test_keys_do_not_show_in_logs():
    """The object's repr holds no key."""
    assert "old-key9" not in repr(CardTokens.from_setting(OLD))


@pytest.mark.parametrize("key", ["0" * 16, "0" * 64, "abab" * 8, "1234123412341234", "changeme-changeme-1",
                                 "Password1234567890abc"])  # fmt: skip
def test_a_key_that_can_be_guessed_is_refused_with_the_cure(key):
    """One character, a short pattern and words that everybody tries are no keys; the error does not show it."""
    with pytest.raises(SettingsError, match="guessed") as error:
        CardTokens.from_setting(f"k1:{key}")
    assert "token_hex" in error.value.cure
    assert key not in str(error.value)
