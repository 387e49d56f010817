"""transform: from landed bytes to the model's input; what cannot be used goes to quarantine and stops nothing else."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fraud_common.errors import LandingError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import NEW, PAYMENT_COLUMNS, QUARANTINE_COLUMNS, UNCHANGED
from fraud_scorer.ingest.batch_reader import RawPart
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.tables import Table
from fraud_scorer.steps.transform import BATCH_COLUMNS, BatchInput, TransformConfig, Transformed

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOKENS = CardTokens.from_setting("k1:" + "old-key9" * 4)


def test_a_batch_becomes_payments_features_and_matrix(store, payment, work, run, deliveries):
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


def test_one_bad_record_does_not_stop_its_batch(store, payment, work, run, cipher):
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
    again = decode(cipher.decrypt(record))
    assert again.items == [bad]
    assert "4532015112830366" not in "".join(result.quarantine["detail"])


def test_an_answer_that_cannot_be_read_is_one_record(store, payment, work, run, cipher):
    """Its neighbours go on; the record holds the answer and no row."""
    result = run([work(0, b"<html>down</html>", [payment(1)])], store)

    assert result.quarantine[["part", "reason"]].to_numpy().tolist() == [[1, "answer_unreadable"]]
    assert result.quarantine["row_index"].isna().all()
    assert cipher.decrypt(result.quarantine["record"][0]) == b"<html>down</html>"
    assert result.batches["error"].isna().all()
    assert result.batches[["received", "valid"]].to_numpy().tolist() == [[2, 1]]


def test_a_batch_of_which_nothing_can_be_read_fails_alone(store, payment, work, run, deliveries):
    """Its error is reported, the others go on."""

    def lost():
        raise LandingError("parts/0001.part is missing")

    missing = BatchInput(Batch.of_minute(START), 100, [RawPart(1, START, lost)])
    nothing = BatchInput(Batch.of_minute(START + timedelta(minutes=1)), 101, [])
    result = run([missing, nothing, work(2, b"{"), work(3, [payment(1)]), work(4, [])], store)

    errors = result.batches["error"].tolist()
    assert errors[:2] == ["parts/0001.part is missing", "no answer landed for this batch"]
    assert errors[2].startswith("the answer is not JSON")
    assert result.batches["error"].isna().tolist() == [False, False, False, True, True]
    assert deliveries(result) == [["t1", 103, NEW]]


def test_a_fault_of_ours_in_one_answer_holds_up_nothing(store, payment, work, run, deliveries):
    """An unforeseen error fails its batch by name, without quoting values; the batch behind it goes on."""

    class BrokenOnce(FieldMap):
        def apply(self, table):
            if len(table) == 2:
                raise KeyError("4532015112830366")
            return super().apply(table)

    works = [work(0, [payment(1), payment(2)]), work(1, [payment(3)])]
    result = run(works, store, config=TransformConfig(fields=BrokenOnce()))

    assert result.batches["error"][0] == "reading the answer failed: KeyError"
    assert result.quarantine["reason"].tolist() == ["reading_failed"]
    assert deliveries(result) == [["t3", 101, NEW]]


def test_refunds_are_stored_and_not_scored(store, payment, work, run):
    """A negative amount is a payment without features."""
    result = run([work(0, [payment(1, amt=-5), payment(2)])], store)

    assert result.payments["amount_cents"].tolist() == [-500, 1200]
    assert result.features.index.tolist() == [1]


def test_history_is_asked_for_as_far_as_the_features_look(store, payment, work, run):
    """The cards scored, the look-back before the first of them, up to the last, whatever landed before."""
    run(
        [work(0, [payment(1)]), work(1, [payment(2, at=60)])],
        store,
        config=TransformConfig(look_back=timedelta(days=3)),
    )

    ((cards, since, until, before_seq),) = store.asked_for
    assert cards == set(TOKENS.tokens(["4532015112830366"]))
    assert (since, until) == (START - timedelta(days=3), START + timedelta(seconds=60, microseconds=1))
    assert before_seq == 102


def test_a_card_keeps_its_past_when_its_key_is_rotated(store, payment, work, run, deliveries):
    """History under the old token counts for the new one, and what is stored stays known."""
    store.load(run([work(0, [payment(1)])], store).payments)
    rotated = CardTokens.from_setting("k2:" + "new-key87" * 4 + ",k1:" + "old-key9" * 4)

    result = run([work(0, [payment(1)]), work(1, [payment(2, at=60)])], store, tokens=rotated)
    plain = run([work(1, [payment(2, at=60)])], store)

    assert deliveries(result) == [["t1", 100, UNCHANGED], ["t2", 101, NEW]]
    assert result.payments["card_key_id"].tolist() == ["k2", "k2"]
    assert np.array_equal(result.matrix, plain.matrix, equal_nan=True)


def test_a_run_ends_before_a_new_day(store, payment, work, run):
    """Midnight's first batch waits for the next run: its merchant profiles count what this run stores."""
    evening = 60 * 13 + 59  # 23:59
    works = [work(evening, [payment(1, at=evening * 60)]), work(evening + 1, [payment(2, at=(evening + 1) * 60)])]

    assert run(works, store).batches["landing_seq"].tolist() == [100 + evening]
    assert store.profile_days == ([START.date()], 100 + evening)
    berlin = run(works, store, config=TransformConfig(time_zone="Europe/Berlin"))
    assert len(berlin.batches) == 2


