"""Days compared with the model's training, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import psycopg2.extensions
import psycopg2.extras
import pytest

from fraud_scorer.features.declared import FEATURES, LOOK_BACK_DAYS, NUMBER_FEATURES
from fraud_scorer.features.drift import drift_reference
from fraud_scorer.settings import Settings
from fraud_scorer.use_cases.drift import catch_up, compare, drift
from fraud_scorer.use_cases.morning_report import daily_report_text
from fraud_scorer.wiring import Parts

Pay = Callable[..., None]
DAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
COLUMNS = [*NUMBER_FEATURES, "category=home", "category=travel"]


class Clock:
    """A clock that stands still."""

    def now(self) -> datetime:
        """The time."""
        return NOW

    def sleep(self, seconds: float) -> None:
        """No time passes."""


def draw(rows: int, seed: int) -> pd.DataFrame:
    """Features of so many payments of one population."""
    random = np.random.default_rng(seed)
    numbers = {name: random.gamma(2.0, 50.0, rows).astype(np.float32) for name in NUMBER_FEATURES}
    return pd.DataFrame(numbers).assign(category=random.choice(["home", "travel"], rows))


def manifest(folder: Path, **changes: object) -> Path:
    """A model folder as far as comparing reads it."""
    features = draw(5_000, 1)
    reference = {"rows": "test period", "payments": 5_000, "from": "2026-06-01T00:00:00Z",
                 "until": "2026-06-09T00:00:00Z", **drift_reference(features, np.full(5_000, 0.2))}  # fmt: skip
    content = {
        "format": 1, "files": {}, "features": [{"name": one.name, "dtype": one.dtype} for one in FEATURES],
        "matrix_columns": COLUMNS, "library_versions": {}, "calibration": {"raw": [0, 1], "probability": [0, 1]},
        "recommended_threshold": 0.5, "usual": {}, "reference": reference,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(content | changes))
    return folder


@pytest.fixture
def parts(postgres_url: str, tmp_path: Path) -> Parts:
    """The library on this database, with a model that has a reference."""
    settings = Settings(
        _env_file=None,
        fraud_db_url=postgres_url,
        fraud_artifacts=manifest(tmp_path / "model"),
        alert_recipients="a@b.c",
    )
    return Parts(settings, Clock())


@pytest.fixture
def cursor(postgres_url: str) -> Iterator[psycopg2.extensions.cursor]:
    """The database, each statement a transaction."""
    connection = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as opened:
        yield opened
    connection.close()


@pytest.fixture
def pay(cursor: psycopg2.extensions.cursor, parts: Parts) -> Pay:
    """Store a day's scored payments, spread over its hours."""
    from fraud_scorer.scoring.manifest import read_manifest

    def stored(day: date, rows: int = 2_000, *, model: str = "", seed: int = 2, **columns: object) -> None:
        features = draw(rows, seed).assign(**columns)
        hot = {f"category={value}": (features["category"] == value).astype(np.float32) for value in ("home", "travel")}
        matrix = features[list(NUMBER_FEATURES)].assign(**hot).to_numpy(np.float32)
        given = [None if pd.isna(category) else category for category in features["category"]]
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        decided_by = model or read_manifest(parts.settings.fraud_artifacts)[1]
        values = [
            (f"{day}-{number}", start + timedelta(seconds=86_399 * number / rows),
             [None if np.isnan(value) else float(value) for value in matrix[number]], category, decided_by)
            for number, category in enumerate(given)
        ]  # fmt: skip
        psycopg2.extras.execute_values(
            cursor,
            "insert into payments_scored (trans_num, event_time, features, category, model_hash, fraud_probability, "
            "threshold, first_batch_id, first_landing_seq, batch_id, landing_seq, body_hash, amount_cents, currency, "
            "card_token, card_key_id, card_last4, merchant) values %s",
            values,
            template="(%s, %s, %s::real[], %s, %s, 0.2, 0.5, 'b', 1, 'b', 1, '', 100, 'USD', 't', 'k', '4512', 'm')",
        )

    return stored


