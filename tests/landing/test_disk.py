"""Landing on disk: whole or not there, numbered once, closed once."""

import fcntl
import multiprocessing
import os
import threading
from datetime import date, timedelta

from disk_lab import BATCH, BODY, KEY, NEXT, NOW, answer, files

from fraud_scorer.domain.batches import Batch, parse_minute
from fraud_scorer.ingest.sensitive_data import SensitiveFields
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.landing.files import as_purged

HISTORY = Batch.of_history("0123456789ab", date(2026, 11, 1))


def test_a_landed_answer_comes_back_as_received(landing):
    """The bytes, their hash and what was said with them; parts are numbered from 1."""
    part = landing.land(BATCH, answer(truncated=True))
    second = landing.land(BATCH, answer(b"more", http_status=204))

    assert landing.parts(BATCH) == [part, second]
    assert (part.number, part.byte_count, part.truncated, part.received_at) == (1, len(BODY), True, NOW)
    assert (second.number, second.http_status) == (2, 204)
    assert [landing.read(BATCH, one) for one in (part, second)] == [BODY, b"more"]


def test_no_card_number_stands_on_the_disk(landing, folder):
    """Neither files nor names hold anything of the body, and only the owner reads them."""
    landing.land(BATCH, answer())
    part = folder / landing.parts(BATCH)[0].path

    assert b"4532015112830366" not in part.read_bytes()
    assert part.stat().st_mode & 0o077 == 0


def test_a_servers_header_brings_no_text_to_the_disk(landing, folder):
    """A card number in the Content-Type: the media type alone is kept, beside the body and in the marker."""
    landing.land(BATCH, answer(content_type="application/json; charset=4532015112830366"))
    landing.land(BATCH, answer(content_type="4532015112830366/json"))
    landing.close(BATCH, now=NOW)

    assert [part.content_type for part in landing.parts(BATCH)] == ["application/json", ""]
    assert not [name for name in files(folder) if b"4532015112830366" in (folder / name).read_bytes()]


def test_closing_gives_the_sequence_and_is_idempotent(landing):
    """Epoch seconds at first; closing again changes nothing; each later one is higher, though the clock went back."""
    landing.land(BATCH, answer())
    first = landing.close(BATCH, now=NOW, notes=["10:32:01 refused"])

    assert first.landing_seq == int(NOW.timestamp())
    assert landing.close(BATCH, now=NOW + timedelta(hours=1), status="missed") == first == landing.completion(BATCH)
    assert landing.close(NEXT, now=NOW - timedelta(minutes=10), status="missed").landing_seq == first.landing_seq + 1
    assert landing.close(HISTORY, now=NOW).landing_seq == first.landing_seq + 2
    assert first.notes == ("10:32:01 refused",)
    assert [part.number for part in first.parts] == [1]


def test_the_index_can_be_rebuilt_from_the_files(landing, folder):
    """A fresh process that knows nothing lists every marker, in order, with its parts."""
    for batch in (NEXT, BATCH, HISTORY):
        landing.land(batch, answer())
        landing.close(batch, now=NOW)
    fresh = DiskLanding(folder, Cipher.from_setting(KEY))

    rebuilt = fresh.completions()

    assert [completion.batch for completion in rebuilt] == [NEXT, BATCH, HISTORY]
    assert all(list(completion.parts) == fresh.parts(completion.batch) for completion in rebuilt)
    assert fresh.completions(after_seq=rebuilt[1].landing_seq) == rebuilt[2:]


def test_the_index_is_read_between_two_closings_and_never_during_one(landing, folder):
    """Whoever saw a later number without an earlier one would ask only for what is later still."""
    landing.close(BATCH, now=NOW)
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(landing.completions()))
    with (folder / "lock").open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        reader.start()
        reader.join(0.3)
        assert reader.is_alive()
    reader.join(10)
    assert [done.batch for done in seen] == [BATCH]


def test_open_batches_have_parts_and_no_marker(landing):
    """Oldest first; neither a closed batch nor a bare lock is open."""
    for batch in (NEXT, BATCH):
        landing.land(batch, answer())
    landing.land(HISTORY, answer())
    landing.close(HISTORY, now=NOW)
    with landing.lock(Batch.of_id("2026-11-20T10:40Z")):
        pass

    assert landing.open_batches() == [BATCH, NEXT]
    landing.close(BATCH, now=NOW)
    assert landing.open_batches() == [NEXT]