@pytest.mark.parametrize("amount", [12, "no number"], ids=["good", "refused"])
def test_a_run_takes_no_more_than_it_can_carry(store, amount, payment, work, run):
    """From so many records on, refused ones among them, the rest is left for the next run, and not even read."""

    def never():
        raise AssertionError("read too much")

    waiting = [
        work(0, [payment(1), payment(2, amt=amount)]),
        BatchInput(Batch.of_minute(START), 999, [RawPart(1, START, never)]),
    ]

    assert run(waiting, store, config=TransformConfig(most_payments=2)).batches["landing_seq"].tolist() == [100]


def test_nothing_to_do_is_a_result(store, work, run):
    """No work, or only empty answers: empty frames of the right form that survive the stage."""
    for works in ([], [work(0, [])]):
        result = run(works, store)

        assert result.payments.dtypes.astype(str).to_dict() == PAYMENT_COLUMNS
        assert list(result.quarantine) == list(QUARANTINE_COLUMNS)
        assert list(result.batches) == list(BATCH_COLUMNS)
        assert len(Transformed.of_frames(result.frames()).matrix) == 0


def test_a_file_of_past_payments_goes_the_same_way(store, payment, run):
    """A table instead of bytes; a day of history is a batch like any other."""
    row = payment(1)
    table = Table(tuple(row), [tuple(row.values())])
    history = BatchInput(Batch.of_history("0123456789ab", START.date()), 7, [RawPart(0, START, lambda: table)])

    result = run([history], store)

    assert result.payments["batch_id"].tolist() == ["history-0123456789ab-2026-11-20"]


def test_what_stands_beside_the_records_is_noted(store, payment, work, run):
    """A page that is not the last, an error beside records: told of the batch, whose payments go on."""
    pages = {"has_more": True, "data": [payment(1)]}
    failed = {"errors": ["x"], "data": [payment(2)]}
    result = run([work(31, pages, pages, failed), work(32, [payment(3)])], store)

    notes = result.batches["note"]
    assert notes[0] == (
        "an answer is not all that the payments API has (has_more is true); "
        "an answer says that it failed, though it holds records (errors is not empty)"
    )
    assert notes.isna().tolist() == [False, True]
    assert result.batches["valid"].tolist() == [2, 1]


def test_a_failed_answer_is_no_empty_batch(store, work, run):
    """It is unreadable: the batch has an error, so it is not done."""
    result = run([work(31, {"success": False, "data": []}), work(32, {"data": []})], store)

    assert "says that it failed (success is false)" in result.batches["error"][0]
    assert result.batches["error"].isna().tolist() == [False, True]


@pytest.mark.integration  # takes seconds
def test_bad_records_beyond_the_limit_are_told_in_one_line(store, payment, work, run, cipher):
    """The first 20,000 of an answer are kept apart; good ones among them go on, all are counted."""
    bad = [{"trans_num": str(number)} for number in range(20_500)]
    result = run([work(31, [*bad, payment(1), *bad[:300]])], store)

    assert result.batches[["received", "valid", "quarantined"]].to_numpy().tolist() == [[20_801, 1, 20_800]]
    whole = result.quarantine[result.quarantine["row_index"].isna()].iloc[0]
    assert (len(result.quarantine), whole["reason"]) == (20_001, "kept_only_in_landing")
    assert whole["detail"].startswith("bad records that are too many or too long to be kept apart: 800 (")
    assert cipher.decrypt(whole["record"]) == b""
    assert result.quarantine["row_index"].max() == 19_999


@pytest.mark.integration  # takes seconds
def test_a_long_answer_is_judged_in_pieces_under_its_own_row_numbers(store, payment, work, run):
    """A bad row's number is its place in the answer, wherever it stands."""
    rows = [payment(number % 7) for number in range(120_000)]
    rows[49_999] = rows[50_000] = rows[119_999] = {"trans_num": "bad"}
    result = run([work(31, rows)], store)

    assert result.quarantine["row_index"].tolist() == [49_999, 50_000, 119_999]
    assert result.batches[["received", "valid", "duplicates"]].to_numpy().tolist() == [[120_000, 7, 119_990]]