def by_feature(done: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A compared day's features by name."""
    return {one["feature"]: one for one in done["features"]}


def test_an_ordinary_day_is_stable_and_a_shifted_feature_has_drifted(parts: Parts, pay: Pay) -> None:
    """Every declared feature but the weekday, and the score; the farthest first."""
    pay(DAY - timedelta(days=60), 1)
    pay(DAY, amount=np.random.default_rng(5).gamma(2.0, 110.0, 2_000))
    done = drift(parts, DAY)["days"][0]
    assert (done["payments"], done["compared"], done["is_over"]) == (2_000, 2_000, True)
    assert len(done["features"]) == len(FEATURES)  # the weekday is not in, the score is
    assert done["features"][0]["feature"] == "amount"
    found = by_feature(done)
    assert found["amount"]["psi"] > 0.25
    assert found["amount"]["state"] == "drifted"
    assert {one["state"] for name, one in found.items() if name != "amount"} == {"stable"}
    assert sum(found["category"]["day_shares"]) == pytest.approx(1, abs=1e-4)


def test_what_is_missing_is_counted(parts: Parts, pay: Pay) -> None:
    """Numbers that are null in the stored row, and categories that were not given."""
    holes = np.where(np.arange(2_000) % 2 == 0, np.nan, 100.0)
    pay(DAY - timedelta(days=60), 1)
    pay(DAY, city_pop=holes, category=[None, "home"] * 1_000)
    found = by_feature(drift(parts, DAY)["days"][0])
    for name in ("city_pop", "category"):
        assert found[name]["missing_share"] == 0.5
        assert found[name]["state"] == "drifted"


def test_missed_days_are_caught_up_once(parts: Parts, pay: Pay, cursor: psycopg2.extensions.cursor) -> None:
    """Whole days with payments, oldest first, within five weeks; today is not over, and what is kept stays."""
    for ago in (60, 3, 1):
        pay(DAY - timedelta(days=ago), 600)
    pay(DAY + timedelta(days=1), 600)
    done = drift(parts)
    assert [one["day"] for one in done["days"]] == ["2026-11-16", "2026-11-18"]
    again = drift(parts)
    assert again["days"] == []
    assert "compared before" in again["note"]
    cursor.execute("select count(*), count(distinct day) from feature_drift")
    assert cursor.fetchall() == [(2 * len(FEATURES), 2)]


def test_comparing_a_day_again_replaces_what_is_kept(
    parts: Parts, pay: Pay, cursor: psycopg2.extensions.cursor
) -> None:
    """The same rows twice; and today, as far as it has come, is whole tomorrow."""
    today = DAY + timedelta(days=1)
    pay(DAY, 600)
    pay(today, 600)
    first = drift(parts, today)["days"][0]
    assert drift(parts, today)["days"][0] == first
    assert first["is_over"] is False
    assert not {"hour_local", "is_night", "weekday_local"} & by_feature(first).keys()
    cursor.execute("select day, whole_day, payments from drift_days")
    assert cursor.fetchall() == [(today, False, 600)]


def test_of_a_big_day_a_sample_is_compared_and_counted(parts: Parts, pay: Pay) -> None:
    """The same payments each time; how many stands beside how many there were."""
    pay(DAY)
    done = drift(parts, DAY, most=700)["days"][0]
    assert done["payments"] == 2_000
    assert 500 < done["compared"] < 850
    assert drift(parts, DAY, most=700)["days"][0] == done


def test_refunds_and_other_models_payments_are_left_out(
    parts: Parts, pay: Pay, cursor: psycopg2.extensions.cursor
) -> None:
    """A refund has no features; another model's columns may mean something else."""
    pay(DAY, 600)
    cursor.execute("update payments_scored set amount_cents = -5, features = null, model_hash = null "
                   "where trans_num like '%-1'")  # fmt: skip
    cursor.execute("update payments_scored set model_hash = 'other' where trans_num like '%-2'")
    done = drift(parts, DAY)["days"][0]
    assert (done["payments"], done["compared"]) == (599, 598)


def test_another_models_day_says_so(parts: Parts, pay: Pay) -> None:
    """Nothing is compared, and the day is not tried every morning."""
    pay(DAY, 600, model="other")
    assert "another model" in drift(parts, DAY)["note"]
    assert drift(parts)["days"] == []


def test_a_model_without_reference_has_an_unknown_drift(parts: Parts, pay: Pay, tmp_path: Path) -> None:
    """With the cure; no index is invented."""
    manifest(tmp_path / "model", reference=None)
    pay(DAY, 600)
    done = drift(parts)
    assert "fraud-scorer train" in done["note"]
    assert done["days"][0]["features"] == []


def test_few_payments_and_a_short_history_are_not_called_drift(parts: Parts, pay: Pay) -> None:
    """Below 500 payments chance moves the index; what looks back further than there are payments is marked."""
    pay(DAY, 100)
    assert {one["state"] for one in drift(parts, DAY)["days"][0]["features"]} == {"too_few"}
    found = by_feature(drift(parts, DAY)["days"][0])
    assert not found["amount"]["is_young"]
    assert found["card_count_7d"]["is_young"]
    pay(DAY - timedelta(days=LOOK_BACK_DAYS + 7), 1)
    assert not any(one["is_young"] for one in drift(parts, DAY)["days"][0]["features"])


def test_the_first_day_is_not_judged_by_its_hours(parts: Parts, pay: Pay) -> None:
    """It began when the first payment came."""
    pay(DAY, 600)
    assert not {"hour_local", "is_night"} & by_feature(drift(parts, DAY)["days"][0]).keys()


def test_a_day_whose_batches_wait_is_compared_when_they_are_loaded(
    parts: Parts, pay: Pay, cursor: psycopg2.extensions.cursor
) -> None:
    """After an outage a part of the day says which part; by hand it is compared without its hours, and not for good."""
    pay(DAY - timedelta(days=60), 1)
    pay(DAY, 600)
    cursor.execute("insert into run_ledger (batch_id, kind, minute, status) values "
                   "('2026-11-19T23:10Z', 'minute', '2026-11-19T23:10Z', 'landed')")  # fmt: skip
    assert drift(parts)["days"] == []
    assert not {"hour_local", "is_night"} & by_feature(drift(parts, DAY)["days"][0]).keys()
    cursor.execute("select whole_day from drift_days")
    assert cursor.fetchall() == [(False,)]
    cursor.execute("update run_ledger set status = 'done'")
    assert "hour_local" in by_feature(drift(parts)["days"][0])
    cursor.execute("select whole_day from drift_days")
    assert cursor.fetchall() == [(True,)]
    assert drift(parts)["days"] == []


def test_batches_of_other_days_keep_no_day_waiting(parts: Parts, pay: Pay, cursor: psycopg2.extensions.cursor) -> None:
    """Minutes of this morning are about this morning."""
    pay(DAY, 600)
    cursor.execute("insert into run_ledger (batch_id, kind, minute, status) values "
                   "('2026-11-20T00:00Z', 'minute', '2026-11-20T00:00Z', 'landed')")  # fmt: skip
    assert [one["day"] for one in drift(parts)["days"]] == ["2026-11-19"]


def test_the_first_day_is_compared_once_and_never_called_whole(
    parts: Parts, pay: Pay, cursor: psycopg2.extensions.cursor
) -> None:
    """It is compared again only when payments of it came later."""
    pay(DAY, 600)
    assert len(drift(parts)["days"]) == 1
    cursor.execute("select whole_day from drift_days")
    assert cursor.fetchall() == [(False,)]
    assert drift(parts)["days"] == []
    cursor.execute("update drift_days set payments = 500")
    assert len(drift(parts)["days"]) == 1


def test_the_morning_mail_names_what_drifted(parts: Parts, pay: Pay) -> None:
    """In one line with a link; a day without drift has no such line."""
    pay(DAY - timedelta(days=60), 1)
    pay(DAY - timedelta(days=1))
    pay(DAY, seed=3, amount=np.random.default_rng(5).gamma(2.0, 110.0, 2_000))
    catch_up(parts)
    assert "1 feature drifted from the model's training: amount (PSI 1." in daily_report_text(parts, DAY)
    assert "/model?feature=amount" in daily_report_text(parts, DAY)
    assert "drifted" not in daily_report_text(parts, DAY - timedelta(days=1))


def test_catching_up_never_fails_its_caller(tmp_path: Path, nobody_listens: str) -> None:
    """An import that is done stays done, whatever becomes of comparing."""
    settings = Settings(_env_file=None, fraud_db_url=nobody_listens, fraud_artifacts=manifest(tmp_path / "model"))
    catch_up(Parts(settings, Clock()))


def test_every_text_feature_is_read() -> None:
    """drift/sample.sql selects them by name; one more declared has to be selected too."""
    texts = [one.name for one in FEATURES if one.dtype == "str"]
    assert texts == ["category"]
    reference = drift_reference(draw(1_000, 1), np.full(1_000, 0.2))
    sample = draw(1_000, 2).assign(fraud_probability=0.2)
    assert len(list(compare(sample, reference, ()))) == len(FEATURES) + 1


@pytest.fixture
def nobody_listens() -> str:
    """A database URL that refuses connections."""
    return "postgresql+psycopg2://fraud:secret@127.0.0.1:9/fraud_db"
