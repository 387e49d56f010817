"""From landed bytes to the decision: how a batch is delivered, and what lands later, changes no score by one bit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import ARRIVAL, EVENT, HISTORY_COLUMNS, UNCHANGED
from fraud_scorer.features import PROFILE_COLUMNS, compute_features
from fraud_scorer.ingest.batch_reader import RawPart
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.ingest.deliveries import KNOWN_COLUMNS
from fraud_scorer.scoring.artifacts import Artifacts, load_artifacts
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.steps.score import score
from fraud_scorer.steps.transform import BatchInput, TransformConfig, transform

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOKENS = CardTokens.from_setting("k1:" + "old-key9" * 4)
MERCHANTS = [f"Shop {number}" for number in range(5)]
BATCHES = 6
Record = dict[str, Any]
Decisions = dict[tuple[str, int], tuple[bytes, object]]


class RememberingStore:
    """What transform asks of the database, over what ``load`` was given: each payment's versions, in order."""

    def __init__(self) -> None:
        self.versions: list[Record] = []

    def _standing(self, before_seq: float) -> dict[str, Record]:
        return {one["trans_num"]: one for one in self.versions if one["landing_seq"] < before_seq}

    def known(self, trans_nums: Sequence[str]) -> pd.DataFrame:
        standing = self._standing(np.inf)
        return pd.DataFrame([standing[one] for one in trans_nums if one in standing], columns=list(KNOWN_COLUMNS))

    def history(self, card_tokens: Sequence[str], since: datetime, until: datetime, before_seq: int) -> pd.DataFrame:
        rows = [
            one | {"landing_seq": one["first_landing_seq"]}
            for one in self._standing(before_seq).values()
            if one["card_token"] in card_tokens and since <= one["event_time"] < until and one["amount_cents"] >= 0
        ]
        return pd.DataFrame(rows, columns=list(HISTORY_COLUMNS)).astype(HISTORY_COLUMNS)

    def merchant_profiles(self, days: Sequence[object], before_seq: int) -> pd.DataFrame:
        counts = {name: 7 * (place + 1) for place, name in enumerate(PROFILE_COLUMNS[2:])}
        return pd.DataFrame([{"profile_day": day, "merchant": one} | counts for day in days for one in MERCHANTS[:3]])

    def load(self, payments: pd.DataFrame) -> None:
        for row in payments[~payments["delivery"].isin([UNCHANGED, EVENT])].to_dict("records"):
            earlier = {} if row["delivery"] == ARRIVAL else self._standing(np.inf).get(row["trans_num"], {})
            first = earlier.get("first_landing_seq", row["landing_seq"])
            self.versions.append(row | {"first_landing_seq": first})


@pytest.fixture(scope="session")
def model() -> Artifacts:
    """The shipped model."""
    return load_artifacts(Path(__file__).parents[2] / "model" / "artifacts")


def deliveries(seed: int) -> list[list[Record]]:
    """Six minutes of four cards in three currencies: new payments, late ones, repeats and corrections."""
    random = np.random.default_rng(seed)
    minutes: list[list[Record]] = []
    for minute in range(BATCHES):
        names = random.choice(40, size=random.integers(2, 9), replace=False)
        minutes.append([_payment(int(name), minute, random) for name in names])
    return minutes


def _payment(name: int, minute: int, random: np.random.Generator) -> Record:
    at = START + timedelta(seconds=int(random.integers(-90 * 60, 60 * (minute + 1))))
    return {
        "trans_num": f"{name:032x}", "cc_num": 4532015112830366 + name % 4, "merchant": str(random.choice(MERCHANTS)),
        "category": [None, "grocery_pos", "travel"][name % 3], "amt": int(random.integers(-1, 400)),
        "currency": str(random.choice(["USD", "USD", "JPY", "KWD"])), "current_time": int(at.timestamp() * 1000),
        "lat": 52.5, "long": 13.4, "merch_lat": float(random.normal(52, 1)), "merch_long": float(random.normal(13, 1)),
        "dob": "1976-07-22", "city_pop": 1_000 + name % 4,
    }  # fmt: skip


def work(minute: int, *parts: list[Record]) -> BatchInput:
    """The batch of a minute after ten, landed in these parts."""
    at = START + timedelta(minutes=minute + 1)
    raw = [RawPart(n, at, partial(bytes, json.dumps(records).encode())) for n, records in enumerate(parts, start=1)]
    return BatchInput(Batch.of_minute(START + timedelta(minutes=minute)), 100 + minute, raw)


