"""What extract and transform are tested with: an API, a clock and a landing; payments, batches and a database."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
from cryptography.fernet import Fernet

from fraud_common.errors import ApiUnavailable
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import ARRIVAL, EVENT, HISTORY_COLUMNS, UNCHANGED
from fraud_scorer.domain.ports import Answer
from fraud_scorer.features import compute_features
from fraud_scorer.ingest.batch_reader import RawPart
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.ingest.deliveries import KNOWN_COLUMNS
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.steps.transform import BatchInput, TransformConfig, transform

CIPHER = Cipher.from_setting(Fernet.generate_key().decode())
EXTRACTED = Batch.of_id("2026-11-20T10:31Z")
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOKENS = CardTokens.from_setting("k1:" + "old-key9" * 4)
PLAIN = TransformConfig()
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


# --- extract ----------------------------------------------------------------------------------------------------
class FakeClock:
    """Time that passes only by waiting."""

    def __init__(self, now=EXTRACTED.end + timedelta(seconds=1)):
        self.time = now
        self.waits = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


class FakeApi:
    """Gives its answers one after the other (the last one for ever); each call takes a second."""

    def __init__(self, clock, *answers, windowed=False):
        self.windowed = windowed
        self.asked = []
        self._clock, self._answers = clock, list(answers)

    def ask(self, batch, *, deadline):
        self.asked.append(batch.batch_id)
        assert deadline > self._clock.now()
        self._clock.time += timedelta(seconds=1)
        given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(given, Exception):
            raise given
        if isinstance(given, Answer):
            return given
        return Answer(given, 200, "application/json", self._clock.now())


@pytest.fixture
def fake_clock():
    """Makes clocks that begin where a test says, or one second after the minute."""
    return FakeClock


@pytest.fixture
def fake_api():
    """Makes APIs that give these answers."""
    return FakeApi


def _busy(retry_after=None, what="the API answered 429"):
    """A refusal."""
    error = ApiUnavailable(what)
    error.retry_after = retry_after
    return error


@pytest.fixture
def busy():
    """Makes a refusal."""
    return _busy


@pytest.fixture
def landing(tmp_path):
    """A landing that holds nothing yet."""
    return DiskLanding(tmp_path / "landing", CIPHER)


@pytest.fixture
def clock():
    """One second after the minute."""
    return FakeClock()


def _bodies(landing, completion):
    """What landed."""
    return [landing.read(completion.batch, part) for part in completion.parts]


@pytest.fixture
def bodies():
    """Reads what landed."""
    return _bodies


# --- transform --------------------------------------------------------------------------------------------------
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
        for row in payments[~payments["delivery"].isin([UNCHANGED, EVENT])].to_dict("records"):
            earlier = {} if row["delivery"] == ARRIVAL else self.rows.get(row["trans_num"], {})
            first = earlier.get("first_landing_seq", row["landing_seq"])
            self.rows[row["trans_num"]] = row | {"first_landing_seq": first}
            self.versions.append(self.rows[row["trans_num"]])


class FakeModel:
    features = ()

    def matrix(self, features):
        return features.select_dtypes("number").to_numpy(np.float32)


@pytest.fixture
def fake_store():
    """Makes databases in which nothing is known yet."""
    return FakeStore


@pytest.fixture
def store():
    """A database in which nothing is known yet."""
    return FakeStore()


def _payment(number=1, *, at=0, **changes):
    """Payment number `number`, `at` seconds after ten."""
    given = {
        "trans_num": f"t{number}", "cc_num": 4532015112830366, "merchant": "Shop", "category": "misc",
        "amt": 10 + number,
        "lat": 52.5, "long": 13.4, "merch_lat": 52.6, "merch_long": 13.5, "dob": "1976-07-22", "first": "Ada",
        "current_time": int((START + timedelta(seconds=at)).timestamp() * 1000),
    }  # fmt: skip
    return given | changes


@pytest.fixture
def payment():
    """Makes payment number `number`, `at` seconds after ten."""
    return _payment


def _work(minute, *bodies):
    """The batch of a minute after ten; its landing sequence is 100 + minute."""
    received_at = START + timedelta(minutes=minute + 1)
    parts = [
        RawPart(number, received_at, partial(bytes, body if isinstance(body, bytes) else json.dumps(body).encode()))
        for number, body in enumerate(bodies, start=1)
    ]
    return BatchInput(Batch.of_minute(START + timedelta(minutes=minute)), 100 + minute, parts)


@pytest.fixture
def work():
    """Makes the batch of a minute after ten; its landing sequence is 100 + minute."""
    return _work


def _run(works, store, *, tokens=TOKENS, config=PLAIN, rescore=False):
    """Transform these batches."""
    return transform(
        works, store=store, tokens=tokens, model=FakeModel(), compute_features=compute_features, encrypt=CIPHER.encrypt,
        config=config, rescore=rescore,
    )  # fmt: skip


@pytest.fixture
def run():
    """Transforms these batches."""
    return _run


def _deliveries(result):
    """Payment, landing sequence and delivery of each row."""
    return result.payments[["trans_num", "landing_seq", "delivery"]].to_numpy().tolist()


@pytest.fixture
def deliveries():
    """Reads payment, landing sequence and delivery of each row."""
    return _deliveries


@pytest.fixture
def cipher():
    """The one that encrypts what landed and what is in quarantine."""
    return CIPHER
