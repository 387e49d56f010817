"""A batch over which runs die holds up no other for long, is kept, and is tried again: by itself once, or by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import Result

from fraud_common.errors import SettingsError
from fraud_scorer.use_cases.pipeline.landing_order import pass_batch, retry_batch
from fraud_scorer.use_cases.pipeline.poison_batches import MAX_LONE_RUNS
from fraud_scorer.use_cases.pipeline.replay import replay
from fraud_scorer.use_cases.pipeline.scoring_run import ScoringRun

Town = Any  # conftest.Town
Typed = Callable[..., Result]


def die(town: Town, number: int, **changed: Any) -> int:
    """The n-th minute's run is killed between transform and score; how many batches it had taken."""
    town.pipeline(**changed).extract(town.at(number))
    return int(town.pipeline(**changed).transform(town.batch(number).batch_id)["batches"])


def line(town: Town, number: int, columns: str) -> tuple[Any, ...]:
    """Columns of a minute's line of the ledger."""
    found = town.rows(f"select {columns} from run_ledger where batch_id = '{town.batch(number).batch_id}'")
    return found[0]  # type: ignore[no-any-return]


def killer(town: Town, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a run that prepares this minute dies, as far as one process can show it."""
    real = ScoringRun.transform

    def transform(self: ScoringRun) -> Any:
        if town.batch(number) in [one.batch for one in self._work()]:
            token = "00000000-0000-0000-0000-000000000000"
            self.parts.database.store.claim([one.batch for one in self._work()], token)
            raise SystemExit("killed")
        return real(self)

    monkeypatch.setattr(ScoringRun, "transform", transform)


def test_a_batch_that_kills_is_passed_and_the_others_are_scored(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three lone runs and one between die, the fifth takes the others; it is tried a last time behind them."""
    killer(town, 0, monkeypatch)
    for number in range(5):
        with pytest.raises(SystemExit):
            town.run(number)  # the fifth commits the others before the last try
    assert list(town.states().values()) == ["failed", "done", "done", "done", "done"]
    for number in range(5, 8):
        assert town.run(number)["batches"] == 1
    status, passed_for, error, tried = line(town, 0, "status, passed_for, error, tried_again_at is not null")
    assert (status, passed_for, tried) == ("failed", "lone_runs", True)
    assert "killed, out of memory or time" in error


def test_an_outage_that_kills_every_run_loses_nothing(town: Town) -> None:
    """However many innocent batches were passed meanwhile: the first runs that live load all of them, unasked."""
    for number in range(12):
        die(town, number)
    assert set(town.states().values()) == {"failed", "landed"}
    for number in range(12, 15):
        town.run(number)
    assert set(town.states().values()) == {"done"}
    assert town.stored() == town.handed_out()
    assert town.rows("select count(*) from run_ledger where passed_for is not null or lone_unanswered > 0") == [(0,)]


def test_passed_batches_are_loaded_late_as_if_in_turn(town: Town) -> None:
    """Their payments have the times and counts of a load in order; a replay writes nothing."""
    for number in range(6):
        die(town, number)
    for number in range(6, 9):
        town.run(number)
    assert set(town.states().values()) == {"done"}
    before = town.fingerprint()
    replay(town.pipeline().parts, town.batch(0).minute, town.batch(9).minute)
    assert town.fingerprint() == before
    assert town.rows("select count(*) from payments_scored where first_batch_id <> batch_id") == [(0,)]


def test_a_batch_is_taken_alone_once_two_runs_died_over_it(town: Town) -> None:
    """One death is anybody's; from the second on each tells about this batch, whatever waits behind it."""
    assert [die(town, number) for number in range(5)] == [1, 2, 1, 1, 4]


def test_among_many_the_one_that_kills_is_found_by_halves(town: Town) -> None:
    """Runs of many, of half as many, of one: then it is alone, and passed after three of those."""
    for number in range(7):
        town.pipeline().extract(town.at(number))
    taken = [die(town, 7, fraud_batches_per_run=8) for _ in range(6)]
    assert taken == [8, 4, 2, 1, 1, 1]
    assert die(town, 7, fraud_batches_per_run=8) == 7
    assert line(town, 0, "status") == ("failed",)


def test_one_answer_forgives_the_runs_before(town: Town, nobody_listens: str) -> None:
    """A run that ends by an error of the store's, told or not, lived."""
    for _ in range(MAX_LONE_RUNS - 1):
        die(town, 0)
    pipeline = town.pipeline()
    pipeline.score(town.batch(0).batch_id)
    with pytest.raises(Exception, match="cannot be reached"):
        town.pipeline(fraud_db_url=nobody_listens).load(town.batch(0).batch_id)
    die(town, 0)
    assert line(town, 0, "status, lone_unanswered") == ("landed", 1)


def test_somebody_retries_a_passed_batch(town: Town) -> None:
    """It is loaded here and now, and nothing is left that says it was passed."""
    town.run(0)
    for _ in range(MAX_LONE_RUNS):
        die(town, 1)  # tries of one run: nothing else waits
    town.pipeline().transform(town.batch(1).batch_id)
    assert line(town, 1, "status") == ("failed",)
    assert retry_batch(town.pipeline().parts, town.batch(1))["new"] > 0
    assert line(town, 1, "status, passed_for, error") == ("done", None, None)
    assert town.stored() == town.handed_out()
    with pytest.raises(SettingsError, match="fraud-scorer replay"):
        retry_batch(town.pipeline().parts, town.batch(1))


def test_somebody_passes_a_waiting_batch(town: Town) -> None:
    """Who and why stand in the ledger; nothing takes it up again but their word."""
    town.pipeline().extract(town.at(0))
    pass_batch(town.pipeline().parts, town.batch(0), by="Ada", why="a test file")
    for number in range(1, 4):
        town.run(number)
    assert line(town, 0, "status, passed_for, passed_by, error") == (
        "failed",
        "hand",
        "Ada",
        "passed by Ada: a test file",
    )
    retry_batch(town.pipeline().parts, town.batch(0))
    assert town.stored() == town.handed_out()


@pytest.mark.parametrize("passed_for", ["hand", "lone_runs"])
def test_a_passed_batch_is_not_taken_again_by_its_own_run(town: Town, passed_for: str) -> None:
    """Neither by a try of the live run nor by one of an old run; by a backfill, and then nothing says it was passed."""
    pipeline, own = town.pipeline(), town.batch(0)
    pipeline.extract(town.at(0))
    pass_batch(pipeline.parts, own, by="Ada", why="it kills")
    town.rows(f"update run_ledger set passed_for = '{passed_for}'")
    assert pipeline.transform(own.batch_id)["batches"] == 0
    assert pipeline.transform(own.batch_id, [own], False)["batches"] == 0
    assert pipeline.transform(own.batch_id, [own])["batches"] == 1
    pipeline.score(own.batch_id, [own])
    pipeline.load(own.batch_id, [own])
    assert line(town, 0, "status, passed_for, passed_by, passed_at") == ("done", None, None, None)


def test_an_old_run_repeats_what_was_loaded(town: Town) -> None:
    """A cleared run of a loaded minute works on it as before."""
    town.run(0)
    assert town.pipeline().transform(town.batch(0).batch_id, [town.batch(0)], False)["batches"] == 1


def test_retry_loads_what_landed_before_first(town: Town) -> None:
    """A waiting batch has its turn."""
    for number in range(2):
        town.pipeline().extract(town.at(number))
    retry_batch(town.pipeline().parts, town.batch(1))
    assert list(town.states().values()) == ["done", "done"]


def test_what_is_no_waiting_batch_is_neither_passed_nor_retried(town: Town) -> None:
    """An unknown one, a loaded one, an imported day: each with what to do instead."""
    town.run(0)
    town.rows("insert into run_ledger (batch_id, kind, status, landing_seq)"
              " values ('history-abc-2026-11-01', 'history', 'landed', 3)")  # fmt: skip
    parts, later = town.pipeline().parts, town.batch(0).minute + timedelta(hours=1)
    for batch, cure in [
        (town.batch(0), "fraud-scorer replay"),
        (type(town.batch(0)).of_minute(later), "batch list"),
        (type(town.batch(0)).of_id("history-abc-2026-11-01"), "history import"),
    ]:
        acts = (lambda: pass_batch(parts, batch, by="Ada", why="no"), lambda: retry_batch(parts, batch))  # noqa: B023
        for act in acts:
            with pytest.raises(SettingsError, match=cure):
                act()


def test_the_desk_lists_passes_and_retries(town: Town, run: Typed) -> None:
    """For people as a table, for scripts as JSON: state, size, what runs met; then by hand, with who and why."""
    for _ in range(MAX_LONE_RUNS):
        die(town, 0)
    die(town, 1)
    listed = json.loads(run("batch", "list", "--json").stdout)
    assert [one["state"] for one in listed] == ["waits", "passed"]
    assert listed[1]["byte_count"] > 0
    assert (listed[1]["attempts"], listed[1]["lone_unanswered"], listed[1]["passed_for"]) == (3, 3, "lone_runs")
    waits, passed = (town.batch(number).batch_id for number in (1, 0))
    run("batch", "pass", waits, "--why", "not now", "--by", "Ada")
    table = run("batch", "list").stdout
    assert "passed by Ada: not now" in table
    assert "killed, out of memory or time" in table
    for name in (passed, waits):
        assert "new" in run("batch", "retry", name).stdout
    assert run("batch", "list").stdout == "nothing waits, and nothing has failed\n"
    with pytest.raises(SettingsError, match="--why is empty"):
        run("batch", "pass", waits, "--why", " ")
