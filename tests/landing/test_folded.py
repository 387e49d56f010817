"""The markers of a purged day: read once, and anew when a purge adds to them."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from disk_lab import BATCH, BODY, NEXT, NOW, answer

from fraud_common.errors import LandingError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Completion
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.landing.files import completion_text

MINUTES = 1440
CPU_SECONDS = 15  # a few for the imports; parsed for each minute, the day took 37
ASK_FOR_EACH = """
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from disk_lab import KEY, NOW
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.domain.batches import Batch
landing, midnight = DiskLanding(Path(sys.argv[2]), Cipher.from_setting(KEY)), NOW.replace(hour=0, minute=0, second=0)
asked = [landing.completion(Batch.of_minute(midnight + timedelta(minutes=n))) for n in range(1440)]
print(sum(done.status == "purged" for done in asked))
"""


def purge(landing: DiskLanding, *batches: Batch) -> None:
    """Purge these as a month-old ones."""
    assert landing.purge(set(batches), now=NOW + timedelta(days=40), keep_days=30) == len(batches)


def test_each_minute_of_a_purged_day_is_known_in_bounded_time(folder: Path) -> None:
    """A replay over a purged day reads its one file once, not once a minute."""
    midnight = NOW.replace(hour=0, minute=0, second=0)
    day = folder / "closed" / f"{midnight:%Y-%m-%d}"
    day.mkdir(parents=True)
    done = [
        Completion(Batch.of_minute(midnight + timedelta(minutes=n)), n + 1, "landed", (), NOW, ())
        for n in range(MINUTES)
    ]
    (day / f"purged-{MINUTES:012d}").write_text("".join(f"{completion_text(one)}\n" for one in done))
    asked = subprocess.run(
        [sys.executable, "-c", ASK_FOR_EACH, str(Path(__file__).parent), str(folder)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS)),
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert asked.stdout.strip() == str(MINUTES)


def test_what_a_later_purge_adds_is_seen(landing: DiskLanding) -> None:
    """Also where the day's file keeps its name: the later batch landed before the first."""
    for batch in (BATCH, NEXT):
        landing.land(batch, answer())
        landing.close(batch, now=NOW)
    purge(landing, NEXT)
    assert landing.completion(NEXT).status == "purged"
    assert landing.completion(BATCH).status == "landed"
    purge(landing, BATCH)
    assert [landing.completion(batch).status for batch in (BATCH, NEXT)] == ["purged", "purged"]
    assert landing.completion(Batch.of_id("2026-11-20T10:33Z")) is None


def test_an_altered_file_of_a_purged_day_is_told(landing: DiskLanding, folder: Path) -> None:
    """Each time, until it is restored."""
    landing.land(BATCH, answer())
    landing.close(BATCH, now=NOW)
    purge(landing, BATCH)
    (path,) = (folder / "closed").rglob("purged-*")
    whole = path.read_text()
    path.write_text(whole[:-5])
    for _ in range(2):
        with pytest.raises(LandingError, match="altered"):
            landing.completion(BATCH)
    path.write_text(whole)
    assert landing.completion(BATCH).status == "purged"


@pytest.mark.parametrize("folded_before", [False, True])
def test_a_purged_batch_keeps_no_hash_of_its_bytes(landing: DiskLanding, folder: Path, folded_before: bool) -> None:
    """Neither a plain one of an earlier version, also in a fold that it wrote, nor of a line that cannot be read."""
    landing.land(BATCH, answer())
    done = landing.close(BATCH, now=NOW)
    plain = hashlib.sha256(BODY).hexdigest()
    (path,) = (path for path in (folder / "closed").rglob("*") if path.is_file())
    old = completion_text(replace(done, parts=tuple(replace(part, sha256=plain) for part in done.parts)))
    if folded_before:
        path.rename(path.with_name(f"purged-{done.landing_seq:012d}"))
        (path.parent / f"purged-{done.landing_seq:012d}").write_text(f"{old}\n{old[:-3]}\n")
        landing.purge(set(), now=NOW + timedelta(days=40), keep_days=30)
    else:
        path.write_text(old)
        purge(landing, BATCH)

    left = [path.read_text() for path in (folder / "closed").rglob("*") if path.is_file()]
    assert left
    assert not [text for text in left if plain in text]
    if not folded_before:
        assert [part.sha256 for done in landing.completions() for part in done.parts] == [""]
