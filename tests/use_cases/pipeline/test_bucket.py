"""Landing in a bucket, seen from the pipeline: an outage costs nothing, and another machine goes on from there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from fraud_common.errors import SettingsError, TransientError
from fraud_scorer.cli import app
from fraud_scorer.settings import load_settings
from fraud_scorer.use_cases.check.run_checks import run_checks
from fraud_scorer.use_cases.housekeeping import rebuild_ledger, run_housekeeping
from fraud_scorer.use_cases.status import system_status

Town = Any  # conftest.Town
ADDRESS = "s3://landed/town"
PAYMENTS = """
    select trans_num, event_time, landing_seq, first_landing_seq, batch_id, features::text, raw_score, flagged
    from payments_scored order by trans_num
"""


@pytest.fixture(autouse=True)
def keys(empty_aws: str) -> Callable[[], set[str]]:
    """An account with an empty bucket in boto3's own settings; gives the keys in it."""
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket="landed")
    return lambda: {one["Key"] for one in client.list_objects_v2(Bucket="landed").get("Contents", ())}


def copied(keys: set[str]) -> list[str]:
    """The minutes in the bucket."""
    return sorted(key.rpartition("/")[2] for key in keys if key.startswith("town/closed/"))


def test_each_minute_is_copied_by_its_own_run(town: Town, keys: Callable[[], set[str]]) -> None:
    """After its mails; status and check say that nothing waits."""
    town.run(0, fraud_landing=ADDRESS)
    assert copied(keys()) == ["1031"]
    town.run(1, fraud_landing=ADDRESS)
    assert copied(keys()) == ["1031", "1032"]
    parts = town.pipeline(fraud_landing=ADDRESS).parts
    assert system_status(parts, 5)["waiting"]["batches to copy"] == 0
    found = {one.name: one for one in run_checks(parts)}["landing"]
    assert (found.ok, found.found) == (True, f"{ADDRESS} can be written; 0 batches wait to be copied there")


