"""Past payments as a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from payments_simulator import history
from payments_simulator.payments import PUBLIC_COLUMNS
from payments_simulator.stream import Stream

END = 1_795_170_720


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_history_goes_over_into_the_live_stream(stream: Stream, tmp_path: Path, file_format: str) -> None:
    """The file ends where the API goes on: no payment in both, none lost between them."""
    path = tmp_path / f"past.{file_format}"
    written = history.write(stream, END - 6 * 3600, END, path, file_format)
    read = pd.read_parquet if file_format == "parquet" else pd.read_csv
    past = read(path)
    live = stream.frame(END, END + 3600)
    whole = stream.frame(END - 6 * 3600, END + 3600)
    assert list(past.columns) == PUBLIC_COLUMNS
    assert len(past) == written
    assert [*past["trans_num"], *live["trans_num"]] == list(whole["trans_num"])
    assert past["cc_num"].tolist() == whole["cc_num"].tolist()[: len(past)]
    assert past["cc_num"].dtype == "int64"


@pytest.mark.integration  # takes seconds
def test_parts_join(stream: Stream, tmp_path: Path) -> None:
    """A file written in many parts is the file written at once, and the progress counts up to its rows."""
    seen: list[int] = []
    start = END - 8 * 3600
    written = 0
    for frame in stream.chunks(start, END, payments=1000):
        written += len(frame)
        seen.append(written)
    assert len(seen) == 8
    assert written == len(stream.between(start, END))


def test_failed_write_leaves_nothing(stream: Stream, tmp_path: Path) -> None:
    """A write that breaks off leaves neither half a file nor a part behind."""

    def broken(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        history.write(stream, END - 60, END, tmp_path / "past.parquet", "parquet", broken)
    assert list(tmp_path.iterdir()) == []
