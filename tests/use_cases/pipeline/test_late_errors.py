"""Errors that nobody foresaw in score and in load: one batch's own are passed, a fault of ours holds all."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.domain.ports import Answer
from fraud_scorer.use_cases.pipeline.landed_batches import landed_batches, read_batches
from fraud_scorer.use_cases.pipeline.minute import Pipeline
from fraud_scorer.use_cases.pipeline.poison_batches import MAX_REFUSALS
from fraud_scorer.use_cases.pipeline.scoring_run import ScoringRun
from fraud_scorer.wiring.database import Database
from fraud_scorer.wiring.scoring import Scoring

Town = Any  # conftest.Town


class Other:
    """Another object, but for some of its methods."""

    def __init__(self, real: Any, **methods: Any) -> None:
        self._real, self.__dict__ = real, {"_real": real} | methods

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class BrokenReasons(Scoring):
    """A bug of ours in a flagged payment's reasons, at these amounts (None: at each)."""

    amounts: set[float] | None = None

    @property
    def model(self) -> Any:  # type: ignore[override]
        real = super().model

        def reasons(features: pd.DataFrame, *rest: Any) -> Any:
            if self.amounts is None or self.amounts & set(features["amount"]):
                raise KeyError("a reason's text")
            return real.reasons(features, *rest)

        return Other(real, reasons=reasons)


class BrokenMails(Database):
    """A bug of ours in composing a mail, for these landing sequences (None: for each)."""

    sequences: set[int] | None = None

    @property
    def outbox(self) -> Any:  # type: ignore[override]
        real = super().outbox

        def usual_share(sequence: int) -> float | None:
            if self.sequences is None or sequence in self.sequences:
                raise KeyError("a mail's text")
            return real.usual_share(sequence)

        return Other(real, usual_share=usual_share)


class Infinite(Scoring):
    """A feature becomes infinite, at these amounts (None: at each)."""

    amounts: set[float] | None = None

    @property
    def model(self) -> Any:  # type: ignore[override]
        real = super().model

        def matrix(features: pd.DataFrame) -> Any:
            made = real.matrix(features)
            made[(features["amount"].isin(self.amounts or set()) | (self.amounts is None)).to_numpy(), 0] = np.inf
            return made

        return Other(real, matrix=matrix)


def ledger(town: Town) -> list[tuple[str, int]]:
    """Status and refusals of each minute."""
    return town.rows("select status, refusals from run_ledger order by landing_seq")  # type: ignore[no-any-return]


def broken(town: Town, kind: type[Any], first_only: bool, **settings: Any) -> Pipeline:
    """The pipeline with that bug: at what the first minute alone brings, or at everything."""
    parts = town.pipeline(**settings).parts
    if issubclass(kind, Database):
        parts.database = kind(parts.settings)
    else:
        parts.scoring = kind(parts.settings, parts.aws, parts.database)
    if isinstance(parts.scoring, BrokenReasons) and first_only:
        parts.scoring.amounts = amounts(town, 0) - amounts(town, 1)
    if isinstance(parts.database, BrokenMails) and first_only:
        parts.database.sequences = {town.pipeline().parts.files.landing.completion(town.batch(0)).landing_seq}
    return Pipeline(parts)


def amounts(town: Town, number: int) -> set[float]:
    """The amounts of a landed minute's payments, as its features have them."""
    return set(a_look(town, number).transform().features["amount"])


def a_payment(town: Town, number: int, amount: float) -> None:
    """A minute with one payment lands."""
    landing, batch = town.pipeline().parts.files.landing, town.at(number)
    time = int(batch.end.timestamp() * 1000) - 1000
    payment = {
        "trans_num": f"t{number}",
        "current_time": time,
        "cc_num": 4532015112830366,
        "merchant": "Kub",
        "amt": amount,
    }
    landing.land(batch, Answer(json.dumps([payment]).encode(), 200, "", town.clock.now()))
    landing.close(batch, now=town.clock.now())


