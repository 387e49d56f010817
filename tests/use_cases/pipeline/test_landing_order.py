"""Batches are loaded in the order of their landing, whoever asks for which: the result is that of no delay at all."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer
from fraud_scorer.use_cases.pipeline.history_import import import_history
from fraud_scorer.use_cases.pipeline.landing_order import (
    TRANSITIONS,
    State,
    batch_state,
    note_landed,
    pass_batch,
    retry_batch,
)
from fraud_scorer.use_cases.pipeline.poison_batches import MAX_LONE_RUNS
from fraud_scorer.wiring.scoring import Scoring

Town = Any  # conftest.Town


def payment(town: Town, number: int, name: str, amount: float, *, second: int = 3, **more: Any) -> dict[str, Any]:
    """A payment of one card in the n-th minute."""
    time = int(town.batch(number).minute.timestamp() * 1000) + 1000 * second
    return {
        "trans_num": name, "current_time": time, "cc_num": 4532015112830366, "merchant": "Kub", "amt": amount,
        "dob": "1976-07-22",
    } | more  # fmt: skip


def land(town: Town, number: int, *payments: dict[str, Any]) -> None:
    """The n-th minute lands."""
    landing, batch = town.pipeline().parts.files.landing, town.at(number)
    landing.land(batch, Answer(json.dumps(payments).encode(), 200, "", town.clock.now()))
    landing.close(batch, now=town.clock.now())


def land_two(town: Town) -> None:
    """The second minute brings the first one's payment again, with another amount and another label."""
    land(town, 0, payment(town, 0, "twice", 10.0, is_fraud=1), payment(town, 0, "once", 7.0))
    land(town, 1, payment(town, 1, "twice", 20.0, is_fraud=0))


def outcome(town: Town) -> list[list[tuple[Any, ...]]]:
    """What is stored of payments, labels and former bodies, but for when it was written and what was decided."""
    decided = (
        "'raw_score,fraud_probability,threshold,flagged,reasons,features,model_hash,scored_by,scored_at,age_years'"
    )
    without = f"to_jsonb(one) - string_to_array({decided}, ',')"
    return [
        town.rows(f"select {without}, round(age_years::numeric, 9) from payments_scored as one order by trans_num"),
        town.rows("select trans_num, source, verdict, known_at, landing_seq from labels order by 1, 5"),
        town.rows(
            "select trans_num, landing_seq, was ->> 'amount_cents', was ->> 'event_time' from payment_history"
            " where (was ->> 'first_landing_seq')::bigint = (select min(first_landing_seq) from payments_scored)"
            " order by history_id"
        ),
    ]


def decisions(town: Town) -> list[tuple[Any, ...]]:
    """The decisions in force, bit for bit."""
    return town.rows("select trans_num, raw_score, features::text from payments_scored order by trans_num")


def test_a_replay_takes_along_what_landed_before_and_waits(town: Town) -> None:
    """The later minute alone is asked for: time and label are the first delivery's, the later label stands beside."""
    land_two(town)
    done = town.pipeline().replay(town.batch(1).minute, town.batch(2).minute)
    assert (done["minutes"], done["taken_along"], done["new"], done["updated"]) == (1, 1, 2, 1)
    assert set(town.states().values()) == {"done"}
    assert town.rows(
        "select event_time::time::text, payload_is_fraud, amount_cents from payments_scored where trans_num = 'twice'"
    ) == [("10:31:03", True, 2000)]
    assert town.rows("select verdict from labels") == [("not_fraud",)]
    assert town.rows("select count(*) from payment_history") == [(1,)]
    again = town.pipeline().replay(town.batch(0).minute, town.batch(2).minute)
    assert (again["new"], again["updated"], "taken_along" in again) == (0, 0, False)


def test_a_backfill_scores_as_if_nothing_had_waited(town: Town) -> None:
    """Its own minute is loaded after the five payments before it; deciding anew gives the same bits."""
    land(town, 0, *[payment(town, 0, f"p{place}", 9.0 + place, second=place) for place in range(5)])
    land(town, 1, payment(town, 1, "big", 900.0))
    pipeline, own = town.pipeline(), town.batch(1)
    assert pipeline.transform(own.batch_id, [own])["batches"] == 2
    pipeline.score(own.batch_id)
    assert pipeline.load(own.batch_id)["new"] == 6
    before = decisions(town)
    anew = town.pipeline().replay(town.batch(0).minute, town.batch(2).minute, rescore=True)
    assert (anew["updated"], decisions(town)) == (0, before)


