"""What must hold after every fault, once it is healed. Each check gives sentences; none means that it holds."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from fault_lab.landed import Delivery, Truth, truth
from fault_lab.world import World

TABLES = ("payments_scored", "payment_history", "labels", "merchant_profiles", "quarantine", "outbox",
          "outbox_payments", "run_ledger", "landing_index")  # fmt: skip
FRESH = timedelta(hours=24)
_LINK = re.compile(r"payment=([0-9a-f]{32})")


def violations(world: World, *, may_repeat: bool = False, may_lose: bool = False) -> list[str]:
    """Everything that does not hold now.

    ``may_repeat``: the fault may have cost a mail server's answer; ``may_lose``: an answer before it landed.
    """
    known = truth(world)
    lost = set(known.handed_out) - known.landed
    return [
        *_unfinished(world),
        *([] if may_lose else _some(lost, "payments were handed out and never landed")),
        *_payments(world, known),
        *_quarantine(world, known),
        *_ledger(world, known),
        *_scores(world),
        *_mails(world, may_repeat),
    ]


def replay_writes(world: World, minutes: int = 10) -> list[str]:
    """What a replay of the last minutes changed: nothing."""
    before = fingerprint(world)
    outcome = world.replay(minutes)
    if outcome.code:
        return [f"the replay failed: {outcome}"]
    done = outcome.results[0]
    changed = [f"a replay has {name} = {done[name]}" for name in ("new", "updated", "mails_queued") if done[name]]
    if fingerprint(world) != before:
        changed.append("a replay changed the tables' hash")
    return changed


def fingerprint(world: World) -> str:
    """One hash over every row of every table, but for who claimed a batch last."""
    lines = [
        world.rows(f"select to_jsonb(t) - 'claim' from {table} as t order by (to_jsonb(t) - 'claim')::text")
        for table in TABLES
    ]
    return hashlib.sha256(json.dumps(lines, sort_keys=True, default=str).encode()).hexdigest()


def _some(found: Iterable[Any], sentence: str) -> list[str]:
    listed = sorted(found, key=str)
    return [f"{len(listed)} {sentence}, e.g. {listed[0]}"] if listed else []


def _unfinished(world: World) -> list[str]:
    return _some(world.waiting(), "things still wait")


def _payments(world: World, known: Truth) -> list[str]:
    """Stored exactly once, as last delivered, at the time first delivered; nothing else is stored."""
    rows = world.rows("select trans_num, amount_cents, event_time from payments_scored")
    stored = {name: (cents, moment) for name, cents, moment in rows}
    expected: dict[str, tuple[int, Any]] = {}
    for one in known.deliveries:
        first = expected.get(one.trans_num, (0, one.event_time))[1]
        expected[one.trans_num] = (one.amount_cents, first)
    return [
        *_some(expected.keys() - stored.keys(), "landed payments are not stored"),
        *_some(stored.keys() - expected.keys(), "stored payments never landed well-formed"),
        *_some(stored.keys() - known.handed_out.keys(), "stored payments were never handed out"),
        *_some(
            (name for name in stored.keys() & expected.keys() if stored[name] != expected[name]),
            "stored payments have another amount or time than was delivered",
        ),
        *(["a payment is stored twice"] if len(rows) != len(stored) else []),
    ]


def _quarantine(world: World, known: Truth) -> list[str]:
    """Exactly the malformed rows and unreadable answers, each at its place."""
    found = set(world.rows("select batch_id, part, row_index from quarantine where status = 'open'"))
    expected = {(batch.batch_id, part, index) for batch in known.batches for part, index, _ in batch.bad}
    return [
        *_some(expected - found, "malformed records are not in quarantine"),
        *_some(found - expected, "records in quarantine are not malformed"),
    ]


def _once(one: Delivery) -> tuple[object, ...]:
    """As what a delivery is counted: a payment by its id, a refund beside it by amount and time too."""
    return (one.trans_num,) if one.amount_cents >= 0 else (one.trans_num, one.amount_cents, one.event_time)


def _ledger(world: World, known: Truth) -> list[str]:
    """Each batch's counts, from the landed bytes."""
    names = ("status", "received", "valid", "quarantined", "inserted", "updated", "unchanged", "events", "flagged",
             "alerted")  # fmt: skip
    lines = {row[0]: dict(zip(names, row[1:], strict=True))
             for row in world.rows(f"select batch_id, {', '.join(names)} from run_ledger")}  # fmt: skip
    wrong = []
    for batch in known.batches:
        line = lines.get(batch.batch_id)
        if line is None:
            wrong.append(f"{batch.batch_id}: no line")
            continue
        valid = len({_once(one) for one in batch.good})
        whole = ("done" if batch.readable else "failed", batch.received, valid, len(batch.bad))
        said = tuple(line[name] for name in ("status", "received", "valid", "quarantined"))
        if said != whole:
            wrong.append(f"{batch.batch_id}: {said} instead of {whole}")
        if line["inserted"] + line["updated"] + line["unchanged"] + line["events"] != line["valid"]:
            wrong.append(f"{batch.batch_id}: new, updated, unchanged and events are not the valid ones")
    stored = world.rows("select count(*) from payments_scored")[0][0]
    inserted = sum(line["inserted"] for line in lines.values())
    alerted = dict(world.rows(
        "select o.batch_id, count(distinct p.trans_num) from outbox as o join outbox_payments as p using (message_id)"
        " where o.status = 'sent' and o.kind = 'alert' group by o.batch_id"))  # fmt: skip
    uncounted = [name for name, line in lines.items() if line["alerted"] != alerted.get(name, 0)]
    return [
        *_some(wrong, "batches are counted wrongly"),
        *([f"the ledger counts {inserted} new payments, {stored} are stored"] if inserted != stored else []),
        *_some(uncounted, "batches have a wrong count of alerted payments"),
    ]