def test_an_outage_of_the_bucket_costs_nothing(
    town: Town, keys: Callable[[], set[str]], moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Minutes are landed, scored and mailed without it; it is told, and the first run that reaches it copies all."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with capture_logs() as logs:
        for number in range(3):
            assert town.run(number, fraud_landing=ADDRESS)["mails_sent"] == 1
    assert town.stored() == town.handed_out()
    told = [line for line in logs if line["event"] == "The bucket lacks what has landed."]
    assert len(told) == 3
    assert f"{ADDRESS} cannot be reached" in told[0]["what"]

    parts = town.pipeline(fraud_landing=ADDRESS).parts
    assert system_status(parts, 5)["waiting"]["batches to copy"] == 3
    found = {one.name: one for one in run_checks(parts)}["landing"]
    assert not found.ok
    assert found.cure
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
    town.run(3, fraud_landing=ADDRESS)
    assert copied(keys()) == ["1031", "1032", "1033", "1034"]


@pytest.mark.parametrize("database", ["kept", "lost"])
def test_another_machine_goes_on_with_the_same_rows(town: Town, database: str) -> None:
    """The disk is gone: from the bucket alone each minute is known, scored alike where it must be, and replayed."""
    for number in range(3):
        town.run(number, fraud_landing=ADDRESS)
    before, states, last = town.rows(PAYMENTS), town.states(), town.rows("select max(landing_seq) from run_ledger")
    shutil.rmtree(town.folder / "landing")
    if database == "lost":
        town.rows("truncate payments_scored, merchant_profiles, run_ledger, landing_index, quarantine, outbox,"
                  " outbox_payments cascade")  # fmt: skip

    with pytest.raises(SettingsError, match="--take-over"):
        rebuild_ledger(town.pipeline(fraud_landing=ADDRESS).parts)
    rebuilt = rebuild_ledger(town.pipeline(fraud_landing=ADDRESS).parts, take_over=True)
    waiting = 3 if database == "lost" else 0
    assert (rebuilt.fetched, rebuilt.markers, rebuilt.waiting) == (3, 3, waiting)
    town.run(3, fraud_landing=ADDRESS)
    assert set(before) <= set(town.rows(PAYMENTS))
    assert {name: town.states()[name] for name in states} == states
    assert town.rows("select min(landing_seq) from run_ledger where batch_id = '2026-11-20T10:34Z'") > last

    replayed = town.pipeline(fraud_landing=ADDRESS).replay(town.batch(0).minute, town.batch(3).minute)
    assert (replayed["minutes"], replayed["new"], replayed["updated"]) == (3, 0, 0)
    assert replayed["unchanged"] == replayed["payments"] > 0
    assert set(before) <= set(town.rows(PAYMENTS))
    assert len(set(town.mailbox.message_ids)) == 4


def test_runs_before_the_rebuild_fail_no_minute(town: Town) -> None:
    """On a new machine they stop and say what to do; after the rebuild one run loads all that waited."""
    town.run(0, fraud_landing=ADDRESS)
    pipeline, batch = town.pipeline(fraud_landing=ADDRESS), town.at(1)
    pipeline.extract(batch)
    rebuild_ledger(pipeline.parts)
    pipeline.parts.files.replicator.copy()
    shutil.rmtree(town.folder / "landing")

    for number in (2, 3):
        with pytest.raises(SettingsError, match="landing rebuild"):
            town.run(number, fraud_landing=ADDRESS)
    assert list(town.states().values()) == ["done", "landed", "landed", "landed"]
    rebuild_ledger(town.pipeline(fraud_landing=ADDRESS).parts, take_over=True)
    assert town.run(4, fraud_landing=ADDRESS)["batches"] == 4
    assert set(town.states().values()) == {"done"}
    assert town.stored() == town.handed_out()


def test_a_single_minute_that_no_landing_has_fails(town: Town) -> None:
    """It was not copied before the machine was lost: after the rebuild it is passed, and its neighbours are loaded."""
    town.run(0, fraud_landing=ADDRESS)
    pipeline, batch = town.pipeline(fraud_landing=ADDRESS), town.at(1)
    pipeline.extract(batch)
    rebuild_ledger(pipeline.parts)
    shutil.rmtree(town.folder / "landing")

    assert rebuild_ledger(town.pipeline(fraud_landing=ADDRESS).parts, take_over=True).lost == 1
    town.run(2, fraud_landing=ADDRESS)
    assert list(town.states().values()) == ["done", "failed", "done"]
    assert town.rows("select distinct reason from quarantine") == [("landing_unreadable",)]


def test_housekeeping_copies_forgets_and_tells(
    town: Town, keys: Callable[[], set[str]], moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run left is copied; old bytes leave the disk also while the bucket is away, and the bucket later."""
    town.run(0, fraud_landing=ADDRESS)
    pipeline = town.pipeline(fraud_landing=ADDRESS)
    pipeline.extract(town.at(1))
    assert run_housekeeping(pipeline.parts).batches_copied == 1
    assert copied(keys()) == ["1031", "1032"]

    town.rows("update outbox set created_at = '2026-11-20'")
    town.clock.at += timedelta(days=32)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match="cannot be reached"):
        run_housekeeping(town.pipeline(fraud_landing=ADDRESS).parts)
    assert town.rows("select content::text from outbox") == [("{}",)]
    assert not list((town.folder / "landing").rglob("*.part"))
    assert copied(keys()) == ["1031", "1032"]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
    done = run_housekeeping(town.pipeline(fraud_landing=ADDRESS).parts)
    assert (done.batches_purged, done.still_waiting) == (0, 1)
    assert copied(keys()) == ["1032"]


def test_the_commands_take_a_bucket(town: Town, keys: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are typed: extract and alert, status, rebuild on another data folder."""
    settings = town.settings(fraud_landing=ADDRESS)
    names = ("payments_api_url", "fraud_data_dir", "fraud_landing", "fraud_artifacts", "scorer", "smtp_port")
    for name in names:
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    for name in ("fraud_db_url", "fraud_landing_keys", "fraud_card_keys"):
        monkeypatch.setenv(name.upper(), getattr(settings, name).get_secret_value())

    def typed(*words: str) -> Result:
        load_settings.cache_clear()
        return CliRunner().invoke(app, list(words), catch_exceptions=False)

    town.run(0, fraud_landing=ADDRESS)
    assert "batches to copy 0" in typed("status").stdout
    monkeypatch.setenv("FRAUD_DATA_DIR", str(town.folder / "another"))
    assert "fetched 1, markers 1, waiting 0" in typed("landing", "rebuild", "--take-over").stdout
    load_settings.cache_clear()
