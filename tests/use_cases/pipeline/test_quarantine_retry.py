"""Records that could not become payments, tried again once their cause is mended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from fraud_common.errors import TransientError
from fraud_scorer.ingest import field_map as fields
from fraud_scorer.ingest.tables import Table
from fraud_scorer.use_cases.quarantine.retry import retry_records

Town = Any  # conftest.Town
FieldMap = Callable[[str], Path]


def test_a_wrong_field_map_is_mended_and_its_records_come_in(town: Town, field_map: FieldMap) -> None:
    """They are scored, mailed and marked; under a landing sequence of their own, later than all before."""
    town.run(0, payments_api_fields=field_map("state: amt"))
    town.run(1)
    bad = town.rows("select count(*) from quarantine where status = 'open'")[0][0]
    assert 0 < bad < len(town.handed_out())
    town.clock.sleep(5)
    done = retry_records(town.pipeline())
    assert (done.tried, done.retried, done.new, done.still_bad, done.problems) == (bad, bad, bad, 0, [])
    assert done.mails_queued == 1
    assert town.stored() == town.handed_out()
    assert town.rows("select distinct status from quarantine") == [("retried",)]
    ((batch_id, first, kind),) = town.rows(
        "select batch_id, landing_seq, kind from run_ledger order by landing_seq desc limit 1"
    )
    assert (kind, town.rows(f"select count(*) from payments_scored where first_landing_seq = {first}")) == (
        "retry", [(bad,)],
    )  # fmt: skip
    town.pipeline().alert(batch_id)
    assert len(town.mailbox.message_ids) == 2


def test_trying_again_changes_nothing(town: Town, field_map: FieldMap) -> None:
    """Neither another retry, nor a replay of the minute they came from, nor a rescore of the time of the retry."""
    town.run(0, payments_api_fields=field_map("state: amt"))
    retry_records(town.pipeline())
    before, count = town.fingerprint(), len(town.stored())
    assert retry_records(town.pipeline()).tried == 0
    town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)
    assert town.fingerprint() == before
    town.rows("update run_ledger set landed_at = '2026-11-20T10:32:01Z' where kind = 'retry'")
    done = town.pipeline(fraud_threshold=0.5).replay(town.batch(0).minute, town.batch(2).minute, rescore=True)
    assert (done["minutes"], done["updated"]) == (1, count)


def test_what_is_bad_still_stays_with_the_reason_it_has_now(town: Town, field_map: FieldMap) -> None:
    """Two poisoned records among good ones: the others come in, these stay open, and no second record is made."""
    town.order("malformed_rows", params={"reason": "nan", "rows": 2})
    town.run(0, payments_api_fields=field_map("state: amt"))
    bad = town.rows("select count(*) from quarantine")[0][0]
    done = retry_records(town.pipeline())
    assert (done.retried, done.still_bad) == (bad - 2, 2)
    assert town.rows("select status, count(*) from quarantine group by status order by status") == [
        ("open", 2), ("retried", bad - 2),
    ]  # fmt: skip
    assert town.rows("select distinct reason from quarantine where status = 'open'") == [("amount_not_finite",)]
    assert retry_records(town.pipeline()).still_bad == 2
    assert len(town.rows("select 1 from run_ledger")) == 2


def test_single_records_and_reasons_can_be_chosen(town: Town, field_map: FieldMap) -> None:
    """What was not named stays open; a number that is not open is not tried."""
    town.run(0, payments_api_fields=field_map("state: amt"))
    numbers = [number for (number,) in town.rows("select quarantine_id from quarantine order by 1")]
    ((reason,),) = town.rows("select distinct reason from quarantine")
    assert retry_records(town.pipeline(), numbers[:2]).retried == 2
    assert retry_records(town.pipeline(), numbers[:3]).retried == 1
    assert retry_records(town.pipeline(), reason="no_such_reason").tried == 0
    assert town.pipeline().parts.database.quarantine.drop([numbers[3]]) == 1
    assert retry_records(town.pipeline(), reason=reason).retried == len(numbers) - 4
    assert town.rows("select status from quarantine where status <> 'retried'") == [("dropped",)]


def test_an_answer_that_could_not_be_read_is_replayed_from_landing(town: Town, field_map: FieldMap) -> None:
    """Its batch had failed; with the key back it is done, at its own place in the order of landing."""
    another = Fernet.generate_key().decode()
    town.pipeline().extract(town.at(0))
    town.run(1, fraud_landing_keys=another)
    states = list(town.states().values())
    assert states == ["failed", "done"]
    both = f"{town.settings().fraud_landing_keys.get_secret_value()},{another}"
    done = retry_records(town.pipeline(fraud_landing_keys=both))
    assert (done.tried, done.retried) == (1, 1)
    assert list(town.states().values()) == ["done", "done"]
    assert town.stored() == town.handed_out()


@pytest.mark.parametrize("dies", ["score", "load", "mark"])
def test_a_retry_that_dies_is_finished_by_the_next(town: Town, field_map: FieldMap, dies: str) -> None:
    """Wherever it ends: the same command again finishes it, and nothing is stored or mailed twice."""
    town.run(0, payments_api_fields=field_map("state: amt"))
    pipeline = town.pipeline()

    class Died(Exception):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    part, method = {
        "score": (pipeline.parts.scoring.scorer, "score"),
        "load": (pipeline.parts.database.store, "load"),
        "mark": (pipeline.parts.database.quarantine, "mark_retried"),
    }[dies]
    setattr(part, method, die)
    with pytest.raises(Died):
        retry_records(pipeline)
    done = retry_records(town.pipeline())
    assert done.still_bad == 0
    assert town.stored() == town.handed_out()
    assert town.rows("select distinct status from quarantine") == [("retried",)]
    assert list(town.states().values()) == ["done", "done"]
    town.run(1)
    assert len(town.mailbox.message_ids) == 2


def test_a_live_run_loads_a_retry_that_died(town: Town, field_map: FieldMap) -> None:
    """It waits like any landed batch; the record is marked by the next retry."""
    town.run(0, payments_api_fields=field_map("state: amt"))
    pipeline = town.pipeline()
    pipeline.parts.files.stage.begin = _stop
    with pytest.raises(KeyboardInterrupt):
        retry_records(pipeline)
    assert town.run(1)["batches"] == 2
    assert town.stored() == town.handed_out()
    before = len(town.rows("select 1 from run_ledger"))
    assert retry_records(town.pipeline()).new == 0
    assert town.rows("select distinct status from quarantine") == [("retried",)]
    assert len(town.rows("select 1 from run_ledger")) == before


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_two_retries_at_once_store_once(town: Town, field_map: FieldMap) -> None:
    """One may be told to come again; together they give one result."""
    town.run(0, payments_api_fields=field_map("state: amt"))
    faults: list[BaseException] = []

    def once() -> None:
        try:
            retry_records(town.pipeline())
        except TransientError:
            pass
        except BaseException as fault:  # told to the test
            faults.append(fault)

    threads = [threading.Thread(target=once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    retry_records(town.pipeline())
    assert faults == []
    assert town.stored() == town.handed_out()
    assert town.rows("select distinct status from quarantine") == [("retried",)]
    assert len(town.states()) == 2


def test_a_record_that_breaks_our_reading_holds_up_no_other(town: Town, field_map: FieldMap) -> None:
    """Where reading them together fails, each is read by itself: the one that breaks it stays."""
    town.run(0, payments_api_fields=field_map("state: amt"))
    bad = len(town.rows("select 1 from quarantine"))
    pipeline = town.pipeline()
    breaks = BreaksAt(min(town.handed_out() - town.stored()))
    pipeline.parts.source.transform_config = replace(pipeline.parts.source.transform_config, fields=breaks)
    done = retry_records(pipeline)
    assert (done.retried, done.still_bad) == (bad - 1, 1)
    assert town.rows("select reason from quarantine where status = 'open'") == [("reading_failed",)]
    assert retry_records(town.pipeline()).retried == 1


class BreaksAt(fields.FieldMap):
    """Reads everything but one payment."""

    def __init__(self, trans_num: str) -> None:
        super().__init__()
        object.__setattr__(self, "trans_num", trans_num)

    def apply(self, table: Table) -> dict[str, list[object]]:
        found = super().apply(table)
        if self.trans_num in found["trans_num"]:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return found
