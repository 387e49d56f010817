"""A minute once, and then again and again: the same rows, no second mail."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fraud_common.errors import Fenced

Town = Any  # conftest.Town


def test_a_minute_becomes_rows_and_one_mail(town: Town) -> None:
    """Every payment that the API gave is stored, scored, flagged at threshold 0, and stands in one digest."""
    done = town.run(0)
    assert town.stored() == town.handed_out()
    assert (done["new"], done["flagged"], done["mails_sent"]) == (len(town.stored()), len(town.stored()), 1)
    assert len(town.mailbox.message_ids) == 1
    assert town.rows("select status, received, inserted, flagged, alerted from run_ledger") == [
        ("done", done["new"], done["new"], done["new"], done["new"])
    ]
    assert town.rows("select count(*) from payments_scored where fraud_probability is null or reasons is null") == [
        (0,)
    ]


def test_replaying_three_times_changes_nothing(town: Town) -> None:
    """Neither a row of any table nor the mailbox; the API is not asked again."""
    for number in range(3):
        town.run(number)
    before, answers = town.fingerprint(), town.handed_out()
    for _ in range(3):
        done = town.pipeline().replay(town.batch(0).minute, town.batch(3).minute)
        assert (done["minutes"], done["new"], done["updated"], done["mails_queued"]) == (3, 0, 0, 0)
        assert done["unchanged"] == done["payments"] == len(answers)
    assert town.run(2)["new"] == 0
    assert town.fingerprint() == before
    assert town.handed_out() == answers
    assert len(town.mailbox.message_ids) == len(set(town.mailbox.message_ids)) == 3


def test_a_plain_replay_mends_what_a_wrong_field_map_read(town: Town, tmp_path: Path) -> None:
    """Another body is an update whose former one is kept, at the event time that is stored; nobody is mailed twice."""
    fields = tmp_path / "fields.yaml"
    fields.write_text("state: city\nzip: trans_date_trans_time")
    stored = "select city = state, event_time from payments_scored order by trans_num"
    wrong = town.run(0, payments_api_fields=fields)["new"]
    before = town.rows(stored)

    done = town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)

    assert (done["updated"], done["new"]) == (wrong, 0)
    assert town.rows(stored) == [(False, event_time) for _, event_time in before]
    assert {same for same, _ in before} == {True}
    assert town.rows("select count(*) from payment_history") == [(wrong,)]
    assert len(town.mailbox.message_ids) == 1


def test_rescoring_keeps_the_old_decision_and_mails_nobody_twice(town: Town) -> None:
    """Another threshold decides anew; who was told of a payment is not told again; a dry run writes nothing."""
    town.run(0)
    count, before = len(town.stored()), town.fingerprint()
    again = town.pipeline(fraud_threshold=0.000001)
    dry = again.replay(town.batch(0).minute, town.batch(1).minute, rescore=True, dry_run=True)
    assert (dry["updated"], dry["flag_changes"]) == (count, 0)
    assert town.fingerprint() == before
    done = again.replay(town.batch(0).minute, town.batch(1).minute, rescore=True)
    assert (done["updated"], done["mails_queued"]) == (count, 0)
    assert town.rows("select distinct threshold from payments_scored") == [(0.000001,)]
    assert town.rows("select count(*), min(why), max(was ->> 'threshold') from payment_history") == [
        (count, "rescore", "0")
    ]
    same = again.replay(town.batch(0).minute, town.batch(1).minute, rescore=True)
    assert (same["updated"], same["unchanged"]) == (0, count)


@pytest.mark.parametrize("rescore", [False, True])
def test_two_replays_at_once_give_one_result(town: Town, rescore: bool) -> None:
    """No deadlock, no double: what one wrote the other leaves."""
    for number in range(3):
        town.run(number)
    before, count = town.fingerprint(), len(town.stored())
    results, faults = _at_once(town, 3, rescore=rescore, fraud_threshold=0.5 if rescore else 0.0)
    assert faults == []
    assert len(results) == 3
    assert len(town.stored()) == count
    if rescore:
        assert town.rows("select distinct threshold from payments_scored") == [(0.5,)]
        assert town.rows("select count(*) from payment_history") == [(count,)]
    else:
        assert town.fingerprint() == before
    assert len(town.mailbox.message_ids) == 3


def _at_once(town: Town, runners: int, *, rescore: bool, **changed: Any) -> tuple[list[Any], list[BaseException]]:
    results: list[Any] = []
    faults: list[BaseException] = []
    ready = threading.Barrier(runners)

    def replay() -> None:
        pipeline = town.pipeline(**changed)
        ready.wait()
        try:
            results.append(pipeline.replay(town.batch(0).minute, town.batch(3).minute, rescore=rescore))
        except Fenced as taken:
            results.append(taken)
        except BaseException as fault:  # told to the test
            faults.append(fault)

    threads = [threading.Thread(target=replay) for _ in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, faults


def test_a_minute_of_the_future_or_a_gap_is_no_error(town: Town) -> None:
    """Minutes that never landed are counted, and passed."""
    town.run(0)
    done = town.pipeline().replay(town.batch(0).minute - timedelta(minutes=5), town.batch(3).minute)
    assert (done["minutes"], done["not_landed"]) == (1, 7)