def _scores(world: World) -> list[str]:
    """Every payment that is no refund has the score that its model gives to its stored features; no other score."""
    rows = world.rows(
        "select trans_num, is_refund, raw_score, fraud_probability, scored_by, model_hash, features, flagged, threshold"
        " from payments_scored order by trans_num"
    )
    bare = [row[0] for row in rows if not row[1] and (None in row[2:9] or row[2] != row[2] or row[2] <= 0)]
    refunds = [row[0] for row in rows if row[1] and (row[2] is not None or row[7])]
    wrong, by_model = [], defaultdict(list)
    for row in rows:
        if not row[1] and row[6] is not None:
            by_model[row[5]].append(row)
    models = {hashlib.sha256((one / "manifest.json").read_bytes()).hexdigest(): one for one in world.models}
    for model_hash, scored in by_model.items():
        if model_hash not in models:
            wrong += [f"{row[0]} by an unknown model" for row in scored]
            continue
        raw = _raw_scores(models[model_hash], [row[6] for row in scored])
        wrong += [row[0] for row, score in zip(scored, raw, strict=True) if float(score) != row[2]]
    mistaken = [row[0] for row in rows if not row[1] and None not in row[2:9] and row[7] != (row[3] >= row[8])]
    return [
        *_some(bare, "payments lack a score, or have 0"),
        *_some(refunds, "refunds are scored"),
        *_some(wrong, "scores are not what the recorded model gives"),
        *_some(mistaken, "flags do not follow from probability and threshold"),
    ]


def _raw_scores(model: Path, features: list[list[float]]) -> Any:
    booster = xgboost.Booster(params={"nthread": 1})
    booster.load_model(model / "model.ubj")
    return booster.inplace_predict(np.asarray(features, np.float32)).astype(np.float64)


def _mails(world: World, may_repeat: bool) -> list[str]:
    """Each flagged payment that was fresh stands in an accepted mail; a repeat is the same mail again."""
    accepted = world.mail.accepted
    bodies: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    shown: dict[tuple[str, str], str] = {}
    for mail in accepted:
        bodies[mail.message_id, mail.recipient].add(mail.content)
        shown[mail.message_id, mail.recipient] = mail.text
    written: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, recipient, trans_num in world.rows(
        "select message_id, o.recipient, trans_num from outbox as o left join outbox_payments using (message_id)"
    ):
        written[name, recipient].add(trans_num)
    # before the look-ups below make entries of them
    unknown = {key for key in bodies.keys() - written.keys() if not world.sent_by_watchdog(key[0])}
    listed = {key: set(_LINK.findall(text)) & written[key] for key, text in shown.items()}
    told = Counter((trans_num, recipient) for (_, recipient), names in listed.items() for trans_num in names)
    mentioned = {name for key in shown for name in written[key]}
    incomplete = [key for key, text in shown.items() if len(listed[key]) + _more(text) != len(written[key] - {None})]
    fresh = {name for name, event_time, landed_at in _flagged(world) if landed_at - event_time < FRESH}
    repeats = len(accepted) - len(bodies)
    return [
        *_some(fresh - mentioned, "flagged payments stand in no accepted mail"),
        *_some(incomplete, "mails show or count other payments than the outbox says"),
        *_some((key for key, count in told.items() if count > 1), "payments stand in two different mails"),
        *_some(unknown, "accepted mails are not in the outbox"),
        *_some((key for key, contents in bodies.items() if len(contents) > 1), "mails were repeated with other bytes"),
        *([f"{repeats} mails were repeated"] if repeats and not may_repeat else []),
    ]


def _flagged(world: World) -> list[tuple[str, datetime, datetime]]:
    return world.rows(
        "select p.trans_num, p.event_time, l.landed_at from payments_scored as p join run_ledger as l using (batch_id)"
        " where p.flagged"
    )


def _more(text: str) -> int:
    """A long mail shows ten payments and counts the rest."""
    found = re.search(r"and (\d+) more", text)
    return int(found.group(1)) if found else 0
