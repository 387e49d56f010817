"""Why a step fails is written down by the run, and stands in the watchdog's mail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fraud_common.errors import ApiUnavailable, SettingsError, StoreUnavailable
from fraud_scorer.monitoring.step_failures import Failure, read_failures, record_failure
from fraud_scorer.settings import load_settings

Scene = Any  # conftest.Scene


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of an installation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRAUD_DATA_DIR", str(tmp_path / "data"))
    load_settings.cache_clear()
    yield tmp_path / "data"
    load_settings.cache_clear()


def fail(step: str, error: BaseException) -> None:
    """One try of a step that meets this."""
    with pytest.raises(type(error)), record_failure(step):
        raise error


def test_a_failure_is_kept_until_the_step_works(folder: Path) -> None:
    """What happened and what to do, in the order of a run."""
    fail("load", StoreUnavailable("fraud_db cannot be reached", "Start it"))
    fail("extract", ApiUnavailable("the payments API answered 503", "Wait"))
    assert [(one.step, one.what, one.cure) for one in read_failures(folder)] == [
        ("extract", "the payments API answered 503", "Wait"), ("load", "fraud_db cannot be reached", "Start it"),
    ]  # fmt: skip
    with record_failure("extract"):
        pass
    assert [one.step for one in read_failures(folder)] == ["load"]


def test_of_an_error_that_nobody_foresaw_the_kind_alone_is_kept(folder: Path) -> None:
    """Its text may quote a payment; a task out of time is one too."""
    fail("transform", ValueError("card 4532015112830366"))
    fail("score", KeyboardInterrupt())
    transform, score = read_failures(folder)
    assert "ValueError" in transform.what
    assert "KeyboardInterrupt" in score.what
    assert "4532015112830366" not in (folder / "failures" / "transform.json").read_text()


@pytest.mark.parametrize("named_in", ["environment", ".env"])
def test_a_wrong_setting_is_noted_where_the_watchdog_looks(
    folder: Path, named_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings cannot be read, and the data folder is still known."""
    if named_in == ".env":
        Path(".env").write_text(f"FRAUD_DATA_DIR={os.environ['FRAUD_DATA_DIR']}\n")
        monkeypatch.delenv("FRAUD_DATA_DIR")
    monkeypatch.setenv("FRAUD_TRESHOLD", "1")
    with pytest.raises(SettingsError), record_failure("extract"):
        load_settings()
    assert "FRAUD_TRESHOLD is no setting" in read_failures(folder)[0].what


def test_a_full_disk_hides_no_error(folder: Path) -> None:
    """The step's own error is raised; unreadable notes are none."""
    folder.mkdir()
    (folder / "failures").write_text("in the way")
    fail("load", StoreUnavailable("fraud_db cannot be reached"))
    with record_failure("load"):
        pass
    assert read_failures(folder) == []


@pytest.mark.parametrize("minutes_ago", [1, 60])
def test_a_stall_names_the_cause_that_the_run_knows(scene: Scene, minutes_ago: int) -> None:
    """The step, its error and its cure; an error of an hour ago is none of it: then no run has come so far."""
    scene.pass_time(10)
    scene.seen = replace(scene.quiet, last_completed_at=scene.now, last_minute=scene.now)
    scene.failures = lambda: [
        Failure("extract", scene.now - timedelta(minutes=minutes_ago), "the payments API answered 503", "Ask its owner")
    ]
    scene.pass_time(5)
    (mail,) = scene.post.sent
    text = " ".join([*mail.content["lines"], mail.content["action"]])
    assert ("`extract` fails: the payments API answered 503." in text) is (minutes_ago == 1)
    assert ("Ask its owner" in text) is (minutes_ago == 1)
    assert ("Airflow runs nothing" in text) is (minutes_ago == 60)


def test_a_failed_minute_is_told_with_its_reason(scene: Scene) -> None:
    """As the ledger keeps it."""
    scene.seen = replace(scene.quiet, last_completed_at=scene.now, failed_minutes=1, failed_error="the answer is HTML")
    scene.pass_time(1)
    assert "the answer is HTML" in scene.post.sent[0].content["facts"].values()
