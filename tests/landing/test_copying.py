"""Copying closed batches to a bucket: whole, in order, within the time given."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from bucket_lab import BATCH, CIPHER, HISTORY, NOW, answer, markers, minute
from structlog.testing import capture_logs

from fraud_common.errors import LandingError, TransientError
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.landing.files import file_lock
from fraud_scorer.landing.replicator import Replicator


def test_a_closed_batch_is_copied_whole_and_an_open_one_is_not(machine, stored) -> None:
    """Parts as they are on disk, named by their hash, then the marker; a second time there is nothing to do."""
    one = machine()
    one.land(BATCH, HISTORY)
    one.landing.land(minute(1), answer(minute(1)))

    assert one.replicator.waiting() == [BATCH, HISTORY]
    assert one.replicator.uncopied_since() == NOW
    assert one.replicator.copy() == 2
    assert one.replicator.waiting() == []
    assert one.replicator.uncopied_since() is None
    assert machine().replicator.copy() == 0

    kept = stored()
    assert markers(kept) == {done.batch.batch_id: done.landing_seq for done in one.landing.completions()}
    assert len(kept) == 1 + 2 * 3
    assert not any(b"4532015112830366" in content for content in kept.values())


def test_nothing_is_asked_of_the_bucket_to_land_or_when_nothing_waits(machine, gate) -> None:
    """Landing, closing and a run without news make no call."""
    one = machine()
    one.replicator.copy()
    one.land(BATCH)
    one.landing.completions()
    one.bodies()
    assert gate.requests == []


def test_no_time_copies_nothing_and_another_process_is_left_to_it(machine) -> None:
    """What waits then is for the next run."""
    one = machine()
    one.land(BATCH, minute(1))

    assert one.replicator.copy(seconds=0) == 0
    with file_lock(one.landing.places.path / "copying"):
        assert machine().replicator.copy() == 0
    assert len(one.replicator.waiting()) == 2
    assert one.replicator.copy() == 2


def test_a_large_batch_is_copied_over_several_runs_each_part_once(machine, gate, stored) -> None:
    """Twenty parts at a second a call: no call begins after five seconds, and the next run goes on within the batch."""
    one = machine(monotonic=lambda: float(len(gate.requests)))
    for number in range(20):
        one.landing.land(BATCH, answer(BATCH, b"%d" % number))
    one.landing.close(BATCH, now=NOW)
    one.land(minute(1))

    copied = []
    while one.replicator.waiting():
        before = len(gate.requests)
        copied.append(one.replicator.copy(seconds=5))
        assert len(gate.requests) - before <= 5
    written = [request.path for request in gate.requests if request.method == "PUT"]
    assert len(written) == len(set(written)) == 1 + 21 + 3
    assert sum(copied) == 2
    assert len(markers(stored())) == 2


def test_a_call_that_fails_loses_no_part_that_was_copied(machine, gate) -> None:
    """The next run begins with the part that failed."""
    one = machine()
    one.land(BATCH)
    gate.behaviour = lambda handler, request: "/0002-" in request.path and handler.error(503, "SlowDown")
    with pytest.raises(TransientError):
        one.replicator.copy()
    gate.behaviour = lambda *_: False
    gate.requests.clear()

    assert machine().replicator.copy() == 1
    assert [request.path.rpartition("/")[2][:5] for request in gate.requests if request.method == "PUT"] == [
        "0002-", "1031",
    ]  # fmt: skip


class Shelf:
    """A bucket in memory that calls ``looked`` before each call."""

    address = "s3://shelf"

    def __init__(self, looked: Callable[[], None]) -> None:
        self.kept: dict[str, bytes] = {}
        self.looked = looked

    def get(self, key: str) -> bytes | None:
        self.looked()
        return self.kept.get(key)

    def put_once(self, key: str, content: bytes) -> bool:
        self.looked()
        return self.kept.setdefault(key, content) is content


def test_many_batches_are_remembered_in_few_writes(tmp_path) -> None:
    """How far it came goes to disk once for a hundred batches, not once for each."""
    seen = set()
    memory = tmp_path / "copied.json"
    shelf = Shelf(lambda: seen.add(memory.read_bytes()))
    landing = DiskLanding(tmp_path, CIPHER, bucket=shelf)
    for number in range(120):
        landing.close(minute(number), now=NOW, status="missed")

    assert Replicator(landing, shelf).copy() == 120
    assert len(shelf.kept) == 1 + 120
    seen.add(memory.read_bytes())
    assert len(seen) == 3  # who copies; after a hundred; in the end


def test_a_part_lost_from_the_disk_keeps_nothing_from_being_copied(machine, stored) -> None:
    """It is told, and what came after it is safe."""
    one = machine()
    one.land(BATCH, minute(1))
    (one.landing.places.path / one.landing.parts(BATCH)[0].path).unlink()

    with capture_logs() as logs:
        assert one.replicator.copy() == 2
    assert [line["event"] for line in logs] == ["A part was lost before it was copied."]
    with pytest.raises(LandingError, match=r"0001\.part \(on disk and in s3://landed/ours\) is missing"):
        one.landing.read(BATCH, one.landing.parts(BATCH)[0])
    assert one.landing.read(BATCH, one.landing.parts(BATCH)[1]).startswith(b"second")


@pytest.mark.parametrize("name", ["parts/2026-11-20/1031/0001.part", "copied.json"])
def test_what_the_disk_cannot_read_is_told_by_name(machine, name) -> None:
    """As an error of ours, which stops no minute; a folder stands for a broken disk."""
    one = machine()
    one.land(BATCH)
    broken = one.landing.places.path / name
    broken.unlink(missing_ok=True)
    broken.mkdir()
    with pytest.raises(TransientError, match=f"{name} cannot be read: Is a directory"):
        one.replicator.copy()


def test_another_bucket_is_filled_from_the_start(machine, stored) -> None:
    """What was copied to one prefix says nothing of another."""
    one = machine()
    one.land(BATCH)
    one.replicator.copy()
    assert machine(address="s3://landed/theirs/").replicator.copy() == 1
    assert sum(name.startswith("theirs/closed/") for name in stored()) == 1


def test_a_new_bucket_asks_for_nothing_that_is_purged(machine, gate, stored) -> None:
    """Purged minutes have no bytes to copy: they do not wait, and cost no call."""
    one = machine()
    old = [minute(-40 * 1440 + number) for number in range(3)]
    one.land(*old)
    one.replicator.copy()
    one.replicator.purge(old, now=NOW, keep_days=30)
    one.land(BATCH)
    new = machine(address="s3://landed/new").replicator
    gate.requests.clear()

    assert new.waiting() == [BATCH]
    assert new.uncopied_since() == NOW + timedelta(seconds=3)  # its number: the fourth in one second
    assert new.copy() == 1
    assert sum("closed" in request.path for request in gate.requests) == 2
    assert [name for name in stored() if name.startswith("new/closed")] == ["new/closed/2026-11-20/1031"]


def test_every_sign_that_the_setting_allows_is_allowed_in_a_prefix(machine, stored) -> None:
    """Copied, found and purged again below env=prod and its like."""
    prefix = "env=prod/a+b/x@y,z;w:v/it's (1)!*".replace(" ", "-")
    one = machine(address=f"s3://landed/{prefix}")
    old = minute(-40 * 1440)
    one.land(old, BATCH)
    assert one.replicator.copy() == 2
    assert f"{prefix}/closed/2026-11-20/1031" in stored()
    assert one.replicator.purge({old}, now=NOW, keep_days=30) == 1
    assert len(stored()) == 1 + 3
