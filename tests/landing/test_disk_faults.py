"""Landing on disk when files are altered or lost, the process is killed, and the disk is full."""

import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from disk_lab import BATCH, KEY, NEXT, NOW, answer, files

from fraud_common.errors import LandingError, TransientError
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding


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


CHILD = """
    import os, resource, signal, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from fraud_scorer.landing.cipher import Cipher
    from fraud_scorer.landing.disk import DiskLanding
    from fraud_scorer.domain.batches import Batch
    from fraud_common.errors import TransientError
    from fraud_scorer.domain.ports import Answer

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
