"""A file played as if it happened now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from payments_simulator.errors import SimulatorError
from payments_simulator.payments import PUBLIC_COLUMNS
from payments_simulator.replay import open_replay, read
from payments_simulator.stream import Stream

START = 1_795_170_600  # 2026-11-20 10:30 UTC


@pytest.fixture
def past(stream: Stream) -> pd.DataFrame:
    """Ten minutes of years ago, in the public schema; unix_time is years off, as in the public set."""
    frame = stream.frame(1_592_741_000, 1_592_741_600)[PUBLIC_COLUMNS]
    return frame.assign(unix_time=frame["unix_time"] - 220_898_664)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_plays_from_the_start(past: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
    """The file's first payment happens at the server's start, the others as far from it as they were."""
    path = tmp_path / f"past.{suffix}"
    past.to_csv(path, index=False) if suffix == "csv" else past.to_parquet(path)
    played = open_replay(path, START, None).frame(START, START + 500)
    gaps = past["unix_time"] - past["unix_time"].iloc[0]
    expected = past[gaps < 500]
    assert list(played["trans_num"]) == list(expected["trans_num"])
    assert list(played["unix_time"]) == [START + gap for gap in gaps[gaps < 500]]
    assert played["trans_date_trans_time"].iloc[0] == "2026-11-20 10:30:00"
    assert list(played["cc_num"]) == list(expected["cc_num"])
    assert list(played["zip"]) == list(expected["zip"])


def test_begins_anew_with_other_ids(past: pd.DataFrame, tmp_path: Path) -> None:
    """After the last payment the file begins again; each round's payments have ids of their own, always the same."""
    path = tmp_path / "past.parquet"
    past.to_parquet(path)
    replay = open_replay(path, START, None)
    two = replay.frame(START, START + 2 * replay.period_seconds)
    assert len(two) == 2 * len(past)
    assert two["trans_num"].is_unique
    assert two["trans_num"].str.fullmatch("[0-9a-f]{32}").all()
    parts = [replay.frame(at, at + 60) for at in range(START, START + 2 * replay.period_seconds, 60)]
    together = pd.concat(parts).query(f"unix_time < {START + 2 * replay.period_seconds}")
    assert list(together["trans_num"]) == list(two["trans_num"])
    assert len(replay.frame(START - 600, START)) == 0


def test_restart_goes_on(past: pd.DataFrame, tmp_path: Path) -> None:
    """With a state folder a restart goes on where the file is, not from its beginning."""
    path = tmp_path / "past.parquet"
    past.to_parquet(path)
    first = open_replay(path, START, tmp_path).frame(START, START + 600)
    again = open_replay(path, START + 240, tmp_path).frame(START, START + 600)
    pd.testing.assert_frame_equal(first, again)


def test_over_http(past: pd.DataFrame, tmp_path: Path, serve: Callable[..., AbstractContextManager[Any]]) -> None:
    """Windows and samples are answered from the file; a column it lacks is null, not zero."""
    path = tmp_path / "past.csv"
    past.drop(columns=["city_pop", "job"]).to_csv(path, index=False)
    with serve(open_replay(path, START, None)) as simulator:
        answered = simulator.payments()
        gaps = past["unix_time"] - past["unix_time"].iloc[0]
        assert len(answered) == ((gaps >= 60) & (gaps < 120)).sum()
        assert {row["city_pop"] for row in answered} == {None}
        assert {row["job"] for row in answered} == {None}
        assert all(isinstance(row["cc_num"], int) for row in answered)
        assert len(simulator.rows(simulator.get())) == 1


def test_unusable_files(past: pd.DataFrame, tmp_path: Path) -> None:
    """A file that is absent, lacks columns, is empty or no table is refused in one sentence that names it."""
    (tmp_path / "text.parquet").write_text("no table")
    past.drop(columns="amt").to_csv(tmp_path / "narrow.csv", index=False)
    past.head(0).to_csv(tmp_path / "empty.csv", index=False)
    past.assign(trans_date_trans_time="soon").to_csv(tmp_path / "times.csv", index=False)
    for name in ("absent.csv", "text.parquet", "narrow.csv", "empty.csv", "times.csv"):
        with pytest.raises(SimulatorError, match=name):
            read(tmp_path / name)