def highest_probability(town: Town, number: int) -> float:
    """Of a landed minute's payments."""
    run = a_look(town, number)
    run.transform()
    return float(run.score().decisions["fraud_probability"].max())


def a_look(town: Town, number: int) -> ScoringRun:
    """A dry run over a landed minute."""
    parts = town.pipeline().parts
    return ScoringRun(
        parts,
        "a-look",
        lambda: list(read_batches(landed_batches(parts.files.landing, [town.batch(number)]), parts.files.landing)),
        claim=False,
    )


@pytest.mark.parametrize("kind", [BrokenReasons, BrokenMails])
def test_a_batch_that_alone_upsets_a_later_step_is_passed(town: Town, kind: type[Any]) -> None:
    """Beside a minute that gets through it counts, five times; then it has failed, and the other is loaded."""
    for number in range(2):
        town.pipeline().extract(town.at(number))
    for count in range(MAX_REFUSALS):
        with pytest.raises(KeyError):
            broken(town, kind, first_only=True).run_minute(town.batch(1))
        assert ledger(town) == [("failed" if count + 1 == MAX_REFUSALS else "landed", count + 1), ("landed", 0)]
    assert broken(town, kind, first_only=True).run_minute(town.batch(1))["batches"] == 1
    error = town.rows("select error from run_ledger where status = 'failed'")[0][0]
    assert error.startswith(f"KeyError in {'score' if kind is BrokenReasons else 'load'}")
    town.pipeline().replay(town.batch(0).minute, town.batch(1).minute)
    assert town.stored() == town.handed_out()


@pytest.mark.parametrize("kind", [BrokenReasons, BrokenMails])
def test_a_fault_of_ours_in_a_later_step_fails_none(town: Town, kind: type[Any]) -> None:
    """Every batch would meet it once it has something flagged: all wait, and one run loads them all."""
    for number in range(MAX_REFUSALS + 2):
        with pytest.raises(KeyError):
            broken(town, kind, first_only=False).run_minute(town.at(number))
    assert set(ledger(town)) == {("landed", 0)}
    town.run(MAX_REFUSALS + 2)
    assert town.stored() == town.handed_out()


def test_an_infinite_feature_passes_the_batch_that_alone_has_one(town: Town) -> None:
    """It holds the queue five times, not for ever; where each batch has one, the model misfits and all wait."""
    for number in range(2):
        town.pipeline().extract(town.at(number))
    parts = town.pipeline().parts
    parts.scoring = Infinite(parts.settings, parts.aws, parts.database)
    for _ in range(MAX_REFUSALS + 1):
        with pytest.raises(ValueError, match="is infinite"):
            Pipeline(parts).run_minute(town.batch(1))
    assert set(ledger(town)) == {("landed", 0)}
    parts.scoring.amounts = amounts(town, 0) - amounts(town, 1)
    for _ in range(MAX_REFUSALS):
        with pytest.raises(ValueError, match="is infinite"):
            Pipeline(parts).run_minute(town.batch(1))
    assert ledger(town) == [("failed", MAX_REFUSALS), ("landed", 0)]
    assert Pipeline(parts).run_minute(town.batch(1))["batches"] == 1


@pytest.mark.parametrize("kind", [BrokenReasons, BrokenMails])
def test_a_minute_with_nothing_flagged_proves_as_if_it_had(town: Town, kind: type[Any]) -> None:
    """A fault of ours at all that is flagged fails no minute, though one in which nothing is flagged gets through."""
    a_payment(town, 0, 500.0)
    a_payment(town, 1, 1.0)
    highest = [highest_probability(town, number) for number in range(2)]
    assert highest[0] > highest[1]
    for _ in range(MAX_REFUSALS + 1):
        with pytest.raises(KeyError):
            broken(town, kind, first_only=False, fraud_threshold=highest[0]).run_minute(town.batch(1))
    assert set(ledger(town)) == {("landed", 0)}
