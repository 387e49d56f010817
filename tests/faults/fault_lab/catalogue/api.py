"""The payments API: refused, slow, cut, spoilt, repeated, corrected, late, poisoned."""

from __future__ import annotations

from fault_lab.fault import Fault, fails, passes
from fault_lab.world import MOST_API_BYTES, World

from payments_simulator.api.malformed_rows import REASONS


def _one(world: World, kind: str, **fault: object) -> str:
    """The fault in the minute's first answer (or as many as ``count`` says)."""
    before = len(world.api.handed_out())
    world.api.order(kind, **fault)  # type: ignore[arg-type]
    outcome = world.minute()
    world.api.clear()
    struck = [answer for answer in world.api.handed_out()[before:] if kind in answer["faults"]]
    assert struck, "the fault did not strike"
    asked = len(world.api.handed_out()) - before
    assert outcome.error in (None, "ApiUnavailable"), str(outcome)
    return f"{asked} answers asked for; run: {outcome.error or 'done'}"


def _twice(world: World, kind: str, **fault: object) -> str:
    """The fault needs an answer before it: two minutes."""
    passes(world.minute())
    return _one(world, kind, **fault)


def _lasting(world: World, kind: str, minutes: int) -> str:
    world.api.order(kind, count=None)
    for outcome in world.minutes(minutes):
        fails(outcome, "ApiUnavailable")
    world.api.clear()
    return f"{minutes} runs said ApiUnavailable"


def _maintenance(world: World) -> str:
    """Pages of HTML with status 200 for minutes: five answers of the first are taken, one of each later."""
    world.settings["payments_api_budget_seconds"] = 20.0
    world.api.order("html_page", count=None)
    for outcome in world.minutes(3):
        fails(outcome, "AnswersUnreadable")
    world.api.clear()
    world.settings["payments_api_budget_seconds"] = 5.0
    return "3 runs said that the answers cannot be read"


def _poison(world: World) -> str:
    for reason in REASONS:
        world.api.order("malformed_rows", params={"reason": reason, "rows": 1})
        passes(world.minute())
    found = [row[0] for row in world.rows("select distinct reason from quarantine order by 1")]
    return f"{len(REASONS)} poisoned rows in as many minutes; reasons: {', '.join(found)}"


def _all_poison(world: World) -> str:
    world.api.order("malformed_rows", params={"reason": "amount_text", "rows": 10_000})
    passes(world.minute())
    return "no good row in the minute: " + str(world.rows(
        "select status, received, quarantined from run_ledger order by landing_seq desc limit 1")[0])  # fmt: skip


def _everything_at_once(world: World) -> str:
    passes(world.minute())
    for kind in ("duplicate_rows", "out_of_order", "same_id_other_body", "refunds", "wrong_content_type"):
        world.api.order(kind)
    return passes(world.minute())


def _corrections_far_back(world: World) -> str:
    """The same page, corrected, comes again after it was loaded; then a replay of its first landing changes nothing."""
    passes(world.minute())
    world.api.order("same_id_other_body", params={"rows": 4})
    passes(world.minute())
    updated = world.rows("select sum(updated) from run_ledger")[0][0]
    assert updated == 4, updated
    passes(world.replay(10))
    return f"{updated} payments corrected, their first bodies kept in the history, no replay undoes them"


def _fault(name: str, expected: str, kind: str, **fault: object) -> Fault:
    return Fault(f"API: {name}", expected, lambda world: _one(world, kind, **fault))


AGAIN = "asked again; nothing made up"
FAULTS = [
    _fault("429 with Retry-After", AGAIN, "status_429"),
    _fault("429 to every call of a minute", "asked for by a later run", "status_429", count=50),
    _fault("500", AGAIN, "status_500"),
    _fault("500 to every call of a minute", "asked for by a later run", "status_500", count=50),
    _fault("503 with Retry-After 4", AGAIN, "status_503", params={"retry_after": 4}),
    _fault("slow first byte", "given up at the limit, asked again", "slow_first_byte"),
    _fault("slow body", "given up at the limit, asked again", "slow_body"),
    _fault("truncated JSON", "landed, quarantined whole, asked again", "truncated_json"),
    _fault("empty body", "landed, quarantined whole, asked again", "empty_body"),
    _fault("empty list", "believed: a minute without payments", "empty_list"),
    _fault("page of HTML", "landed, quarantined whole, asked again", "html_page"),
    _fault("fewer bytes than announced", "landed as truncated, asked again", "short_body"),
    _fault("cut before the answer", AGAIN, "connection_cut"),
    _fault("cut after its head", AGAIN, "connection_cut", params={"after": "headers"}),
    _fault("cut in its body", "landed as truncated, asked again", "connection_cut", params={"after": "body"}),
    _fault("wrong content type", "read all the same", "wrong_content_type"),
    _fault(f"body of 1 GB (streamed; hung up at {MOST_API_BYTES // 1_000_000} MB)", AGAIN, "huge_body",
           params={"megabytes": 1000}),
    _fault("ragged row", "landed, quarantined whole, asked again", "ragged_row"),
    _fault("column twice", "landed, quarantined whole, asked again", "duplicate_column"),
    _fault("column missing", "each row in quarantine, for a field map to mend", "missing_column"),
    _fault("rows twice in one answer", "stored once, counted", "duplicate_rows"),
    _fault("rows out of order", "stored as they are", "out_of_order"),
    _fault("late payments", "stored with the answer that brings them", "late"),
    _fault("refunds", "stored, not scored", "refunds", params={"rows": 3}),
    Fault("API: page repeated", "counted as unchanged", lambda world: _twice(world, "page_repeated")),
    Fault("API: same id with another body", "corrected, the first body in the history", _corrections_far_back),
    Fault("API: many kinds in one answer", "each handled", _everything_at_once),
    Fault("API: poison records, one kind a minute", "each in quarantine with its reason, the rest loaded", _poison,
          slow=True),
    Fault("API: nothing but poison", "all in quarantine, the batch done without a payment", _all_poison),
    Fault("API: maintenance page for three minutes", "the minutes asked for when it is back", _maintenance),
    Fault("API: down for six minutes", "the minutes asked for when it is back",
          lambda world: _lasting(world, "status_503", 6)),
]  # fmt: skip
