"""transform on what waits in a landing: read in its turn, missing there, or another landing altogether."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import NEW
from fraud_scorer.domain.ports import Answer
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.use_cases.pipeline.landed_batches import read_batches

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_landed_batches_are_read_when_their_turn_comes(tmp_path, store, payment, run, deliveries, cipher):
    """`read_batches` hands on what landed, with what was said of each part."""
    landing = DiskLanding(tmp_path, cipher)
    batch = Batch.of_minute(START)
    for body, truncated in ((json.dumps([payment(1)]).encode(), False), (b"[", True)):
        landing.land(batch, Answer(body, 200, "", START + timedelta(minutes=1), truncated))
    sequence = landing.close(batch, now=START).landing_seq

    result = run(read_batches([(batch, sequence)], landing), store)

    assert result.batches["landing_seq"].tolist() == [sequence]
    assert result.quarantine["detail"].tolist() == [
        "the answer was cut before its announced length. The bytes that came are in landing."
    ]
    assert deliveries(result) == [["t1", sequence, NEW]]


def test_a_batch_that_is_missing_in_its_landing_is_no_empty_one(tmp_path, store, run, cipher):
    """What landed before it is there, it is not: it cannot be read, which is told, and a replay may mend."""
    landing = DiskLanding(tmp_path, cipher)
    sequence = landing.close(Batch.of_minute(START - timedelta(minutes=1)), now=START).landing_seq

    result = run(read_batches([(Batch.of_minute(START), sequence + 60)], landing), store)

    assert result.quarantine[["part", "reason"]].to_numpy().tolist() == [[1, "landing_unreadable"]]
    assert result.batches["error"].str.contains("landed, but not in this landing").tolist() == [True]


@pytest.mark.parametrize("landed_since", [False, True])
def test_another_landing_fails_no_batch(tmp_path, landed_since, cipher):
    """A wrong folder, an unmounted volume, a new machine, also if a minute landed there since: a setting's fault."""
    landing = DiskLanding(tmp_path, cipher)
    waiting = [(Batch.of_minute(START), int(START.timestamp()))]
    if landed_since:
        later = Batch.of_minute(START + timedelta(minutes=1))
        waiting.append((later, landing.close(later, now=START + timedelta(minutes=2)).landing_seq))

    with pytest.raises(SettingsError, match=r"FRAUD_LANDING.*landing rebuild"):
        list(read_batches(waiting, landing))
