"""transform: from landed bytes to the model's input, however batches are grouped."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
from cryptography.fernet import Fernet

from fraud_scorer.adapters.cipher import Cipher
from fraud_scorer.adapters.landing.on_disk import DiskLanding
from fraud_scorer.batches import Batch
from fraud_scorer.errors import LandingError, SettingsError
from fraud_scorer.features import compute_features
from fraud_scorer.frames import (
    CORRECTION,
    HISTORY_COLUMNS,
    NEW,
    PAYMENT_COLUMNS,
    QUARANTINE_COLUMNS,
    RESCORE,
    UNCHANGED,
)
from fraud_scorer.payments.decode import decode
from fraud_scorer.payments.deliveries import KNOWN_COLUMNS
from fraud_scorer.payments.fields import FieldMap
from fraud_scorer.payments.reading import RawPart
from fraud_scorer.payments.tables import Table
from fraud_scorer.payments.tokens import CardTokens
from fraud_scorer.pipeline.waiting import waiting_work
from fraud_scorer.ports import Answer
from fraud_scorer.steps.transform import BATCH_COLUMNS, Recipe, Transformed, Work, transform

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOKENS = CardTokens.from_setting("k1:" + "o" * 32)
CIPHER = Cipher.from_setting(Fernet.generate_key().decode())
PROFILE = [
    "profile_day",
    "merchant",
    "payments_7d",
    "payments_30d",
    "labelled_7d",
    "labelled_30d",
    "frauds_7d",
    "frauds_30d",
]

PLAIN = Recipe()


class FakeStore:
    """What transform reads of the database; `load` stores like the real one, and keeps what was replaced."""

    def __init__(self):
        self.rows, self.versions, self.asked_for = {}, [], []

    def known(self, trans_nums):
        rows = [self.rows[one] for one in trans_nums if one in self.rows]
        return pd.DataFrame(rows, columns=list(KNOWN_COLUMNS))

    def history(self, card_tokens, since, until, before_seq):
        self.asked_for.append((set(card_tokens), since, until, before_seq))
        stood = {row["trans_num"]: row for row in self.versions if row["landing_seq"] < before_seq}
        rows = [
            row | {"landing_seq": row["first_landing_seq"]}
            for row in stood.values()
            if row["card_token"] in card_tokens and since <= row["event_time"] < until and row["amount_cents"] >= 0
        ]
        return pd.DataFrame(rows, columns=list(HISTORY_COLUMNS)).astype(HISTORY_COLUMNS)

    def merchant_profiles(self, days, before_seq):
        self.profile_days = (list(days), before_seq)
        return pd.DataFrame(columns=PROFILE)

    def load(self, payments):
        for row in payments[payments["delivery"] != UNCHANGED].to_dict("records"):
            first = self.rows.get(row["trans_num"], {}).get("first_landing_seq", row["landing_seq"])
            self.rows[row["trans_num"]] = row | {"first_landing_seq": first}
            self.versions.append(self.rows[row["trans_num"]])


class FakeModel:
    features = ()

    def matrix(self, features):
        return features.select_dtypes("number").to_numpy(np.float32)


@pytest.fixture
def store():
    """A database in which nothing is known yet."""
    return FakeStore()


def payment(number=1, *, at=0, **changes):
    """Payment number `number`, `at` seconds after ten."""
    given = {
        "trans_num": f"t{number}", "cc_num": 4532015112830366, "merchant": "Shop", "category": "misc",
        "amt": 10 + number,
        "lat": 52.5, "long": 13.4, "merch_lat": 52.6, "merch_long": 13.5, "dob": "1976-07-22", "first": "Ada",
        "current_time": int((START + timedelta(seconds=at)).timestamp() * 1000),
    }  # fmt: skip
    return given | changes


def work(minute, *bodies):
    """The batch of a minute after ten; its landing sequence is 100 + minute."""
    received_at = START + timedelta(minutes=minute + 1)
    parts = [
        RawPart(number, received_at, partial(bytes, body if isinstance(body, bytes) else json.dumps(body).encode()))
        for number, body in enumerate(bodies, start=1)
    ]
    return Work(Batch.of_minute(START + timedelta(minutes=minute)), 100 + minute, parts)


def run(works, store, *, tokens=TOKENS, recipe=PLAIN, rescore=False):
    """Transform these batches."""
    return transform(
        works, store=store, tokens=tokens, model=FakeModel(), compute_features=compute_features, encrypt=CIPHER.encrypt,
        recipe=recipe, rescore=rescore,
    )  # fmt: skip


def deliveries(result):
    """Payment, landing sequence and delivery of each row."""
    return result.payments[["trans_num", "landing_seq", "delivery"]].to_numpy().tolist()


def test_a_batch_becomes_payments_features_and_matrix(store):
    """One row a payment in the promised columns and dtypes; no card number, no name anywhere."""
    result = run([work(0, [payment(1), payment(2, at=5)])], store)

    assert deliveries(result) == [["t1", 100, NEW], ["t2", 100, NEW]]
    assert result.payments.dtypes.astype(str).to_dict() == PAYMENT_COLUMNS
    assert result.features.index.tolist() == [0, 1]
    assert result.matrix.shape[0] == 2
    assert result.matrix.dtype == np.float32
    assert result.batches[["received", "valid", "duplicates", "quarantined"]].to_numpy().tolist() == [[2, 2, 0, 0]]
    everything = "".join(frame.to_csv() for frame in result.frames().values())
    assert "4532015112830366" not in everything
    assert "Ada" not in everything


def test_one_bad_record_does_not_stop_its_batch(store):
    """It goes to quarantine with part, row and reason, encrypted, and comes back through the same path."""
    bad = payment(2, amt="NaN", first="Ada")
    result = run([work(0, [payment(1)], [payment(3), bad, 7])], store)

    assert result.quarantine[["part", "row_index", "reason"]].to_numpy().tolist() == [
        [2, 1, "amount_not_a_number"],
        [2, 2, "not_a_record"],
    ]
    assert result.batches[["received", "valid", "quarantined"]].to_numpy().tolist() == [[4, 2, 2]]
    record = result.quarantine["record"][0]
    assert b"4532015112830366" not in record
    again = decode(CIPHER.decrypt(record))
    assert dict(zip(again.columns, again.rows[0], strict=True)) == bad
    assert "4532015112830366" not in "".join(result.quarantine["detail"])


def test_an_answer_that_cannot_be_read_is_one_record(store):
    """Its neighbours go on; the record holds the answer and no row."""
    result = run([work(0, b"<html>down</html>", [payment(1)])], store)

    assert result.quarantine[["part", "reason"]].to_numpy().tolist() == [[1, "answer_unreadable"]]
    assert result.quarantine["row_index"].isna().all()
    assert CIPHER.decrypt(result.quarantine["record"][0]) == b"<html>down</html>"
    assert result.batches["error"].isna().all()
    assert result.batches[["received", "valid"]].to_numpy().tolist() == [[2, 1]]


def test_a_batch_of_which_nothing_can_be_read_fails_alone(store):
    """Its error is reported, the others go on."""

    def lost():
        raise LandingError("parts/0001.part is missing")

    missing = Work(Batch.of_minute(START), 100, [RawPart(1, START, lost)])
    nothing = Work(Batch.of_minute(START + timedelta(minutes=1)), 101, [])
    result = run([missing, nothing, work(2, b"{"), work(3, [payment(1)]), work(4, [])], store)

    errors = result.batches["error"].tolist()
    assert errors[:2] == ["parts/0001.part is missing", "no answer landed for this batch"]
    assert errors[2].startswith("the answer is not JSON")
    assert result.batches["error"].isna().tolist() == [False, False, False, True, True]
    assert deliveries(result) == [["t1", 103, NEW]]


def test_a_fault_of_ours_in_one_answer_holds_up_nothing(store):
    """An unforeseen error fails its batch by name, without quoting values; the batch behind it goes on."""

    class BrokenOnce(FieldMap):
        def apply(self, table):
            if len(table) == 2:
                raise KeyError("4532015112830366")
            return super().apply(table)

    works = [work(0, [payment(1), payment(2)]), work(1, [payment(3)])]
    result = run(works, store, recipe=Recipe(fields=BrokenOnce()))

    assert result.batches["error"][0] == "reading the answer failed: KeyError"
    assert result.quarantine["reason"].tolist() == ["reading_failed"]
    assert deliveries(result) == [["t3", 101, NEW]]


def test_repeats_inside_a_batch_collapse_over_its_parts(store):
    """The last delivery wins, whichever call brought it; the others are counted."""
    result = run([work(0, [payment(1), payment(1, amt=20)], [payment(1, amt=30)])], store)

    assert result.payments["amount_cents"].tolist() == [3000]
    assert result.batches[["received", "valid", "duplicates"]].to_numpy().tolist() == [[3, 1, 2]]


def test_what_an_earlier_batch_of_the_run_brings_is_known_to_the_later(store):
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


def test_a_replay_finds_everything_unchanged_and_scores_nothing(store):
    """The same bytes a second time: nothing to do, no history asked for."""
    store.load(run([work(0, [payment(1), payment(2)])], store).payments)
    store.asked_for.clear()

    again = run([work(0, [payment(1), payment(2)])], store)

    assert again.payments["delivery"].tolist() == [UNCHANGED, UNCHANGED]
    assert (len(again.features), len(again.matrix), store.asked_for) == (0, 0, [])


def test_an_older_batch_undoes_no_correction(store):
    """Replaying the first body after a correction leaves the correction; rescore decides on the corrected body only."""
    for one in (work(0, [payment(1)]), work(1, [payment(1, amt=99)])):
        store.load(run([one], store).payments)

    replayed = run([work(0, [payment(1)]), work(1, [payment(1, amt=99)])], store, rescore=True)

    assert deliveries(replayed) == [["t1", 100, UNCHANGED], ["t1", 101, RESCORE]]


def test_refunds_are_stored_and_not_scored(store):
    """A negative amount is a payment without features."""
    result = run([work(0, [payment(1, amt=-5), payment(2)])], store)

    assert result.payments["amount_cents"].tolist() == [-500, 1200]
    assert result.features.index.tolist() == [1]


def test_history_is_asked_for_as_far_as_the_features_look(store):
    """The cards scored, the look-back before the first of them, up to the last, whatever landed before."""
    run([work(0, [payment(1)]), work(1, [payment(2, at=60)])], store, recipe=Recipe(look_back=timedelta(days=3)))

    ((cards, since, until, before_seq),) = store.asked_for
    assert cards == set(TOKENS.tokens(["4532015112830366"]))
    assert (since, until) == (START - timedelta(days=3), START + timedelta(seconds=60, microseconds=1))
    assert before_seq == 102


def test_a_card_keeps_its_past_when_its_key_is_rotated(store):
    """History under the old token counts for the new one, and what is stored stays known."""
    store.load(run([work(0, [payment(1)])], store).payments)
    rotated = CardTokens.from_setting("k2:" + "n" * 32 + ",k1:" + "o" * 32)

    result = run([work(0, [payment(1)]), work(1, [payment(2, at=60)])], store, tokens=rotated)
    plain = run([work(1, [payment(2, at=60)])], store)

    assert deliveries(result) == [["t1", 100, UNCHANGED], ["t2", 101, NEW]]
    assert result.payments["card_key_id"].tolist() == ["k2", "k2"]
    assert np.array_equal(result.matrix, plain.matrix, equal_nan=True)


def test_a_run_ends_before_a_new_day(store):
    """Midnight's first batch waits for the next run: its merchant profiles count what this run stores."""
    evening = 60 * 13 + 59  # 23:59
    works = [work(evening, [payment(1, at=evening * 60)]), work(evening + 1, [payment(2, at=(evening + 1) * 60)])]

    assert run(works, store).batches["landing_seq"].tolist() == [100 + evening]
    assert store.profile_days == ([START.date()], 100 + evening)
    berlin = run(works, store, recipe=Recipe(time_zone="Europe/Berlin"))
    assert len(berlin.batches) == 2


