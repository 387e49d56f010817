"""Settings are strict: what is wrong or unknown is told in one line with the cure."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from random import Random

import pytest
from cryptography.fernet import Fernet

from fraud_common.errors import SettingsError
from fraud_common.key_strength import weakness
from fraud_scorer.settings import Settings, load_settings

pytestmark = pytest.mark.usefixtures("nothing_set")


def test_defaults_are_enough() -> None:
    """Nothing set is a configuration too: the local stack's addresses."""
    assert load_settings().payments_api_url.startswith("http://127.0.0.1:8090/")


@pytest.mark.parametrize("place", ["environment", "file"])
def test_an_unknown_name_is_told_with_the_nearest_right_one(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt setting would silently do nothing: it is refused, in the environment and in .env alike."""
    if place == "environment":
        monkeypatch.setenv("FRAUD_TRESHOLD", "0.9")
    else:
        (tmp_path / ".env").write_text("FRAUD_TRESHOLD=0.9\nAIRFLOW__API__PORT=8081\n")
    with pytest.raises(SettingsError, match=r"FRAUD_TRESHOLD is no setting; did you mean FRAUD_THRESHOLD\?"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FRAUD_THRESHOLD", "1.5"),
        ("SMTP_PORT", "mail"),
        ("FRAUD_TIME_ZONE", "Europe/Atlantis"),
        ("FRAUD_DB_URL", "postgresql://somewhere/fraud_db"),
        ("FRAUD_DB_URL", "postgresql+psycopg2://fraud:somewhere@db:54x/fraud_db"),
        ("FRAUD_DB_URL", "postgresql+psycopg2://fraud:somewhere@db:99999/fraud_db"),
        ("SCORER", "remote"),
        ("SMTP_TIMEOUT_SECONDS", "120"),
        ("FRAUD_LANDING", "gs://somewhere/ours"),
        ("FRAUD_LANDING", "s3://key:somewhere@bucket"),
        ("FRAUD_LANDING", "s3://"),
    ],
)
def test_a_wrong_value_names_its_setting(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wrong value is told by name, and never echoes what may be a secret."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: ") as told:
        load_settings()
    assert "somewhere" not in str(told.value)


@pytest.mark.parametrize("prefix", ["", "/", "/env=prod", "/a+b", "/x@y,z;w:v/it's-(1)!*", "/2026/landed_"])
def test_a_prefix_may_hold_what_s3_takes(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Partition names such as env=prod among it."""
    monkeypatch.setenv("FRAUD_LANDING", f"s3://landed{prefix}")
    assert load_settings().fraud_landing == f"s3://landed{prefix}"


@pytest.mark.parametrize("sign", ["%", " ", "?", "#", "\\", "ü", "&"])
def test_a_sign_that_a_prefix_may_not_hold_is_named(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So one sees what to leave out, and nothing else of the value is told."""
    monkeypatch.setenv("FRAUD_LANDING", f"s3://landed/some{sign}where")
    with pytest.raises(SettingsError, match=r"the prefix holds ") as told:
        load_settings()
    assert f"{sign!r}:" in str(told.value)
    assert "where" not in str(told.value)


def test_several_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start, all faults."""
    monkeypatch.setenv("SMTP_PORT", "0")
    monkeypatch.setenv("FRAUD_CURRENCY", "dollars")
    with pytest.raises(SettingsError) as told:
        load_settings()
    assert "SMTP_PORT" in told.value.what
    assert "FRAUD_CURRENCY" in told.value.what


ZEROS = base64.urlsafe_b64encode(bytes(32)).decode()
WEAK_LANDING_KEYS = {
    "one byte": ZEROS,
    "one digit": base64.urlsafe_b64encode(b"0" * 32).decode(),
    "digits in order": base64.urlsafe_b64encode(b"0123456789" * 3 + b"01").decode(),
    "words of examples": base64.urlsafe_b64encode(b"change-me-please-change-me-pass-").decode(),
    "one letter": "M" * 43 + "=",
}


@pytest.mark.parametrize("weak", WEAK_LANDING_KEYS)
def test_a_landing_key_that_anyone_guesses_is_refused_with_its_cure(weak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it would encrypt; behind a better one it still reads what it wrote."""
    key, better = WEAK_LANDING_KEYS[weak], Fernet.generate_key().decode()
    monkeypatch.setenv("FRAUD_LANDING_KEYS", f"{key},{better}")
    with pytest.raises(SettingsError, match=r"^FRAUD_LANDING_KEYS: .*Fernet\.generate_key\(\)") as told:
        load_settings()
    assert key not in str(told.value)
    load_settings.cache_clear()
    monkeypatch.setenv("FRAUD_LANDING_KEYS", f"{better},{key}")
    assert load_settings().fraud_landing_keys.get_secret_value() == f"{better},{key}"


@pytest.mark.parametrize("weak", ["0" * 64, "0123456789abcdef" * 4, "a" * 32, "change-me-please-change-me-pass-"])
def test_a_card_key_that_anyone_guesses_is_refused_with_its_cure(weak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it would make the tokens; behind a better one it still finds earlier payments."""
    monkeypatch.setenv("FRAUD_CARD_KEYS", f"k1:{weak}")
    with pytest.raises(SettingsError, match=r"^FRAUD_CARD_KEYS: .*secrets\.token_hex") as told:
        load_settings()
    assert weak not in str(told.value)
    load_settings.cache_clear()
    monkeypatch.setenv("FRAUD_CARD_KEYS", f"k2:{secrets.token_hex(32)},k1:{weak}")
    load_settings()


@pytest.mark.integration  # takes seconds
def test_a_key_that_was_drawn_is_never_taken_for_a_weak_one() -> None:
    """Of ten thousand keys as the commands of `.env.example` make them, none."""
    random = Random(13)
    for _ in range(10_000):
        assert weakness(base64.urlsafe_b64encode(random.randbytes(32)).decode(), 32) is None
        assert weakness(random.randbytes(32).hex(), 32) is None


def test_keys_of_ones_own_go_before_the_generated_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make run` landed under its own keys stays readable after the team set theirs; a key stands once."""
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "local.env").write_text("FRAUD_CARD_KEYS='local1:here ab'\nFRAUD_LANDING_KEYS='generated'\n")
    monkeypatch.setenv("FRAUD_CARD_KEYS", "ours:made there,local1:here ab")
    settings = load_settings()
    assert settings.fraud_card_keys.get_secret_value() == "ours:made there,local1:here ab"
    assert settings.fraud_landing_keys.get_secret_value() == "generated"


def test_keys_of_another_data_folder_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second stack has keys of its own under the same id: those of the first must not get among them."""
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "local.env").write_text("FRAUD_CARD_KEYS='local1:made here'\nFRAUD_DATA_DIR='/first'\n")
    monkeypatch.setenv("FRAUD_DATA_DIR", "/second")
    monkeypatch.setenv("FRAUD_CARD_KEYS", "local1:made there")
    assert load_settings().fraud_card_keys.get_secret_value() == "local1:made there"


def test_secrets_are_not_printed() -> None:
    """Neither repr nor str of the settings shows a password."""
    settings = Settings(fraud_db_url="postgresql+psycopg2://fraud:hunter2@db/fraud_db", smtp_password="hunter2")
    assert "hunter2" not in f"{settings!r}{settings}"
