"""The stage: what one task wrote is what the next one reads, or it is rebuilt."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.landing.stage_files import Stage

RUN = "scheduled__2026-11-20T10:31:00+00:00"


@pytest.fixture
def stage(tmp_path):
    """An empty stage."""
    return Stage(tmp_path / "stage")


@pytest.fixture
def frame():
    """Every dtype the steps use, with nulls, on an index that is no range."""
    return pd.DataFrame(
        {
            "trans_num": pd.array(["a", None, "c"], dtype="str"),
            "event_time": pd.to_datetime(["2026-11-20T10:31:00.000001Z"] * 3).as_unit("us"),
            "amount_cents": np.array([1, -(2**62), 2**62]),
            "city_pop": pd.array([1, None, 3], dtype="Int64"),
            "payload_is_fraud": pd.array([True, None, False], dtype="boolean"),
            "body_hash": pd.Series([b"\x00\xff", b"", None], dtype=object).to_numpy(),
            "reasons": pd.Series([[{"code": "far", "value": 1}, {"code": "big", "value": "x"}], None, []]).to_numpy(),
            "feature": np.array([np.nan, 0.1, np.inf], dtype=np.float32),
        },
        index=[3, 5, 8],
    )


def test_frames_come_back_bit_for_bit(stage, frame):
    """Values, dtypes and index; empty frames too."""
    stage.write(RUN, "t1", "transform", {"payments": frame, "none": frame.iloc[:0], "bare": pd.DataFrame(index=[1])})

    read = stage.read(RUN, "t1", "transform")

    pd.testing.assert_frame_equal(read["payments"], frame)
    pd.testing.assert_frame_equal(
        read["none"][["trans_num", "amount_cents"]], frame.iloc[:0][["trans_num", "amount_cents"]]
    )
    assert read["bare"].index.tolist() == [1]


def test_the_latest_attempt_is_in_force(stage, frame):
    """A second attempt takes over; each reads its own work only."""
    assert stage.current(RUN) is None
    for token in ("t1", "t2"):
        stage.begin(RUN, token)
        stage.write(RUN, token, "transform", {"payments": frame.assign(trans_num=token)})

    assert stage.current(RUN) == "t2"
    assert stage.read(RUN, "t1", "transform")["payments"]["trans_num"].iloc[0] == "t1"
    assert stage.current("another run") is None


def test_written_twice_the_later_stands(stage, frame):
    """A repeated task replaces its own work."""
    for amount in (1, 2):
        stage.write(RUN, "t1", "score", {"decisions": frame.assign(amount_cents=amount)})

    assert stage.read(RUN, "t1", "score")["decisions"]["amount_cents"].tolist() == [2, 2, 2]


@pytest.mark.parametrize("harm", ["missing", "cut", "notes"])
def test_what_cannot_be_read_is_missing(stage, frame, tmp_path, harm):
    """No error: the caller rebuilds it from landing."""
    stage.write(RUN, "t1", "transform", {"payments": frame})
    path = next((tmp_path / "stage").rglob("payments.parquet"))
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        next((tmp_path / "stage").rglob("json-columns.json")).write_text("{")

    assert stage.read(RUN, "t1", "transform") is None
    assert stage.read(RUN, "t2", "transform") is None


def test_runs_stay_in_their_folder(stage, frame, tmp_path):
    """A run's name is never a path."""
    stage.begin("../../outside", "t")
    stage.write("..", "t", "transform", {"payments": frame})

    assert sorted(path.name for path in tmp_path.iterdir()) == ["stage"]
    assert stage.current("../../outside") == "t"


def test_only_its_owner_sees_the_stage(stage, frame, tmp_path):
    """It holds what is known of card holders."""
    stage.begin(RUN, "t1")
    assert (tmp_path / "stage").stat().st_mode & 0o077 == 0


def test_old_runs_are_purged(stage, frame):
    """A run that nobody touched for an hour goes; a fresh one stays; one that is dropped is gone."""
    stage.begin(RUN, "t1")
    now = datetime.now(UTC)

    assert stage.purge(now=now + timedelta(minutes=50)) == 0
    assert stage.purge(now=now + timedelta(minutes=70)) == 1
    assert stage.current(RUN) is None
    stage.begin(RUN, "t2")
    stage.drop(RUN)
    assert stage.current(RUN) is None


def test_dropping_an_attempt_leaves_the_one_in_force(stage, frame):
    """The one that another took over loses its own frames alone; the one in force takes everything with it."""
    for token in ("t1", "t2"):
        stage.begin(RUN, token)
        stage.write(RUN, token, "transform", {"payments": frame})
    stage.drop(RUN, "t1")
    assert stage.read(RUN, "t1", "transform") is None
    assert stage.read(RUN, "t2", "transform") is not None
    stage.begin(RUN, "t3")
    stage.drop(RUN, "t3")
    assert stage.current(RUN) is None
    assert stage.read(RUN, "t2", "transform") is None
