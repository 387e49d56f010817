"""Two installations on one bucket: one copies at a time, and another machine goes on from what it copied."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from bucket_lab import BATCH, HISTORY, NOW, Handler, Machine, Request, client_behind, markers, minute
from structlog.testing import capture_logs

from fraud_common.errors import LandingError, SettingsError, TransientError
from fraud_scorer.domain.batches import Batch


def test_of_two_installations_at_once_one_copies(machine, stored) -> None:
    """Both close the same minutes and copy at the same moment: one is the bucket's, the other is told what to do."""
    machines = [machine(name) for name in ("one", "two")]
    start = threading.Barrier(2)

    def run(one: Machine) -> str:
        one.land(BATCH, minute(1))
        start.wait()
        try:
            return f"copied {one.replicator.copy()}"
        except SettingsError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(run, machines))
    assert told[1] == "copied 2"
    assert "another installation" in told[0]
    assert "landing rebuild --take-over" in told[0]
    assert len(markers(stored())) == 2
    assert len(stored()) == 1 + 2 * 3
    assert [len(one.replicator.waiting()) for one in machines] in ([0, 2], [2, 0])


def test_the_bucket_keeps_the_first_closing_of_a_batch(machine, stored) -> None:
    """A machine that takes over closed the same minute itself: its parts stand beside the first's, and this is told."""
    one, two = machine("one"), machine("two")
    one.land(BATCH)
    one.replicator.copy()
    before = stored()
    two.land(BATCH, minute(1), now=NOW + timedelta(seconds=30))

    assert two.replicator.restore(take_over=True) == 0
    with capture_logs() as logs:
        assert two.replicator.copy() == 2
    assert [done.batch for done in two.landing.completions()] == [BATCH, minute(1)]
    assert {name: content for name, content in stored().items() if name in before and "writer" not in name} == {
        name: content for name, content in before.items() if "writer" not in name
    }
    assert [line["batch_id"] for line in logs if "another installation's marker" in line["event"]] == [BATCH.batch_id]
    one.land(minute(2))
    with pytest.raises(SettingsError, match="another installation"):
        one.replicator.copy()


def test_a_folder_made_by_hand_in_the_bucket_is_no_batch(machine, gate) -> None:
    """S3's console makes an empty object of it; what is learnt is what was copied."""
    one = machine("one")
    one.land(BATCH)
    one.replicator.copy()
    client_behind(gate.behind).put_object(Bucket="landed", Key="ours/closed/2026-11-20/", Body=b"")
    assert machine("two").replicator.restore(take_over=True) == 1


def test_numbers_go_on_above_the_buckets(machine) -> None:
    """Whatever the new machine's clock says: no number is given again, and each later batch has a higher one."""
    one = machine("one")
    one.land(BATCH, *(minute(n) for n in range(1, 4)), now=NOW + timedelta(hours=1))
    one.replicator.copy()
    two = machine("two")

    assert two.replicator.restore(take_over=True) == 4
    assert two.landing.completions() == one.landing.completions()
    assert two.landing.close(minute(9), now=NOW).landing_seq == one.landing.last_sequence() + 1
    assert two.replicator.copy() == 1


def test_a_number_given_twice_is_told_and_overwrites_nothing(machine) -> None:
    """Two clocks in one second: this machine's batch keeps the number, the other stays in the bucket alone."""
    one, two = machine("one"), machine("two")
    one.land(BATCH, minute(1))
    one.replicator.copy()
    two.land(minute(5))

    with capture_logs() as logs:
        assert two.replicator.restore(take_over=True) == 1
    assert [line["batch_id"] for line in logs] == [BATCH.batch_id]
    assert [done.batch for done in two.landing.completions()] == [minute(5), minute(1)]
    assert two.replicator.copy() == 2  # its own, and what it learnt with a higher number, which is there


def test_a_new_machine_knows_and_reads_what_the_old_one_copied(machine) -> None:
    """The same batches, numbers and bytes; a second time nothing is new; it takes no one's place unasked."""
    one, two = machine("one"), machine("two")
    one.land(BATCH, HISTORY, Batch.of_retry("0123456789ab", history=False), minute(1))
    one.replicator.copy()

    with pytest.raises(SettingsError, match="--take-over"):
        two.replicator.restore()
    assert two.landing.completions() == []
    assert two.replicator.restore(take_over=True) == 4
    assert two.replicator.restore() == 0
    assert two.landing.completions() == one.landing.completions()
    assert two.replicator.waiting() == two.landing.open_batches() == []
    assert two.bodies() == one.bodies()
    assert two.landing.parts(BATCH) == one.landing.parts(BATCH)


def test_a_restore_that_is_cut_goes_on_from_there(machine, gate) -> None:
    """What was learnt before the bucket went away is kept, and the next restore learns the rest."""
    one, two = machine("one"), machine("two")
    one.land(*(minute(n) for n in range(6)))
    one.replicator.copy()
    gate.behaviour = lambda handler, request: "1034" in request.path and handler.error(503, "SlowDown")

    with pytest.raises(TransientError):
        two.replicator.restore(take_over=True)
    assert [done.batch for done in two.landing.completions()] == [minute(n) for n in range(3)]
    gate.behaviour = lambda *_: False
    assert machine("two").replicator.restore() == 3
    assert two.landing.completions() == one.landing.completions()
    assert two.replicator.waiting() == []
    assert two.bodies() == one.bodies()


def test_a_minute_that_lands_during_a_restore_is_copied(machine, gate, stored) -> None:
    """The restore takes a while, and landing does not wait for it."""
    one, two = machine("one"), machine("two")
    one.land(*(minute(n) for n in range(3)))
    one.replicator.copy()

    def land_meanwhile(handler: Handler, request: Request) -> bool:
        if request.path.endswith("/1033") and not two.landing.completion(minute(8)):
            two.land(minute(8), now=NOW - timedelta(hours=1))
        return False

    gate.behaviour = land_meanwhile
    assert machine("two").replicator.restore(take_over=True) == 3
    machine("two").replicator.copy()
    assert minute(8).batch_id in markers(stored())
    assert machine("two").replicator.waiting() == []


def test_what_was_never_copied_is_copied_after_a_restore(machine, stored) -> None:
    """Batches that landed here before it learnt of the bucket's lose nothing by it."""
    one, two = machine("one"), machine("two")
    one.land(minute(2), now=NOW + timedelta(minutes=2))
    one.replicator.copy()
    two.land(BATCH)
    two.land(minute(4), now=NOW + timedelta(minutes=4))

    two.replicator.restore(take_over=True)
    two.replicator.copy()
    assert set(markers(stored())) == {batch.batch_id for batch in (BATCH, minute(2), minute(4))}


def test_altered_objects_are_told_by_name(machine, gate) -> None:
    """A part that was changed in the bucket is not read, and a changed marker is no gap."""
    one, two = machine("one"), machine("two")
    one.land(BATCH)
    one.replicator.copy()
    client = client_behind(gate.behind)
    two.replicator.restore(take_over=True)
    key = next(one["Key"] for one in client.list_objects_v2(Bucket="landed", Prefix="ours/parts")["Contents"])
    client.put_object(Bucket="landed", Key=key, Body=b"nonsense")
    with pytest.raises(LandingError, match=r"0001\.part has an altered header"):
        two.landing.read(BATCH, two.landing.parts(BATCH)[0])
    client.put_object(Bucket="landed", Key="ours/closed/2026-11-20/1031", Body=b"{")
    with pytest.raises(LandingError, match="the marker closed/2026-11-20/1031 is altered"):
        machine("three").replicator.restore(take_over=True)