def test_closed_minutes_and_the_first_minute_are_known_by_name(landing):
    """What extract needs to find gaps."""
    assert landing.first_minute() is None
    landing.close(NEXT, now=NOW)
    landing.close(HISTORY, now=NOW)
    landing.land(BATCH, answer())

    assert landing.first_minute() == BATCH.minute
    assert landing.closed_minutes(BATCH.minute) == {NEXT.minute}
    assert landing.closed_minutes(NEXT.end) == set()


def test_purging_removes_bytes_and_keeps_the_sequence(landing, folder):
    """Old finished batches lose their parts; markers stay known, nothing is asked again, numbers go on."""
    old = [Batch.of_minute(parse_minute("2026-10-01T10:00Z") + timedelta(minutes=n)) for n in range(3)]
    for batch in [*old, BATCH]:
        landing.land(batch, answer())
        landing.close(batch, now=NOW)
    before = landing.completions()

    assert landing.purgeable(now=NOW, keep_days=30) == old
    assert landing.purge({*old[:2], BATCH}, now=NOW, keep_days=30) == 2
    assert landing.purgeable(now=NOW, keep_days=30) == old[2:]
    assert landing.purge({*old, BATCH}, now=NOW, keep_days=30) == 1
    assert landing.purge({*old, BATCH}, now=NOW, keep_days=30) == 0

    purged = [as_purged(completion) for completion in before[:3]]
    assert landing.completions() == [*purged, before[3]]
    assert [landing.completion(batch) for batch in old] == purged
    assert landing.parts(old[0]) == []
    assert landing.first_minute() == old[0].minute
    assert landing.closed_minutes(old[0].minute) == {batch.minute for batch in [*old, BATCH]}
    assert landing.close(NEXT, now=NOW - timedelta(days=9)).landing_seq == before[-1].landing_seq + 1
    assert [name for name in files(folder) if "2026-10-01" in name] == [
        f"closed/2026-10-01/purged-{before[2].landing_seq:012d}"
    ]


def test_only_one_extractor_holds_a_batch(landing):
    """A second one is told so at once; other batches are free."""
    with landing.lock(BATCH) as first, landing.lock(BATCH) as second, landing.lock(NEXT) as other:
        assert (first, second, other) == (True, False, True)
    with landing.lock(BATCH) as again:
        assert again


def _land_many(folder, key, times):
    landing = DiskLanding(folder, Cipher.from_setting(key))
    for _ in range(times):
        landing.land(BATCH, answer(str(os.getpid()).encode()))
    landing.close(BATCH, now=NOW)
    landing.close(Batch.of_minute(NOW + timedelta(minutes=os.getpid())), now=NOW)


def test_processes_that_land_at_once_lose_and_share_nothing(landing, folder):
    """Three processes, one batch: every part has a number of its own, and every batch a sequence of its own."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_land_many, args=(folder, KEY, 6)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    parts = landing.parts(BATCH)
    assert [part.number for part in parts] == list(range(1, 19))
    bodies = [landing.read(BATCH, part) for part in parts]
    assert {bodies.count(str(process.pid).encode()) for process in processes} == {6}
    sequences = [completion.landing_seq for completion in landing.completions()]
    assert len(set(sequences)) == len(sequences) == 4


def test_codes_never_land_and_the_part_says_how_many(folder):
    """The bytes that landed hold a marker; the part, also as the batch's marker tells it, counts what was taken out."""
    landing = DiskLanding(folder, Cipher.from_setting(KEY), lambda: SensitiveFields(remove=("memo",)))

    part = landing.land(BATCH, answer(b'[{"id": "a", "cvv": "7391", "memo": "secret", "amt": 1.50}]'))

    assert landing.read(BATCH, part) == b'[{"id": "a", "cvv": "[removed]", "memo": "[removed]", "amt": 1.50}]'
    assert part.removed == 2
    assert landing.close(BATCH, now=NOW).parts == (part,) == landing.completion(BATCH).parts