@pytest.mark.parametrize("amount", [12, "no number"], ids=["good", "refused"])
def test_a_run_takes_no_more_than_it_can_carry(store, amount):
    """From so many records on, refused ones among them, the rest is left for the next run, and not even read."""

    def never():
        raise AssertionError("read too much")

    waiting = [
        work(0, [payment(1), payment(2, amt=amount)]),
        Work(Batch.of_minute(START), 999, [RawPart(1, START, never)]),
    ]

    assert run(waiting, store, recipe=Recipe(most_payments=2)).batches["landing_seq"].tolist() == [100]


def test_nothing_to_do_is_a_result(store):
    """No work, or only empty answers: empty frames of the right form that survive the stage."""
    for works in ([], [work(0, [])]):
        result = run(works, store)

        assert result.payments.dtypes.astype(str).to_dict() == PAYMENT_COLUMNS
        assert list(result.quarantine) == list(QUARANTINE_COLUMNS)
        assert list(result.batches) == list(BATCH_COLUMNS)
        assert len(Transformed.of_frames(result.frames()).matrix) == 0


def test_a_file_of_past_payments_goes_the_same_way(store):
    """A table instead of bytes; a day of history is a batch like any other."""
    row = payment(1)
    table = Table(tuple(row), [tuple(row.values())])
    history = Work(Batch.of_history("0123456789ab", START.date()), 7, [RawPart(0, START, lambda: table)])

    result = run([history], store)

    assert result.payments["batch_id"].tolist() == ["history-0123456789ab-2026-11-20"]