def test_a_backfill_is_bounded_and_leaves_its_minute_to_a_later_run(town: Town) -> None:
    """Where more waits before it than one run takes."""
    for number in range(3):
        land(town, number, payment(town, number, f"p{number}", 5.0))
    pipeline, own = town.pipeline(fraud_batches_per_run=2), town.batch(2)
    assert pipeline.transform(own.batch_id, [own])["batches"] == 2
    pipeline.score(own.batch_id)
    pipeline.load(own.batch_id)
    assert list(town.states().values()) == ["done", "done", "landed"]


def test_a_minute_that_was_loaded_is_replayed_alone(town: Town) -> None:
    """Others may wait: nothing is out of order."""
    for number in range(2):
        land(town, number, payment(town, number, f"p{number}", 5.0))
        if not number:
            town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)
    assert "taken_along" not in town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)
    note_landed(town.pipeline().parts)
    assert list(town.states().values()) == ["done", "landed"]


def test_a_run_that_lost_its_first_batch_leaves_the_later_ones(town: Town) -> None:
    """It prepared them as if the first were stored by itself: nothing is loaded until they are prepared anew."""
    land_two(town)
    late, own = town.pipeline(), town.batch(1)
    late.transform(own.batch_id)
    late.score(own.batch_id)
    town.pipeline().transform("2026-11-20T10:31Z", [town.batch(0)])  # takes the first, and dies
    assert (late.load(own.batch_id)["taken_over"], town.stored()) == (2, set())
    town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)
    assert town.states()[own.batch_id] == "landed"
    assert (late.load(own.batch_id)["updated"], town.states()[own.batch_id]) == (1, "done")
    assert town.pipeline().replay(town.batch(0).minute, town.batch(2).minute, rescore=True)["updated"] == 0


@pytest.mark.parametrize("amount", [10.0, 20.0], ids=["the same body", "another body"])
def test_a_batch_that_was_passed_and_comes_late_gives_the_rows_of_no_delay(town: Town, amount: float) -> None:
    """Time, origin, label and former bodies; what the decision saw is said to be another thing in the docs."""
    land(town, 0, payment(town, 0, "twice", 10.0, is_fraud=1, city="Ulm"))
    land(town, 1, payment(town, 1, "twice", amount, is_fraud=0, city="Ulm"))
    land(town, 2, payment(town, 2, "twice", 30.0, city="Ulm"))
    note_landed(town.pipeline().parts)
    town.pipeline().parts.database.store.mark_failed(town.batch(0), "passed")
    town.pipeline().replay(town.batch(1).minute, town.batch(2).minute)
    late = town.pipeline().replay(town.batch(0).minute, town.batch(3).minute)  # its run ends after the passed one
    assert (late["new"], late["updated"]) == (0, 2)
    passed = outcome(town)
    town.rows("truncate payments_scored, payment_history, labels")
    town.rows("update run_ledger set status = 'landed'")
    town.pipeline().replay(town.batch(0).minute, town.batch(3).minute)
    assert passed == outcome(town)
    assert "10:31:03" in str(passed[0])


def test_an_import_loads_what_waits_before_its_day(town: Town, tmp_path: Path) -> None:
    """A minute that landed before the file is imported is stored first; so it was not seen as a correction."""
    land(town, 0, payment(town, 0, "twice", 10.0))
    assert import_history(town.pipeline().parts, past(town, tmp_path))["new"] == 1
    assert list(town.states().values()) == ["done", "done"]
    assert town.stored() == {"twice", "once"}


def past(town: Town, folder: Path) -> Path:
    """A file with a payment that a minute brings too, and one of its own."""
    rows = [payment(town, 0, "twice", 99.0), payment(town, 0, "once", 7.0)]
    pd.DataFrame(rows).to_parquet(folder / "past.parquet")
    return folder / "past.parquet"


