"""The mail server: down, refusing, cutting; mails accepted whose answer or mark is lost."""

from __future__ import annotations

from fault_lab.fault import Fault, passes, point
from fault_lab.processes import Run
from fault_lab.proxy import Rule
from fault_lab.world import World


def _flagged_minute(world: World) -> None:
    """A minute with something to mail; alert itself never fails a run."""
    for _ in range(8):
        before = world.rows("select count(*) from outbox")[0][0]
        passes(world.minute())
        if world.rows("select count(*) from outbox")[0][0] > before:
            return
    raise AssertionError("nothing was flagged")


def _told(world: World) -> str:
    states = world.rows("select status, count(*), max(last_error) from outbox where status <> 'sent' group by status")
    return "; ".join(f"{count} {status} ({error})" for status, count, error in states) or "all sent"


def _mode(world: World, mode: str, minutes: int) -> str:
    world.smtp.mode = mode
    for outcome in world.minutes(minutes):
        passes(outcome)
    said = _told(world)
    world.smtp.heal()
    return said


def _rule(world: World, rule: Rule) -> str:
    world.smtp.rules = [rule]
    _flagged_minute(world)
    said = _told(world)
    assert rule.struck, "the fault did not strike"
    world.smtp.heal()
    return said


def _refused(world: World, answer: str, where: str) -> str:
    getattr(world.mail, where).append(answer)
    _flagged_minute(world)
    said = _told(world)
    getattr(world.mail, where).clear()
    if answer.startswith("5"):
        assert "failed" in said, said
        world.rows("update outbox set status = 'pending', next_attempt_at = '-infinity' where status = 'failed'")
        return said + "; then `alerts retry`"
    assert "pending" in said or "all sent" in said, said
    return said


def _stopped_before_mark(world: World) -> Run:
    """A run that stands still after the server's yes."""
    for _ in range(8):
        run = world.start(("run_minute", world.next_minute().batch_id), points=[point("outbox.sent:before", "stop")])
        if run.wait_until_stopped():
            return run
    raise AssertionError("nothing was mailed")


def _mark_not_written(world: World) -> str:
    run = _stopped_before_mark(world)
    world.db.mode = "refuse"
    world.db.cut()
    run.resume()
    outcome = run.wait()
    world.db.heal()
    assert outcome.error == "StoreUnavailable", str(outcome)
    return f"accepted, then: {outcome}"


def _sender_paused(world: World) -> str:
    """A sender stands still after the server's yes, for longer than its lease; another takes over."""
    run = _stopped_before_mark(world)
    before = len(world.mail.accepted)
    world.minutes(2)
    run.resume()
    outcome = run.wait()
    passes(outcome)
    repeated = len({mail.message_id for mail in world.mail.accepted[:before]} & {
        mail.message_id for mail in world.mail.accepted[before:]})  # fmt: skip
    assert repeated == 1, repeated
    return "taken over after the lease: one mail twice, same Message-ID; the late sender's mark was refused"


def _slow_and_greylisting(world: World) -> str:
    world.mail.refusals.append("451 greylisted")
    return _mode(world, "slow", 1)


FAULTS = [
    Fault("SMTP: down for an hour", "payments flow on; every mail sent within 3 minutes",
          lambda world: _mode(world, "refuse", 60), slow=True),
    Fault("SMTP: down for three minutes", "payments flow on; every mail sent within 3 minutes",
          lambda world: _mode(world, "refuse", 3)),
    Fault("SMTP: black hole", "given up in bounded time, sent later", lambda world: _mode(world, "black_hole", 2)),
    Fault("SMTP: slow, and 451 to the first mail", "sent", _slow_and_greylisting),
    Fault("SMTP: 4xx to the sender", "kept, sent later", lambda world: _refused(world, "451 later", "sender_refusals")),
    Fault("SMTP: 4xx after DATA", "kept, sent later", lambda world: _refused(world, "452 full", "refusals")),
    Fault("SMTP: 5xx after DATA", "kept as failed, visible; sent on retry",
          lambda world: _refused(world, "550 no such user", "refusals")),
    Fault("SMTP: 421, closing", "kept, sent later", lambda world: _refused(world, "421 closing", "sender_refusals")),
    Fault("SMTP: cut before DATA", "sent later", lambda world: _rule(world, Rule(b"data\r\n", "cut"))),
    Fault("SMTP: cut in the middle of DATA", "sent later, accepted once",
          lambda world: _rule(world, Rule(b"Message-ID: ", "cut_half"))),
    Fault("SMTP: cut after DATA, accepted, answer lost", "repeated: same Message-ID, same bytes",
          lambda world: _rule(world, Rule(b"\r\n.\r\n", "lose_answer")), may_repeat=True),
    Fault("SMTP: accepted, but fraud_db gone before the mark", "repeated: same Message-ID, same bytes",
          _mark_not_written, may_repeat=True),
    Fault("SMTP: sender paused for longer than its lease", "repeated: same Message-ID, one mark", _sender_paused,
          may_repeat=True),
]  # fmt: skip
