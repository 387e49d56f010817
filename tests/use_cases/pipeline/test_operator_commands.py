"""The operator's commands on a running installation, as they are typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from fraud_common.errors import SettingsError
from fraud_scorer.use_cases.housekeeping import rebuild_ledger, run_housekeeping
from fraud_scorer.use_cases.pipeline.landing_order import note_landed

Town = Any  # conftest.Town
Run = Callable[..., Result]
FRAUD_SCORER = str(Path(sys.executable).with_name("fraud-scorer"))


@pytest.fixture
def poisoned(town: Town) -> str:
    """A minute with two records without an amount; the card number of one of them."""
    town.order("malformed_rows", params={"reason": "amount_text", "rows": 2})
    town.run(0)
    landing, batch = town.pipeline().parts.files.landing, town.batch(0)
    split = json.loads(json.loads(landing.read(batch, landing.parts(batch)[0])))
    row = next(row for row in split["data"] if row[split["columns"].index("amt")] == "twelve")
    return str(row[split["columns"].index("cc_num")])


def test_quarantine_is_listed_and_shown_without_card_numbers(poisoned: str, run: Run) -> None:
    """For people as a table, for scripts as JSON; the record as it came, but for the card."""
    assert "2 amount" in run("quarantine", "list").stdout
    lines = json.loads(run("quarantine", "list", "--json", "--last", "1").stdout)
    assert len(lines) == 1
    assert run("quarantine", "list", "--reason", "x").stdout == "no record is open\n"
    number = json.loads(run("quarantine", "list", "--json").stdout)[-1]["quarantine_id"]
    for said in (run("quarantine", "show", str(number)), run("quarantine", "show", str(number), "--json")):
        assert "twelve" in said.stdout
        assert poisoned[-4:] in said.stdout
        assert poisoned not in said.stdout
    with pytest.raises(SettingsError, match="no record 99"):
        run("quarantine", "show", "99")


def test_quarantine_is_retried_and_dropped(poisoned: str, run: Run, town: Town) -> None:
    """What is bad still stays; what was dropped is not tried; a choice is required."""
    numbers = [str(line["quarantine_id"]) for line in json.loads(run("quarantine", "list", "--json").stdout)]
    assert "tried 2, retried 0, still bad 2" in run("quarantine", "retry", "--all").stdout
    assert run("quarantine", "drop", numbers[0]).stdout == "dropped 1\n"
    said = run("quarantine", "retry", numbers[0], "999")
    assert f"record {numbers[0]} was dropped before" in said.stdout
    assert "record 999 does not exist" in said.stdout
    assert json.loads(run("quarantine", "retry", "--all", "--json").stdout)["still_bad"] == 1
    for wrong in (("retry",), ("retry", "1", "--all"), ("drop",)):
        with pytest.raises(SettingsError, match="which records"):
            run("quarantine", *wrong)


def test_refused_and_held_alerts_are_listed_and_queued_again(run: Run, town: Town) -> None:
    """Unchanged, under the same Message-ID."""
    town.run(0)
    town.rows("update outbox set status = 'failed', last_error = '550 [no]'")
    assert "550 [no]" in run("alerts", "list").stdout
    assert run("alerts", "list", "--status", "sent").stdout == "no such message\n"
    assert run("alerts", "retry").stdout == "queued 1\n"
    town.rows("update outbox set status = 'suppressed', last_error = 'flood'")
    assert run("alerts", "retry").stdout == "queued 0\n"
    assert run("alerts", "retry", "--held").stdout == "queued 1\n"
    assert json.loads(run("alerts", "list", "--json").stdout)[0]["status"] == "pending"
    with pytest.raises(SettingsError, match="no such state: lost"):
        run("alerts", "list", "--status", "lost")


def test_labels_are_imported(run: Run, town: Town, tmp_path: Path) -> None:
    """From the command line, too."""
    town.run(0)
    path = tmp_path / "chargebacks.csv"
    path.write_text(f"trans_num,is_fraud,known_at\n{min(town.stored())},1,2026-11-20T23:00:00Z\n")
    assert "imported 1, known before 0" in run("labels", "import", str(path)).stdout
    with pytest.raises(SettingsError, match="--source gossip"):
        run("labels", "import", str(path), "--source", "gossip")


def test_a_lost_database_is_made_again_from_landing(run: Run, town: Town) -> None:
    """The ledger learns every batch that is on disk, and the next runs load them: same scores, same Message-IDs."""
    for number in range(3):
        town.run(number)
    payments = "select trans_num, landing_seq, features::text, raw_score from payments_scored order by trans_num"
    before, states = town.rows(payments), town.states()
    town.rows("truncate payments_scored, merchant_profiles, run_ledger, landing_index, quarantine, outbox,"
              " outbox_payments cascade")  # fmt: skip
    assert "markers 3, waiting 3" in run("landing", "rebuild").stdout
    assert rebuild_ledger(town.pipeline().parts).waiting == 3
    town.run(3)
    assert {name: town.states()[name] for name in states} == states
    assert set(before) <= set(town.rows(payments))
    assert len(set(town.mailbox.message_ids)) == 4


def test_housekeeping_forgets_what_was_kept_long_enough(run: Run, town: Town) -> None:
    """Bytes, records and texts go; decisions, reasons and the order of landing stay; what waits is kept."""
    town.order("malformed_rows", params={"reason": "nan", "rows": 1})
    town.run(0)
    town.pipeline().extract(town.at(1))
    payments, landed = town.stored(), town.pipeline().parts.files.landing.last_sequence()
    later = town.pipeline(fraud_db_url=town.url).parts  # the owner: no other may say how late it is
    assert run_housekeeping(town.pipeline().parts).batches_purged == 0
    note_landed(town.pipeline().parts)
    town.rows("update quarantine set created_at = '2026-11-20'; update outbox set created_at = '2026-11-20'")
    town.clock.at += timedelta(days=32)
    done = run_housekeeping(later)
    assert (done.batches_purged, done.still_waiting, done.records_purged, done.messages_purged) == (1, 1, 1, 1)
    assert not list((town.folder / "landing/parts").rglob("1031/*.part"))
    assert list((town.folder / "landing/parts").rglob("1032/*.part"))
    assert town.rows("select status, length(record) from quarantine") == [("dropped", 0)]
    assert town.rows("select status, content::text from outbox") == [("sent", "{}")]
    assert town.stored() == payments
    assert town.pipeline().parts.files.landing.last_sequence() == landed
    again = run_housekeeping(later)
    assert (again.batches_purged, again.records_purged, again.messages_purged) == (0, 0, 0)
    replayed = town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)
    assert (replayed["minutes"], replayed["not_landed"]) == (0, 1)
    assert "batches purged 0" in run("housekeeping").stdout
    town.clock.at += timedelta(days=731)
    done = run_housekeeping(later)
    assert (done.payments_purged, done.purge_is_done, town.stored()) == (len(payments), True, set())
    assert town.rows("select sum(purged) from purges where what = 'payments'") == [(len(payments),)]


def test_the_watchdog_mails_an_outage_as_a_process_of_its_own(town: Town, tmp_path: Path, nobody_listens: str) -> None:
    """Looking once, with fraud_db gone for a while: one mail; looking again: none more."""
    now = datetime.now(UTC)
    (town.folder / "watch.json").write_text(json.dumps({
        "watching_since": now.isoformat(), "last_look": now.isoformat(), "incidents": {},
        "unreachable_since": (now - timedelta(minutes=2)).isoformat(),
    }))  # fmt: skip
    for _ in range(2):
        done = subprocess.run(
            [FRAUD_SCORER, "watch", "--once"], cwd=tmp_path, capture_output=True, text=True,
            env=os.environ | town.environment() | {"FRAUD_DB_URL": nobody_listens}, check=True,
        )  # fmt: skip
        assert "cannot be reached" in done.stderr
    (text,) = town.mailbox.texts
    assert "Subject: fraud_db cannot be reached" in text
    assert "To: operator@localhost" in text
    assert town.mailbox.message_ids[0].startswith("<watch-database-")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_watchdog_ends_when_told(town: Town, tmp_path: Path, end: signal.Signals) -> None:
    """At once, also in the middle of its pause."""
    command = [FRAUD_SCORER, "watch", "--interval", "600"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ | town.environment()
    ) as process:
        try:
            assert process.stderr is not None
            assert "Watching:" in process.stderr.readline()
            process.send_signal(end)
            assert process.wait(timeout=20) == -end
        finally:
            process.kill()
