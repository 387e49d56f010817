"""The cipher: compressed, encrypted, and open to key rotation."""

import hashlib

import pytest
from cryptography.fernet import Fernet

from fraud_common.errors import LandingError, SettingsError
from fraud_scorer.landing.cipher import Cipher

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_is_encrypted_comes_back_and_cannot_be_read():
    """Repetitive bodies shrink, and no plain text shows."""
    body = b'{"cc_num": 4532015112830366}' * 1000
    secret = Cipher.from_setting(OLD).encrypt(body)

    assert Cipher.from_setting(OLD).decrypt(secret) == body
    assert len(secret) < len(body) / 10
    assert b"4532015112830366" not in secret


def test_a_new_key_in_front_reads_what_the_old_one_wrote():
    """After a rotation old bytes are still readable, and new ones need the new key."""
    rotated = Cipher.from_setting(f"{NEW}, {OLD}")

    assert rotated.decrypt(Cipher.from_setting(OLD).encrypt(b"old")) == b"old"
    with pytest.raises(LandingError, match="a key that is not in FRAUD_LANDING_KEYS"):
        Cipher.from_setting(OLD).decrypt(rotated.encrypt(b"new"))


def test_an_altered_secret_is_refused_by_name():
    """One changed byte is noticed; the error names what was read."""
    secret = bytearray(Cipher.from_setting(OLD).encrypt(b"body"))
    secret[30] ^= 1

    with pytest.raises(LandingError, match=r"0001\.part is altered"):
        Cipher.from_setting(OLD).decrypt(bytes(secret), name="0001.part")


def test_what_was_not_packed_by_us_is_refused():
    """The right key around the wrong content is an error too."""
    with pytest.raises(LandingError, match="does not unpack"):
        Cipher.from_setting(OLD).decrypt(Fernet(OLD).encrypt(b"not gzip"))


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "is empty"), (" , ", "is empty"), (f"{OLD},secret-nonsense", "key 2 is no")],
    ids=["empty", "a comma", "no key"],  # not the key itself, which differs from run to run
)
def test_wrong_keys_are_refused_without_being_shown(text, says):
    """The error says which key and how to make one, never the key itself."""
    with pytest.raises(SettingsError, match=says) as caught:
        Cipher.from_setting(text)
    assert "nonsense" not in str(caught.value)
    assert "generate_key" in caught.value.cure


def test_a_mark_proves_a_body_under_every_key_and_is_no_plain_hash():
    """Nobody without a key finds the body by trying; after a rotation, and from earlier versions, marks still prove."""
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    body = b'[{"cc_num": 4539578763621486}]'
    mark = Cipher.from_setting(old).mark(body)
    rotated = Cipher.from_setting(f"{new},{old}")

    assert mark not in {hashlib.new(name, body).hexdigest() for name in ("md5", "sha1", "sha256")}
    assert rotated.proves(mark, body)
    assert rotated.mark(body) != mark
    assert rotated.proves(hashlib.sha256(body).hexdigest(), body)
    assert not rotated.proves(mark, body + b" ")