def test_what_lands_while_a_day_is_imported_waits_for_it(town: Town, tmp_path: Path) -> None:
    """Not for one whose import died long ago; that day is imported again under a number of its own."""
    parts = town.pipeline().parts
    town.at(0)
    with pytest.raises(ZeroDivisionError):
        import_history(dying(town), past(town, tmp_path))
    land(town, 1, payment(town, 1, "later", 5.0))
    assert town.pipeline().transform(town.batch(1).batch_id)["batches"] == 0
    town.rows("update run_ledger set claimed_at = claimed_at - interval '3 minutes' where kind = 'history'")
    assert town.run(1)["new"] == 1
    done = import_history(parts, past(town, tmp_path))
    assert (done["new"], done["days"]) == (2, 1)
    assert import_history(parts, past(town, tmp_path))["unchanged"] == 2
    history = [name for name in town.states() if name.startswith("history-")]
    assert (len(history), ".2-" in history[0]) == (1, True)
    assert town.rows(
        "select (select max(landing_seq) from run_ledger where kind = 'minute')"
        " < (select landing_seq from run_ledger where kind = 'history')"
    ) == [(True,)]


def dying(town: Town) -> Any:
    """Parts with which a run dies between its steps."""

    class Dying(Scoring):
        @property
        def scorer(self) -> Any:  # type: ignore[override]
            raise ZeroDivisionError

    parts = town.pipeline().parts
    parts.scoring = Dying(parts.settings, parts.aws, parts.database)
    return parts


# --- runs that end without an answer ----------------------------------------------------------------------------------
def test_a_run_that_was_killed_is_followed_by_half_of_it(town: Town) -> None:
    """Down to a single batch; an error is an answer, and so is what gets through."""
    for number in range(6):
        land(town, number, payment(town, number, f"p{number}", 5.0))
    own = town.batch(5).batch_id  # its runs transform, and are not heard of again
    taken = [town.pipeline(fraud_batches_per_run=4).transform(own)["batches"] for _ in range(4)]
    assert taken == [4, 2, 1, 1]
    town.pipeline(fraud_batches_per_run=4).score(own)
    assert town.pipeline(fraud_batches_per_run=4).load(own)["batches"] == 1
    assert town.pipeline(fraud_batches_per_run=4).transform(own)["batches"] == 1
    with pytest.raises(ZeroDivisionError):
        type(town.pipeline())(dying(town)).score(own)
    assert town.pipeline(fraud_batches_per_run=4).transform(own)["batches"] == 4


def test_memory_that_runs_out_is_no_answer(town: Town) -> None:
    """The next run takes half as many batches."""
    for number in range(4):
        land(town, number, payment(town, number, f"p{number}", 5.0))

    class Full(Scoring):
        @property
        def model(self) -> Any:  # type: ignore[override]
            raise MemoryError

    full = town.pipeline()
    full.parts.scoring = Full(full.parts.settings, full.parts.aws, full.parts.database)
    with pytest.raises(MemoryError):
        full.transform(town.batch(3).batch_id)
    assert town.pipeline(fraud_batches_per_run=4).transform(town.batch(3).batch_id)["batches"] == 2


def test_the_ledger_holds_the_threshold_that_decided(town: Town) -> None:
    """Not the one that is set when load runs."""
    land(town, 0, payment(town, 0, "a", 5.0))
    own = town.batch(0).batch_id
    town.pipeline(fraud_threshold=0.9).transform(own)
    town.pipeline(fraud_threshold=0.9).score(own)
    town.pipeline(fraud_threshold=0.1).load(own)
    assert town.rows("select threshold from run_ledger") == [(0.9,)]
    assert town.rows("select threshold from payments_scored") == [(0.9,)]


# --- the state diagram ------------------------------------------------------------------------------------------------
WATCH = """
    create table changes (was jsonb, becomes jsonb);
    create function note_change() returns trigger language plpgsql security definer as
        $$ begin insert into changes values (to_jsonb(old), to_jsonb(new)); return null; end $$;
    create trigger zz_changes after insert or update or delete on run_ledger
        for each row execute function note_change()
"""


def test_the_state_diagram_is_what_the_pipeline_does(town: Town, tmp_path: Path) -> None:
    """Every change of a batch's state in the ledger is an edge of the diagram, and every edge is seen."""
    town.rows(WATCH)
    loaded_after_an_error(town)
    unreadable_until_the_landing_is_restored(town)
    passed_and_retried(town)
    imported_out_of_turn(town, tmp_path)
    learnt_late(town)
    changes = {(batch_state(was or {}), batch_state(becomes or {})) for was, becomes in town.rows("table changes")}
    assert {(was, becomes) for was, becomes in changes if was != becomes} == set(TRANSITIONS)


