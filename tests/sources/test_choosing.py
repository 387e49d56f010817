"""The scheme of PAYMENTS_API_URL chooses the source: a new one is a class and one entry."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer
from fraud_scorer.settings import Settings
from fraud_scorer.sources import SOURCES, source_of
from fraud_scorer.sources.payments_api import HttpPaymentsApi
from fraud_scorer.wiring import Parts

NOW = datetime(2026, 11, 20, 10, 32, tzinfo=UTC)


class Folder:
    """A source that reads a file a minute."""

    windowed = True

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def ask(self, batch: Batch, *, deadline: datetime) -> Answer:
        return Answer((self.folder / "payments.json").read_bytes(), 200, "application/json", NOW)


def test_a_new_source_is_one_entry(nothing_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wiring opens it by the address alone."""
    monkeypatch.setitem(SOURCES, "folder", lambda settings, now: Folder(settings.payments_api_url.partition("://")[2]))
    (tmp_path / "payments.json").write_bytes(b"[]")
    wired = Parts(Settings(payments_api_url=f"folder://{tmp_path}"))
    assert wired.source.api.windowed
    assert wired.source.api.ask(Batch.of_minute(NOW), deadline=NOW).body == b"[]"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "HTTPS://example.org/?from={start}&to={end}"])
def test_an_address_of_the_web_is_asked_by_http(nothing_set: Path, url: str) -> None:
    """In whatever case it is written."""
    source = source_of(Settings(payments_api_url=url), lambda: NOW)
    assert isinstance(source, HttpPaymentsApi)
    assert source.windowed is ("{start}" in url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("queue://example.org", r"no source reads queue://.* Known are http://, https://"),
        ("127.0.0.1:8090/x", "no http:// or https:// address"),
    ],
)
def test_an_address_that_no_source_reads_is_refused(nothing_set: Path, url: str, said: str) -> None:
    """Before anything is asked."""
    with pytest.raises(SettingsError, match=said):
        source_of(Settings(payments_api_url=url), lambda: NOW)
