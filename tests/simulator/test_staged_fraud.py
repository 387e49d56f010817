"""The staged spree."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd

from payments_simulator.payments import PUBLIC_COLUMNS
from payments_simulator.sources import WithStaged
from payments_simulator.staged_fraud import REST_SECONDS, staged_payments
from payments_simulator.stream import Stream

START = 1_795_170_720


def test_spree_is_obvious_and_soon(stream: Stream) -> None:
    """Within five minutes of the start two cards are plundered and one is tested, minute by minute."""
    staged = staged_payments(stream, START, None)
    assert staged["unix_time"].between(START + 60, START + 299).all()
    assert staged.groupby("fraud_kind")["cc_num"].nunique().to_dict() == {"card_testing": 1, "stolen_card": 2}
    assert staged.query("fraud_kind == 'stolen_card'").groupby("cc_num")["amt"].sum().min() > 1000
    assert (staged["is_fraud"] == 1).all()


def test_spree_comes_on_top(stream: Stream) -> None:
    """The regular payments of the window are all there, and the staged ones among them by time."""
    staged = staged_payments(stream, START, None)
    source = WithStaged(stream, staged)
    both, regular = source.frame(START, START + 300), stream.frame(START, START + 300)
    assert sorted(both["trans_num"]) == sorted([*regular["trans_num"], *staged["trans_num"]])
    assert both["unix_time"].is_monotonic_increasing
    assert list(both.columns) == [*PUBLIC_COLUMNS, "fraud_kind"]
    assert both["cc_num"].dtype == "int64"
    pd.testing.assert_frame_equal(source.frame(START - 300, START), stream.frame(START - 300, START))


def test_restart_answers_as_before(stream: Stream, tmp_path: Path) -> None:
    """A restart soon after stages nothing new; a later one a new spree, and keeps the old."""
    first = staged_payments(stream, START, tmp_path)
    soon = staged_payments(stream, START + 120, tmp_path)
    pd.testing.assert_frame_equal(soon, first)
    later = staged_payments(stream, START + REST_SECONDS, tmp_path)
    assert len(later) == 2 * len(first)
    assert later["trans_num"].is_unique
    pd.testing.assert_frame_equal(later.head(len(first)), first)


def test_spree_over_http(stream: Stream, serve: Callable[..., AbstractContextManager[Any]], tmp_path: Path) -> None:
    """The API hands the spree out within its windows, before and after a restart the same."""
    answers = []
    for _ in range(2):
        with serve(WithStaged(stream, staged_payments(stream, START, tmp_path))) as simulator:
            simulator.clock[0] = START + 600
            query = {"start": "2026-11-20T10:33:00Z", "end": "2026-11-20T10:38:00Z"}
            answers.append(simulator.get(**query).content)
            frauds = [row for row in simulator.rows(simulator.get(**query)) if row["is_fraud"]]
            assert len(frauds) >= 30
    assert answers[0] == answers[1]