def test_landed_batches_are_read_when_their_turn_comes(tmp_path, store):
    """`waiting_work` hands on what landed, with what was said of each part."""
    landing = DiskLanding(tmp_path, CIPHER)
    batch = Batch.of_minute(START)
    for body, truncated in ((json.dumps([payment(1)]).encode(), False), (b"[", True)):
        landing.land(batch, Answer(body, 200, "", START + timedelta(minutes=1), truncated))
    sequence = landing.close(batch, now=START).landing_seq

    result = run(waiting_work([(batch, sequence)], landing), store)

    assert result.batches["landing_seq"].tolist() == [sequence]
    assert result.quarantine["detail"].tolist() == [
        "the answer was cut before its announced length. The bytes that came are in landing."
    ]
    assert deliveries(result) == [["t1", sequence, NEW]]


def test_a_batch_that_is_missing_in_its_landing_is_no_empty_one(tmp_path, store):
    """What landed before it is there, it is not: it cannot be read, which is told, and a replay may mend."""
    landing = DiskLanding(tmp_path, CIPHER)
    sequence = landing.close(Batch.of_minute(START - timedelta(minutes=1)), now=START).landing_seq

    result = run(waiting_work([(Batch.of_minute(START), sequence + 60)], landing), store)

    assert result.quarantine[["part", "reason"]].to_numpy().tolist() == [[1, "landing_unreadable"]]
    assert result.batches["error"].str.contains("landed, but not in this landing").tolist() == [True]