def land_garbage(town: Town, number: int) -> None:
    """The n-th minute lands with an answer that is no payments."""
    landing, batch = town.pipeline().parts.files.landing, town.at(number)
    landing.land(batch, Answer(b"<html>", 200, "", town.clock.now()))
    landing.close(batch, now=town.clock.now())


def loaded_after_an_error(town: Town) -> None:
    """Two batches whose score fails once; both are loaded by the same run, one has nothing readable."""
    land(town, 0, payment(town, 0, "p0", 5.0))
    land_garbage(town, 1)
    pipeline, run = town.pipeline(), town.batch(1).batch_id
    pipeline.transform(run)
    with pytest.raises(ZeroDivisionError):
        type(pipeline)(dying(town)).score(run)
    pipeline.score(run)
    pipeline.load(run)
    assert list(town.states().values()) == ["done", "failed"]


def unreadable_until_the_landing_is_restored(town: Town) -> None:
    """A landed batch is missing in the landing; a replay loads it once it is back."""
    pipeline, own = town.pipeline(), town.batch(2)
    land(town, 2, payment(town, 2, "p2", 5.0))
    note_landed(pipeline.parts)
    landing, away = pipeline.parts.settings.fraud_data_dir / "landing", town.folder / "away"
    shutil.copytree(landing, away)
    for part in landing.rglob("1033/*.part"):
        part.unlink()
    for step in (pipeline.transform, pipeline.score, pipeline.load):
        step(own.batch_id)
    assert town.states()[own.batch_id] == "failed"
    shutil.rmtree(landing)
    away.rename(landing)
    assert town.pipeline().replay(own.minute, town.batch(3).minute)["new"] == 1


def passed_and_retried(town: Town) -> None:
    """One batch over which runs die, one that an operator passes; both are retried."""
    land(town, 3, payment(town, 3, "p3", 5.0))
    for _ in range(MAX_LONE_RUNS + 1):
        town.pipeline().transform(town.batch(3).batch_id)
    assert town.states()[town.batch(3).batch_id] == "failed"
    assert retry_batch(town.pipeline().parts, town.batch(3))["new"] == 1
    land_garbage(town, 4)
    pass_batch(town.pipeline().parts, town.batch(4), by="Ada", why="a test")
    retry_batch(town.pipeline().parts, town.batch(4))  # still not readable: it stays passed
    assert town.states()[town.batch(1).batch_id] == "failed"
    pass_batch(town.pipeline().parts, town.batch(1), by="Ada", why="a test")


def imported_out_of_turn(town: Town, folder: Path) -> None:
    """Two days whose import is cut off; a later minute is loaded, so the days are forgotten."""
    parts, lost = town.pipeline().parts, Batch.of_history("abc", town.clock.now().date())
    town.at(5)
    with pytest.raises(ZeroDivisionError):
        import_history(dying(town), past(town, folder))
    parts.files.landing.close(lost, now=town.clock.now())
    note_landed(parts)
    parts.database.store.claim([lost], str(uuid4()))
    town.rows("update run_ledger set claimed_at = claimed_at - interval '3 minutes' where kind = 'history'")
    assert town.run(6)["batches"] == 1
    assert import_history(parts, past(town, folder))["days"] == 1
    assert parts.database.store.forget(lost)


def learnt_late(town: Town) -> None:
    """Minutes that were never asked for, and one whose bytes were purged before the ledger knew it."""
    parts = town.pipeline(payments_api_look_back_minutes=5).parts
    town.pipeline(payments_api_look_back_minutes=5).extract(town.at(20))
    closed = parts.files.landing.completions(parts.database.store.highest_landed_seq())
    purged = max(closed, key=lambda done: done.landing_seq)
    others = [done for done in closed if done != purged]
    parts.database.store.note_landed([replace(purged, status="purged", parts=()), *others])


def test_the_page_draws_the_state_diagram() -> None:
    """docs/landing-order.md has an arrow for each transition, with the same words, and no other."""
    page = (Path(__file__).parents[3] / "docs" / "landing-order.md").read_text()
    drawn = re.findall(r"^    (\S+) --> (\S+)(?:: (.+))?$", page, re.MULTILINE)
    names = {State.UNKNOWN: "[*]"}
    expected = [(names.get(was, was), names.get(then, then), why) for (was, then), why in TRANSITIONS.items()]
    assert sorted(drawn) == sorted(expected)
