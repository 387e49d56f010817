"""transform: the same result however deliveries repeat and batches are grouped into runs."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.domain.frames import CORRECTION, EVENT, NEW, RESCORE, UNCHANGED

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_repeats_inside_a_batch_collapse_over_its_parts(store, payment, work, run):
    """The last delivery wins, whichever call brought it; the others are counted."""
    result = run([work(0, [payment(1), payment(1, amt=20)], [payment(1, amt=30)])], store)

    assert result.payments["amount_cents"].tolist() == [3000]
    assert result.batches[["received", "valid", "duplicates"]].to_numpy().tolist() == [[3, 1, 2]]


def test_what_an_earlier_batch_of_the_run_brings_is_known_to_the_later(store, payment, work, run, deliveries):
    """Repeated unchanged, corrected, and repeated after the correction; the first event time stays."""
    result = run(
        [
            work(0, [payment(1)]),
            work(1, [payment(1, at=30)]),
            work(2, [payment(1, at=60, amt=99)]),
            work(3, [payment(1, amt=99)]),
        ],
        store,
    )

    assert deliveries(result) == [
        ["t1", 100, NEW],
        ["t1", 101, UNCHANGED],
        ["t1", 102, CORRECTION],
        ["t1", 103, UNCHANGED],
    ]
    assert set(result.payments["event_time"]) == {pd.Timestamp(START)}
    assert result.features.index.tolist() == [0, 2]


def test_a_replay_finds_everything_unchanged_and_scores_nothing(store, payment, work, run):
    """The same bytes a second time: nothing to do, no history asked for."""
    store.load(run([work(0, [payment(1), payment(2)])], store).payments)
    store.asked_for.clear()

    again = run([work(0, [payment(1), payment(2)])], store)

    assert again.payments["delivery"].tolist() == [UNCHANGED, UNCHANGED]
    assert (len(again.features), len(again.matrix), store.asked_for) == (0, 0, [])


def test_an_older_batch_undoes_no_correction(store, payment, work, run, deliveries):
    """Replaying the first body after a correction leaves the correction; rescore decides on the corrected body only."""
    for one in (work(0, [payment(1)]), work(1, [payment(1, amt=99)])):
        store.load(run([one], store).payments)

    replayed = run([work(0, [payment(1)]), work(1, [payment(1, amt=99)])], store, rescore=True)

    assert deliveries(replayed) == [["t1", 100, UNCHANGED], ["t1", 101, RESCORE]]


@pytest.fixture
def random_works(payment, work):
    """Makes eight batches of late, repeated and corrected payments of three cards."""

    def made(seed):
        random = np.random.default_rng(seed)
        return [
            work(
                minute,
                [
                    payment(
                        int(number),
                        at=int(random.integers(0, 60 * (minute + 1))),
                        amt=float(random.integers(-1, 4)),
                        cc_num=4532015112830366 + int(number) % 3,
                    )
                    for number in random.integers(0, 25, size=6)
                ],
            )
            for minute in range(8)
        ]

    return made


def inputs_of(result):
    """The model's input, bit for bit, by payment and batch."""
    scored = result.payments.loc[result.features.index]
    keys = zip(scored["trans_num"], scored["landing_seq"], strict=True)
    return dict(zip(keys, (row.tobytes() for row in result.matrix), strict=True))


@pytest.fixture
def one_by_one(run):
    """Runs each batch alone, loaded before the next: payments, and the model's input by payment and batch."""

    def made(works, store):
        frames, inputs = [], {}
        for one in works:
            alone = run([one], store)
            store.load(alone.payments)
            frames.append(alone.payments)
            inputs |= inputs_of(alone)
        return pd.concat(frames, ignore_index=True), inputs

    return made


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("seed", range(4))
def test_batches_give_the_same_however_they_are_grouped(seed, fake_store, run, random_works, one_by_one):
    """One run for all, one for each, or some before the others are stored: every input is the same bit for bit."""
    works = random_works(seed)
    payments, inputs = one_by_one(works, fake_store())

    together = run(works, fake_store())
    halfway = fake_store()
    one_by_one(works[:4], halfway)
    rest = run(works[2:], halfway)

    pd.testing.assert_frame_equal(together.payments, payments)
    assert inputs_of(together) == inputs
    assert inputs_of(rest) == {key: value for key, value in inputs.items() if key[1] >= 104}
    assert {NEW, CORRECTION, UNCHANGED, EVENT} <= set(payments["delivery"])


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("seed", range(4))
def test_rescore_sees_what_the_first_decision_saw(seed, fake_store, run, random_works, one_by_one):
    """Decided anew after everything is stored: each body in force gets the input it had when it came."""
    works, store = random_works(seed), fake_store()
    _, inputs = one_by_one(works, store)

    again = run(works, store, rescore=True)

    in_force = {(row["trans_num"], row["landing_seq"]) for row in store.rows.values() if row["amount_cents"] >= 0}
    assert set(again.payments["delivery"]) == {RESCORE, UNCHANGED, EVENT}
    assert inputs_of(again) == {key: value for key, value in inputs.items() if key in in_force}
