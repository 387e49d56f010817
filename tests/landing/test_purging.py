"""Forgetting: copied bytes leave the disk, old ones disk and bucket, and nothing that is the only copy."""

from datetime import timedelta

import pytest
from bucket_lab import BATCH, BODY, HISTORY, NOW, answer, markers, minute
from structlog.testing import capture_logs

from fraud_common.errors import SettingsError, TransientError

REFUSED = b"<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"


def test_copied_bytes_leave_the_disk_and_are_read_from_the_bucket(machine) -> None:
    """After two days; what is not copied stays, and so does what is younger."""
    one = machine()
    old, late = minute(-3 * 1440), minute(-3 * 1440 + 1)
    one.land(old, BATCH)
    one.replicator.copy()
    one.land(late)
    before = one.bodies()

    assert one.replicator.purge(set(), now=NOW, keep_days=30) == 0
    on_disk = {path.parent.name for path in one.landing.places.path.rglob("*.part")}
    assert on_disk == {f"{late.minute:%H%M}", "1031"}
    assert machine().bodies() == before
    assert machine().replicator.copy() == 1


def test_purging_forgets_in_the_bucket_too(machine, stored) -> None:
    """Old finished batches are gone from both; others stay; numbers go on; nobody asks for a purged minute again."""
    one = machine()
    old = [minute(-40 * 1440 + n) for n in range(3)]
    one.land(*old, BATCH)
    one.replicator.copy()
    last = one.landing.last_sequence()

    assert one.replicator.purge({*old[:2], BATCH}, now=NOW, keep_days=30) == 2
    assert set(markers(stored())) == {old[2].batch_id, BATCH.batch_id}
    assert len(stored()) == 1 + 2 * 3
    assert [done.status for done in one.landing.completions()] == ["purged", "purged", "landed", "landed"]
    assert one.landing.parts(old[0]) == []
    assert one.landing.read(old[2], one.landing.parts(old[2])[0]) == BODY + old[2].batch_id.encode()
    assert one.landing.close(minute(1), now=NOW).landing_seq == last + 1


def test_bytes_that_are_here_alone_never_leave_the_disk_unread(machine) -> None:
    """Two machines landed one minute, and the bucket keeps the first's marker: the second's parts are copied too."""
    one, two = machine("one"), machine("two")
    old = minute(-3 * 1440)
    one.land(old)
    one.replicator.copy()
    two.landing.land(old, answer(old, b"what the second machine was given"))
    two.landing.close(old, now=NOW)
    two.replicator.restore(take_over=True)
    before = two.bodies()
    two.replicator.copy()

    two.replicator.purge(set(), now=NOW, keep_days=30)
    assert not list(two.landing.places.path.rglob("*.part"))
    assert two.bodies() == before
    assert before[old.batch_id] == [b"what the second machine was given" + old.batch_id.encode()]


@pytest.mark.parametrize(
    "fault",
    [
        lambda handler: handler.error(503, "SlowDown"),
        lambda handler: handler.error(403, "AccessDenied"),
        lambda handler: handler.answer(200, REFUSED),
    ],
)
def test_what_the_bucket_cannot_forget_now_it_forgets_later(machine, gate, stored, fault) -> None:
    """While it is away, or forbids it, what is too old leaves the disk all the same; the next purge makes up for it."""
    one = machine()
    old = minute(-40 * 1440)
    one.land(old, BATCH)
    one.replicator.copy()
    gate.behaviour = lambda handler, request: request.method == "POST" and fault(handler)
    with pytest.raises((TransientError, SettingsError)):
        one.replicator.purge({old}, now=NOW, keep_days=30)
    assert [path.parent.name for path in one.landing.places.path.rglob("*.part")] == ["1031"] * 2
    assert one.landing.parts(old) == []
    assert old.batch_id in markers(stored())

    gate.behaviour = lambda *_: False
    assert machine().replicator.purge(set(), now=NOW, keep_days=30) == 0
    assert set(markers(stored())) == {BATCH.batch_id}
    assert len(stored()) == 1 + 3


def test_back_at_an_earlier_bucket_it_knows_its_own(machine, stored) -> None:
    """What was purged meanwhile is nobody else's: no other installation is told of, and it is forgotten there."""
    one, elsewhere = machine(), machine(address="s3://landed/elsewhere")
    old = minute(-40 * 1440)
    one.land(old, BATCH)
    one.replicator.copy()
    elsewhere.replicator.copy()
    elsewhere.replicator.purge({old}, now=NOW, keep_days=30)
    assert old.batch_id in markers(stored())

    with capture_logs() as logs:
        assert machine().replicator.copy() == 1
    assert logs == []
    machine().replicator.purge(set(), now=NOW, keep_days=30)
    assert set(markers(stored())) == {BATCH.batch_id}


def test_imported_days_are_forgotten_too(machine, stored) -> None:
    """They have no minute: the second they were closed counts."""
    one = machine()
    one.land(HISTORY, now=NOW - timedelta(days=40))
    one.replicator.copy()
    one.replicator.purge({HISTORY}, now=NOW, keep_days=30)
    assert set(stored()) == {"ours/writer"}


def test_a_machine_that_was_replaced_forgets_nothing_of_the_other(machine, stored) -> None:
    """It copies there no more, and so deletes nothing there."""
    one, two = machine("one"), machine("two")
    old = minute(-40 * 1440)
    one.land(old)
    one.replicator.copy()
    two.replicator.restore(take_over=True)
    before = stored()
    with pytest.raises(SettingsError, match="another installation"):
        one.replicator.purge({old}, now=NOW, keep_days=30)
    assert stored() == before
