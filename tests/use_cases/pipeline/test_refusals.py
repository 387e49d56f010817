"""Which batches are passed for what they were refused: those that are the trouble themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from fraud_common.errors import StoreUnavailable, TerminalError
from fraud_scorer.domain.ports import Answer
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.use_cases.pipeline.minute import Pipeline
from fraud_scorer.use_cases.pipeline.poison_batches import MAX_REFUSALS

Town = Any  # conftest.Town


class StumblingTokens(CardTokens):
    """A bug of ours, so to say: an error that nobody foresaw, at these cards (None: at each, and at no empty list)."""

    stumbles_at: set[str] | None = None

    def tokens(self, cards: Sequence[str]) -> list[str]:
        met = set(cards) if self.stumbles_at is None else self.stumbles_at & set(cards)
        if met:
            raise ZeroDivisionError(f"at card {min(met)}")
        return super().tokens(cards)


def stumbling(town: Town, stumbles_at: set[str] | None) -> Pipeline:
    """The pipeline with that bug."""
    pipeline = town.pipeline()
    tokens = StumblingTokens(pipeline.parts.source.tokens.keys)
    object.__setattr__(tokens, "stumbles_at", stumbles_at)
    pipeline.parts.source.tokens = tokens
    return pipeline


def cards_of(town: Town, number: int) -> set[str]:
    """The cards of a landed minute, from its bytes."""
    landing = town.pipeline().parts.files.landing
    body = json.loads(landing.read(town.batch(number), landing.completion(town.batch(number)).parts[0]))
    split = json.loads(body) if isinstance(body, str) else body
    place = split["columns"].index("cc_num")
    return {str(row[place]) for row in split["data"]}


def ledger(town: Town, number: int) -> tuple[str, int, int]:
    """Status, attempts and refusals of a minute."""
    found = town.rows(
        f"select status, attempts, refusals from run_ledger where batch_id = '{town.batch(number).batch_id}'"
    )
    return found[0]  # type: ignore[no-any-return]


def without_payments(town: Town, number: int) -> None:
    """A minute in which nothing was paid lands."""
    landing, batch = town.pipeline().parts.files.landing, town.at(number)
    landing.land(batch, Answer(b"[]", 200, "", town.clock.now()))
    landing.close(batch, now=town.clock.now())


def poison(town: Town, number: int) -> None:
    """From now on PostgreSQL refuses what this minute brings."""
    batch_id = town.batch(number).batch_id
    town.rows(f"alter table payments_scored add constraint poison check (batch_id <> '{batch_id}') not valid")


def test_outages_of_the_store_count_for_nothing(town: Town, nobody_listens: str) -> None:
    """However many runs find no database at load: nothing is held against their batch."""
    town.pipeline().extract(town.at(0))
    for _ in range(MAX_REFUSALS + 1):
        pipeline = town.pipeline()
        pipeline.transform(town.batch(0).batch_id)
        pipeline.score(town.batch(0).batch_id)
        with pytest.raises(StoreUnavailable):
            town.pipeline(fraud_db_url=nobody_listens).load(town.batch(0).batch_id)
    assert ledger(town, 0) == ("landed", MAX_REFUSALS + 1, 0)
    assert town.run(1)["batches"] == 2  # the store is told now that these runs were not killed
    assert town.stored() == town.handed_out()


def test_a_batch_that_the_store_refuses_is_passed_at_the_fifth_time(town: Town) -> None:
    """It has failed, with why; those behind it waited and are loaded; mended, a replay loads it too."""
    town.run(0)
    town.at(1)
    poison(town, 1)
    for number in range(1, 1 + MAX_REFUSALS):
        with pytest.raises(TerminalError):
            town.run(number)
    town.run(6)
    states = [town.states()[town.batch(number).batch_id] for number in range(7)]
    assert states == ["done", "failed", *["done"] * 5]
    assert "poison" in town.rows("select error from run_ledger where status = 'failed'")[0][0]
    town.rows("alter table payments_scored drop constraint poison")
    town.pipeline().replay(town.batch(1).minute, town.batch(1).minute + timedelta(minutes=1))
    assert town.stored() == town.handed_out()


def test_an_unforeseen_error_passes_the_batch_that_alone_meets_it(town: Town) -> None:
    """It counts beside a batch that gets through; the error's text, which may quote a card, is not kept."""
    for number in range(2):
        town.pipeline().extract(town.at(number))
    strange = cards_of(town, 0) - cards_of(town, 1)
    for count in range(1, 1 + MAX_REFUSALS):
        with pytest.raises(ZeroDivisionError):
            stumbling(town, strange).transform(town.batch(1).batch_id)
        assert ledger(town, 0)[2] == count
    assert (ledger(town, 0)[0], ledger(town, 1)) == ("failed", ("landed", MAX_REFUSALS, 0))
    error = town.rows("select error from run_ledger where status = 'failed'")[0][0]
    assert error.startswith("ZeroDivisionError")
    assert not any(card in error for card in strange)
    assert stumbling(town, strange).run_minute(town.batch(1))["batches"] == 1
    town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)
    assert town.stored() == town.handed_out()


def test_an_unforeseen_error_that_all_batches_meet_fails_none(town: Town) -> None:
    """The fault is ours or the installation's: they wait, empty minutes among them, and one run loads them all."""
    without_payments(town, 0)
    for number in range(1, MAX_REFUSALS + 2):
        with pytest.raises(ZeroDivisionError):
            stumbling(town, None).run_minute(town.at(number))
    assert set(town.states().values()) == {"landed"}
    assert town.rows("select sum(refusals) from run_ledger") == [(0,)]
    town.run(MAX_REFUSALS + 2)
    assert town.stored() == town.handed_out()


def test_a_dry_run_that_stumbles_counts_for_nothing(town: Town) -> None:
    """It only looks."""
    for number in range(2):
        town.pipeline().extract(town.at(number))
    strange = cards_of(town, 0) - cards_of(town, 1)
    with pytest.raises(ZeroDivisionError):
        stumbling(town, strange).replay(town.batch(0).minute, town.batch(2).minute, dry_run=True)
    assert town.rows("select sum(refusals) from run_ledger") == [(0,)]