@pytest.mark.parametrize("landed_since", [False, True])
def test_another_landing_fails_no_batch(tmp_path, landed_since):
    """A wrong folder, an unmounted volume, a new machine, also if a minute landed there since: a setting's fault."""
    landing = DiskLanding(tmp_path, CIPHER)
    waiting = [(Batch.of_minute(START), int(START.timestamp()))]
    if landed_since:
        later = Batch.of_minute(START + timedelta(minutes=1))
        waiting.append((later, landing.close(later, now=START + timedelta(minutes=2)).landing_seq))

    with pytest.raises(SettingsError, match=r"FRAUD_LANDING.*landing rebuild"):
        list(waiting_work(waiting, landing))


def random_works(seed):
    """Eight batches of late, repeated and corrected payments of three cards."""
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


def one_by_one(works, store):
    """Each batch in a run of its own, loaded before the next: payments, and the model's input by payment and batch."""
    frames, inputs = [], {}
    for one in works:
        alone = run([one], store)
        store.load(alone.payments)
        frames.append(alone.payments)
        inputs |= inputs_of(alone)
    return pd.concat(frames, ignore_index=True), inputs


def inputs_of(result):
    """The model's input, bit for bit, by payment and batch."""
    scored = result.payments.loc[result.features.index]
    keys = zip(scored["trans_num"], scored["landing_seq"], strict=True)
    return dict(zip(keys, (row.tobytes() for row in result.matrix), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_batches_give_the_same_however_they_are_grouped(seed):
    """One run for all, one for each, or some before the others are stored: every input is the same bit for bit."""
    works = random_works(seed)
    payments, inputs = one_by_one(works, FakeStore())

    together = run(works, FakeStore())
    halfway = FakeStore()
    one_by_one(works[:4], halfway)
    rest = run(works[2:], halfway)

    pd.testing.assert_frame_equal(together.payments, payments)
    assert inputs_of(together) == inputs
    assert inputs_of(rest) == {key: value for key, value in inputs.items() if key[1] >= 104}
    assert {NEW, CORRECTION, UNCHANGED} == set(payments["delivery"])


@pytest.mark.parametrize("seed", range(4))
def test_rescore_sees_what_the_first_decision_saw(seed):
    """Decided anew after everything is stored: each body in force gets the input it had when it came."""
    works, store = random_works(seed), FakeStore()
    _, inputs = one_by_one(works, store)

    again = run(works, store, rescore=True)

    in_force = {(row["trans_num"], row["landing_seq"]) for row in store.rows.values() if row["amount_cents"] >= 0}
    assert set(again.payments["delivery"]) == {RESCORE, UNCHANGED}
    assert inputs_of(again) == {key: value for key, value in inputs.items() if key in in_force}