def decide(
    works: Sequence[BatchInput], store: RememberingStore, model: Artifacts, *, rescore: bool = False
) -> Decisions:
    """The decisions of one run over these batches, which it then stores."""
    done = transform(
        works, store=store, tokens=TOKENS, model=model, compute_features=compute_features, encrypt=bytes,
        config=TransformConfig(), rescore=rescore,
    )  # fmt: skip
    scored = done.payments.loc[done.features.index]
    made = score(
        scored["trans_num"], done.features, done.matrix, scored["currency"], model=model,
        scorer=_scorer(model.booster_bytes, len(model.features)), threshold=0.02, reference="test",
    ).decisions  # fmt: skip
    store.load(done.payments)
    keys = zip(scored["trans_num"], scored["landing_seq"], strict=True)
    bits = made[["raw_score", "fraud_probability"]].to_numpy(np.float64)
    return dict(zip(keys, [(row.tobytes(), why) for row, why in zip(bits, made["reasons"], strict=True)], strict=True))


@lru_cache
def _scorer(booster: bytes, width: int) -> LocalScorer:
    return LocalScorer(booster, width=width)


def minute_by_minute(works: Sequence[BatchInput], model: Artifacts) -> Decisions:
    """The decisions of a run a batch."""
    store = RememberingStore()
    return {key: value for one in works for key, value in decide([one], store, model).items()}


@pytest.mark.integration  # takes seconds
def test_a_rescore_sees_the_capture_that_stood_for_a_payment(model):
    """The authorisation lands later: what landed with the capture, and in between, scores the same bits."""
    random = np.random.default_rng(5)
    capture, mate, between, after = (_payment(4 * name, 3, random) | {"amt": 50 + name} for name in range(4))
    at = int(START.timestamp() * 1000)
    capture |= {"type": "capture", "current_time": at}
    mate, between, after = (one | {"current_time": at + 1000 * s} for s, one in enumerate((mate, between, after), 9))
    authorisation = capture | {"type": "authorisation", "amt": 999, "current_time": at - 5000}
    works = [work(0, [capture, mate]), work(1, [between]), work(2, [authorisation, after])]
    store = RememberingStore()
    first = {key: value for one in works for key, value in decide([one], store, model).items()}
    for one in works:
        anew = decide([one], store, model, rescore=True)
        assert anew
        assert anew == {key: first[key] for key in anew}


@pytest.mark.integration  # takes seconds
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.floats(0, 1), min_size=BATCHES, max_size=BATCHES))
def test_a_batch_may_land_in_two_parts(model, seed, cuts):
    """Wherever the delivery is cut, also before its first or after its last payment."""
    minutes = deliveries(seed)
    whole = minute_by_minute([work(minute, records) for minute, records in enumerate(minutes)], model)
    places = [round(cut * len(records)) for cut, records in zip(cuts, minutes, strict=True)]
    parts = [work(number, minutes[number][:place], minutes[number][place:]) for number, place in enumerate(places)]
    assert minute_by_minute(parts, model) == whole
    assert whole


@pytest.mark.integration  # takes seconds
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_rows_of_a_batch_may_come_in_any_order(model, seed):
    """Inside a batch the event time orders, then the id."""
    minutes = deliveries(seed)
    shuffled = [list(np.random.default_rng(seed).permutation(np.array(one, object))) for one in minutes]
    whole = minute_by_minute([work(minute, records) for minute, records in enumerate(minutes)], model)
    assert minute_by_minute([work(minute, records) for minute, records in enumerate(shuffled)], model) == whole


@pytest.mark.integration  # takes seconds
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000), last=st.integers(1, BATCHES - 1))
def test_what_lands_later_changes_no_score(model, seed, last):
    """Late payments, corrections and new cards after a batch: in the same run, or stored before it is decided anew."""
    works = [work(minute, records) for minute, records in enumerate(deliveries(seed))]
    alone = minute_by_minute(works[:last], model)
    together = decide(works, RememberingStore(), model)
    assert {key: value for key, value in together.items() if key[1] < 100 + last} == alone
    store = RememberingStore()
    for one in works:
        decide([one], store, model)
    anew = decide(works[:last], store, model, rescore=True)
    assert anew == {key: alone[key] for key in anew}
