"""What somebody did beside the pipeline's own runs stands in audit_events: who, what, when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fraud_scorer.store.audit import actor
from fraud_scorer.use_cases.pipeline.landing_order import pass_batch
from fraud_scorer.use_cases.quarantine.retry import retry_records

Town = Any  # conftest.Town
CARD = "4242" * 4  # passes Luhn's check
EVENTS = "select action, detail from audit_events where action <> 'model change' order by event_id"


def test_each_intervention_is_noted_with_its_login_and_actor(town: Town) -> None:
    """Quarantine dropped and retried, decided anew, a batch passed: one row each, of the login and the user at work."""
    town.order("malformed_rows", params={"reason": "amount_text", "rows": 1})
    town.run(0)
    parts = town.pipeline().parts
    (record,) = parts.database.quarantine.listed()
    retry_records(town.pipeline(), [record["quarantine_id"]])
    parts.database.quarantine.drop([record["quarantine_id"]], reason=None)
    first = town.batch(0).minute
    town.pipeline().replay(first, town.batch(1).minute, rescore=True, dry_run=True)
    town.pipeline().replay(first, town.batch(1).minute, rescore=True)
    town.pipeline().extract(town.at(1))
    pass_batch(town.pipeline().parts, town.batch(1), by="ana", why=f"kills its worker: {CARD}")
    found = town.rows(EVENTS)
    assert [action for action, _ in found] == ["quarantine retry", "quarantine drop", "replay --rescore", "batch pass"]
    assert found[1][1]["records"] == [record["quarantine_id"]]
    assert found[3][1] == {"batch_id": town.batch(1).batch_id, "by": "ana", "why": "kills its worker: ************4242"}
    assert town.rows("select distinct login, actor from audit_events where action <> 'model change'") == [
        ("fraud_writer", actor())
    ]
    assert town.rows("select count(*) from audit_events where at > now() - interval '10 minutes'") == [(5,)]


def test_another_model_notes_itself_once(town: Town, small_model: Path) -> None:
    """The first batch that a model scored, and the first of the next model; not each minute."""
    town.run(0)
    town.run(1)
    (change,) = town.rows("select detail from audit_events where action = 'model change'")
    assert change[0]["before"] is None
    assert change[0]["batch_id"] == town.batch(0).batch_id
    town.rows("update run_ledger set model_hash = 'another' where batch_id = (select max(batch_id) from run_ledger)")
    found = town.rows("select detail ->> 'before' from audit_events where action = 'model change' order by event_id")
    assert found[1] == (change[0]["model_hash"],)
