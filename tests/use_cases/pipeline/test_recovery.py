"""Outages and accidents: what landed is scored later, in order, without anyone acting."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fraud_common.errors import ApiUnavailable, SettingsError, StoreUnavailable
from fraud_scorer.use_cases.housekeeping import rebuild_ledger
from fraud_scorer.use_cases.pipeline.landing_order import note_landed
from fraud_scorer.use_cases.pipeline.poison_batches import MAX_REFUSALS

Town = Any  # conftest.Town


def test_fraud_db_down_while_extracting(town: Town, nobody_listens: str) -> None:
    """Each minute still lands; when the database is back, one run takes them all, in the order of their landing."""
    for number in range(3):
        cut_off = town.pipeline(fraud_db_url=nobody_listens)
        with pytest.raises(StoreUnavailable):
            cut_off.run_minute(town.at(number))
    assert town.stored() == set()
    done = town.run(3)
    assert done["batches"] == 4
    assert town.stored() == town.handed_out()
    assert town.states() == {town.batch(number).batch_id: "done" for number in range(4)}
    assert town.rows("select count(*) from payments_scored where first_batch_id <> batch_id") == [(0,)]
    assert len(town.mailbox.message_ids) == 4


def test_features_after_an_outage_are_those_of_no_outage(town: Town) -> None:
    """Waiting batches scored in one run see exactly what they would have seen minute by minute."""
    for number in range(3):
        town.pipeline().extract(town.at(number))
    town.run(3)
    caught_up = town.rows("select trans_num, features::text from payments_scored order by trans_num")
    assert len(caught_up) == len(town.stored())
    before = town.fingerprint()
    for number in range(4):
        town.pipeline().replay(town.batch(number).minute, town.batch(number + 1).minute, rescore=True)
    assert town.rows("select trans_num, features::text from payments_scored order by trans_num") == caught_up
    assert town.fingerprint() == before


def test_work_lost_between_two_steps_is_made_again(town: Town) -> None:
    """Stage files that vanish after transform, or after score, cost a repetition, never a payment."""
    pipeline, batch = town.pipeline(), town.at(0)
    pipeline.extract(batch)
    for step in (pipeline.transform, pipeline.score):
        step(batch.batch_id)
        shutil.rmtree(town.folder / "stage")
    done = pipeline.load(batch.batch_id)
    assert done["new"] == len(town.stored()) == len(town.handed_out())
    assert pipeline.load(batch.batch_id)["new"] == 0
    assert pipeline.alert(batch.batch_id)["sent"] == 1


def test_nothing_stays_on_the_stage_once_it_is_loaded(town: Town, nobody_listens: str) -> None:
    """Tokens and coordinates lie there in clear: kept while load fails, gone with its success; cleared, made again."""
    pipeline, batch = town.pipeline(), town.at(0)
    pipeline.extract(batch)
    pipeline.transform(batch.batch_id)
    pipeline.score(batch.batch_id)
    with pytest.raises(StoreUnavailable):
        town.pipeline(fraud_db_url=nobody_listens).load(batch.batch_id)
    assert list((town.folder / "stage").rglob("*.parquet"))
    assert pipeline.load(batch.batch_id)["new"] == len(town.handed_out())
    assert not list((town.folder / "stage").rglob("*.parquet"))
    before = town.fingerprint()
    for step in (pipeline.score, pipeline.load):
        step(batch.batch_id)
    assert town.fingerprint() == before
    assert not list((town.folder / "stage").rglob("*.parquet"))


def test_what_no_run_loaded_leaves_the_stage_within_an_hour(town: Town) -> None:
    """Another run took the batch over: the next load drops what the first left behind."""
    late, batch = town.pipeline(), town.at(0)
    late.extract(batch)
    late.transform(batch.batch_id)
    town.run(1)
    assert list((town.folder / "stage" / batch.batch_id).rglob("*.parquet"))
    for path in (town.folder / "stage").rglob("*"):
        os.utime(path, (0, town.clock.at.timestamp() - 3700))
    town.run(2)
    assert not list((town.folder / "stage").rglob("*.parquet"))


def test_a_run_that_died_after_claiming_is_taken_over(town: Town) -> None:
    """The next run loads its batch; the late one finds that it is fenced, and writes nothing."""
    late, batch = town.pipeline(), town.at(0)
    late.extract(batch)
    late.transform(batch.batch_id)
    late.score(batch.batch_id)
    assert town.run(1)["batches"] == 2
    before = town.fingerprint()
    assert late.load(batch.batch_id)["taken_over"] == 1
    assert town.fingerprint() == before
    assert town.stored() == town.handed_out()


def test_minutes_missed_while_nothing_ran_are_asked_for(town: Town) -> None:
    """A windowed API gives them when we are back, within the look-back; older ones are recorded as missed."""
    town.run(0)
    town.pipeline(payments_api_look_back_minutes=5).extract(town.at(10))
    town.run(11)
    states = list(town.states().values())
    assert states.count("missed") == 5
    assert states.count("done") == len(states) - 5 == 7
    assert town.stored() == town.handed_out()


def test_missed_minutes_are_bounded_a_run_and_all_come(town: Town) -> None:
    """Forty missed minutes take two runs, not one long one."""
    town.pipeline().extract(town.at(0))
    first = town.pipeline().extract(town.at(41))["made_up_for"]
    second = town.pipeline().extract(town.at(42))["made_up_for"]
    assert (first, second) == (30, 10)
    landed = town.pipeline().parts.files.landing.completions()
    assert {done.status for done in landed} == {"landed"}
    assert {done.batch for done in landed} == {town.batch(number) for number in range(43)}


def test_an_unreadable_answer_holds_up_no_other_minute(town: Town) -> None:
    """Five HTML pages for a minute: its window is asked for again by a later run; the pages stay, with why."""
    town.run(0)
    town.order("html_page", count=5)
    town.clock.at = town.batch(1).end + timedelta(seconds=1)
    with pytest.raises(ApiUnavailable, match="cannot be read"):
        town.pipeline(payments_api_budget_seconds=20.0).run_minute(town.batch(1))
    for number in (2, 3):
        town.run(number)
    assert {town.batch(number).batch_id for number in range(4)} == set(town.states())
    assert set(town.states().values()) == {"done"}
    assert town.rows("select distinct batch_id, reason, row_index from quarantine") == [
        (town.batch(1).batch_id, "answer_unreadable", None)
    ]
    assert town.stored() == town.handed_out()


def test_an_api_that_is_down_for_a_minute_is_asked_again(town: Town) -> None:
    """Nothing landed, nothing is made up: the minute comes with a later run."""
    town.order("status_503", count=20)
    with pytest.raises(ApiUnavailable):
        town.run(0)
    assert town.states() == {}
    for number in range(1, 4):
        town.order_cleared()
        town.run(number)
    assert town.states()[town.batch(0).batch_id] == "done"
    assert town.stored() == town.handed_out()


def test_imported_history_that_was_cut_off_does_not_hold_up_live_minutes(town: Town) -> None:
    """Days whose import died wait for their import; more of them than a run takes batches block nothing."""
    for day in range(3):
        town.rows(
            "insert into run_ledger (batch_id, kind, status, landing_seq)"
            f" values ('history-abc-2026-11-0{day + 1}', 'history', 'landed', {day + 1})"
        )
    assert town.run(0, fraud_batches_per_run=2)["batches"] == 1
    assert town.stored() == town.handed_out()


def test_a_setting_or_schema_that_does_not_fit_fails_no_batch(town: Town, tmp_path: Path) -> None:
    """However many runs it stops: batches wait, and once it is mended one run loads them all."""
    fields = tmp_path / "fields.yaml"
    fields.write_text("[{")
    for number in range(7):
        with pytest.raises(SettingsError, match=r"fields\.yaml is not YAML"):
            town.run(number, payments_api_fields=fields)
    town.rows("alter table outbox_payments rename to away")
    for number in range(7, 10):
        with pytest.raises(SettingsError, match="fraud-scorer migrate"):
            town.run(number)
    assert set(town.states().values()) == {"landed"}
    town.rows("alter table away rename to outbox_payments")
    assert town.run(10)["batches"] == 11
    assert town.stored() == town.handed_out()


def test_another_landing_fails_no_batch(town: Town) -> None:
    """A wrong FRAUD_LANDING in which minutes land by now stops runs, however many; once it is mended all is loaded."""
    for number in range(3):
        town.pipeline().extract(town.at(number))
    note_landed(town.pipeline().parts)
    for number in range(3, 3 + MAX_REFUSALS + 1):
        with pytest.raises(SettingsError, match="Mend FRAUD_LANDING"):
            town.run(number, fraud_landing=str(town.folder / "elsewhere"))
    assert set(town.states().values()) == {"landed"}
    shutil.copytree(town.folder / "elsewhere", town.folder / "landing", dirs_exist_ok=True)
    town.run(9)
    assert set(town.states().values()) == {"done"}
    assert town.stored() == town.handed_out()


def test_a_landing_that_is_lost_for_good_is_passed_on_demand(town: Town) -> None:
    """What waited in it is marked as failed by `landing rebuild --pass-lost`, not before; the others get on."""
    town.pipeline().extract(town.at(0))
    note_landed(town.pipeline().parts)
    shutil.rmtree(town.folder / "landing")
    with pytest.raises(SettingsError, match="--pass-lost"):
        town.run(1)
    assert rebuild_ledger(town.pipeline().parts).lost == 1
    assert set(town.states().values()) == {"landed"}
    assert rebuild_ledger(town.pipeline().parts, pass_lost=True).waiting == 1
    town.run(2)
    assert list(town.states().values()) == ["failed", "done", "done"]


def test_broken_alert_rules_keep_no_payment_from_being_stored(town: Town, tmp_path: Path) -> None:
    """The last good ones are used; where there were none, all recipients are told of all."""
    rules = tmp_path / "rules.yaml"
    for number, text in enumerate(["rules: [{", "otherwise: [lead@example.org]", "otherwise: 7"]):
        rules.write_text(text)
        town.run(number, alert_rules=rules)
    assert town.stored() == town.handed_out()
    told = town.rows("select distinct batch_id, recipient from outbox where kind = 'alert' order by batch_id")
    assert [who for _, who in told] == ["analyst@localhost", "lead@example.org", "lead@example.org"]


def test_an_old_run_leaves_the_live_queue_to_the_live_runs(town: Town) -> None:
    """Cleared, whichever of its steps: its own minute and what must come before it, though the stage is lost."""
    for number in range(4):
        town.pipeline().extract(town.at(number))
    old, own = town.pipeline(), town.batch(1)
    assert old.transform(own.batch_id, [own])["batches"] == 2
    for step in (old.score, old.load):
        shutil.rmtree(town.folder / "stage")
        step(own.batch_id, [own])
    assert list(town.states().values()) == ["done", "done", "landed", "landed"]
    assert old.load(own.batch_id, [own])["new"] == 0
    assert list(town.states().values()) == ["done", "done", "landed", "landed"]


def test_the_first_error_is_not_hidden_by_a_later_one(town: Town) -> None:
    """The API is down and the database too: the API's error goes on, the other stands in its notes."""
    town.order("status_503", count=50)
    nobody = "postgresql+psycopg2://fraud:secret@127.0.0.1:9/fraud_db"
    with pytest.raises(ApiUnavailable) as met:
        town.pipeline(fraud_db_url=nobody, fraud_db_alerter_url=nobody).run_minute(town.at(0))
    assert any("afterwards also StoreUnavailable" in note for note in met.value.__notes__)


def test_an_error_after_an_error_of_extract_is_noted_on_it(town: Town) -> None:
    """What goes wrong with missed minutes does not hide why this one has not landed."""
    town.order("status_503", count=50)
    pipeline = town.pipeline()
    pipeline.parts.files.landing.open_batches = lambda: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ApiUnavailable) as met:
        pipeline.extract(town.at(0))
    assert any("afterwards also ZeroDivisionError" in note for note in met.value.__notes__)
