"""Landing on disk: whole or not there, numbered once, closed once."""

import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from fraud_scorer.adapters.cipher import Cipher
from fraud_scorer.adapters.landing.on_disk import DiskLanding
from fraud_scorer.batches import Batch, parse_minute
from fraud_scorer.errors import LandingError, TransientError
from fraud_scorer.ports import Answer

KEY = Fernet.generate_key().decode()
NOW = datetime(2026, 11, 20, 10, 32, 1, tzinfo=UTC)
BATCH = Batch.of_id("2026-11-20T10:31Z")
NEXT = Batch.of_id("2026-11-20T10:32Z")
HISTORY = Batch.of_history("0123456789ab", date(2026, 11, 1))
BODY = b'{"cc_num": 4532015112830366}'


@pytest.fixture
def folder(tmp_path):
    """Where the landing lives."""
    return tmp_path / "landing"


@pytest.fixture
def landing(folder):
    """A landing that holds nothing yet."""
    return DiskLanding(folder, Cipher.from_setting(KEY))


def answer(body=BODY, **changes):
    """An answer of the API."""
    return Answer(
        **{"body": body, "http_status": 200, "content_type": "application/json", "received_at": NOW} | changes
    )


def files(folder):
    """Every file in it, temporary ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


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


@pytest.mark.parametrize("place", [5, 40, -5])
def test_an_altered_part_is_refused_by_name(landing, folder, place):
    """A changed byte in checksum, header or ciphertext gives LandingError with the file's name."""
    part = landing.land(BATCH, answer())
    path = folder / part.path
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)

    with pytest.raises(LandingError, match=r"0001\.part"):
        landing.read(BATCH, part)


def test_a_part_that_was_swapped_or_lost_is_refused(landing, folder):
    """Another whole part in its place is not the part; a missing one says so."""
    first, second = landing.land(BATCH, answer()), landing.land(BATCH, answer(b"other"))
    (folder / second.path).replace(folder / first.path)

    with pytest.raises(LandingError, match="its sha256 differs"):
        landing.read(BATCH, first)
    with pytest.raises(LandingError, match="is missing"):
        landing.read(BATCH, second)


def test_an_unknown_key_is_told_apart_from_nothing(landing, folder):
    """Without the old key the error says which setting mends it."""
    part = landing.land(BATCH, answer())

    with pytest.raises(LandingError, match="FRAUD_LANDING_KEYS"):
        DiskLanding(folder, Cipher.from_setting(Fernet.generate_key().decode())).read(BATCH, part)


@pytest.mark.parametrize("now", [b"{", b"", b"\xff\n\xfe"])
def test_an_altered_marker_holds_up_no_batch(landing, folder, now):
    """Its name and the batch's parts say what it said; where there are no parts it is refused by name."""
    landing.land(BATCH, answer())
    was = landing.close(BATCH, now=NOW)
    landing.close(NEXT, now=NOW)
    next((folder / "closed").rglob("*-1031")).write_bytes(now)

    assert [one.batch for one in landing.completions()] == [BATCH, NEXT]
    again = landing.completion(BATCH)
    assert (again.landing_seq, again.status, again.parts) == (was.landing_seq, "landed", was.parts)

    next((folder / "closed").rglob("*-1032")).write_bytes(now)
    with pytest.raises(LandingError, match=r"marker .*-1032 is altered"):
        landing.completions()


def test_a_part_with_an_altered_header_is_listed_and_cannot_be_read(landing, folder):
    """So the batch can be closed, the fault is this part's, and other minutes get on."""
    part = landing.land(BATCH, answer())
    (folder / part.path).write_bytes(b"no header\nno body")

    [listed] = landing.parts(BATCH)
    assert (listed.number, listed.sha256) == (1, "")
    assert landing.close(BATCH, now=NOW).parts == (listed,)
    with pytest.raises(LandingError, match=r"0001\.part has an altered header"):
        landing.read(BATCH, listed)


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

    purged = [replace(completion, status="purged") for completion in before[:3]]
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


CHILD = """
    import os, resource, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from fraud_scorer.adapters.cipher import Cipher
    from fraud_scorer.adapters.landing.on_disk import DiskLanding
    from fraud_scorer.batches import Batch
    from fraud_scorer.errors import TransientError
    from fraud_scorer.ports import Answer

    landing = DiskLanding(Path(sys.argv[1]), Cipher.from_setting(sys.argv[2]))
    batch, now = Batch.of_id("2026-11-20T10:31Z"), datetime(2026, 11, 20, 10, 32, tzinfo=UTC)
"""


def child(script, folder):
    """Run a script of its own process on the landing folder."""
    source = textwrap.dedent(CHILD) + textwrap.dedent(script)
    return subprocess.run([sys.executable, "-c", source, folder, KEY], capture_output=True, text=True, check=False)


def test_a_kill_between_landing_and_closing_loses_nothing(landing, folder):
    """The process dies by SIGKILL: its part is whole, its batch open, and closing it goes on from there."""
    died = child(
        """
        landing.land(batch, Answer(b"landed before the kill", 200, "text/plain", now))
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        folder,
    )

    assert died.returncode == -signal.SIGKILL
    assert landing.open_batches() == [BATCH]
    completion = landing.close(BATCH, now=NOW)
    assert landing.read(BATCH, completion.parts[0]) == b"landed before the kill"


def test_a_kill_in_the_middle_of_writing_leaves_nothing_to_read(landing, folder):
    """Killed just before the rename: no part, no open batch; the remains are swept by a purge."""
    died = child(
        """
        Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        landing.land(batch, Answer(b"half", 200, "text/plain", now))
        """,
        folder,
    )

    assert died.returncode == -signal.SIGKILL
    assert landing.parts(BATCH) == []
    assert landing.open_batches() == []
    assert landing.land(BATCH, answer()).number == 1
    assert any(".writing-" in name for name in files(folder))
    landing.purge(set(), now=datetime.now(UTC) + timedelta(days=31), keep_days=30)
    assert not any(".writing-" in name for name in files(folder))


def test_a_full_disk_is_said_and_leaves_nothing_half_written(landing, folder):
    """A file size limit stands for the disk: the error is worth a retry and has a cure; small answers still land."""
    full = child(
        """
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            landing.land(batch, Answer(os.urandom(100_000), 200, "text/plain", now))
        except TransientError as error:
            print(error)
        landing.land(batch, Answer(b"small", 200, "text/plain", now))
        """,
        folder,
    )

    assert "the disk of" in full.stdout, full.stderr
    assert "is full. Free space there" in full.stdout
    assert [landing.read(BATCH, part) for part in landing.parts(BATCH)] == [b"small"]
    assert not any(".writing-" in name for name in files(folder))


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path):
    """What cannot be written names the place and the setting."""
    (tmp_path / "landing").write_text("in the way")

    with pytest.raises(TransientError, match="FRAUD_DATA_DIR"):
        DiskLanding(tmp_path / "landing", Cipher.from_setting(KEY)).land(BATCH, answer())
