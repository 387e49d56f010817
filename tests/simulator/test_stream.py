"""The stream of payments: a pure function of the world and the time."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from payments_simulator.payments import FRAUD_KINDS, PUBLIC_COLUMNS
from payments_simulator.stream import Stream, World, fraud_kind

END = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
DAY = 86_400


@pytest.fixture(scope="module")
def week(stream: Stream) -> pd.DataFrame:
    """The seven days before END."""
    return pd.concat(stream.chunks(END - 7 * DAY, END), ignore_index=True)


def test_same_world_same_payments(week: pd.DataFrame) -> None:
    """Another process with the same seed and pace draws the same payments, to the last field."""
    again = Stream(World(seed=11, rate=20)).frame(END - DAY, END)
    expected = week[week["unix_time"] >= END - DAY].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, expected)


def test_other_seed_other_payments(stream: Stream) -> None:
    """Two seeds share no payment and hardly a card number."""
    other = Stream(World(seed=12, rate=20)).frame(END - 3600, END)
    mine = stream.frame(END - 3600, END)
    assert not set(mine["trans_num"]) & set(other["trans_num"])
    assert mine["cc_num"].isin(other["cc_num"]).mean() < 0.01


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("seconds", [1, 60, 61, 3600, 5 * 3600 + 7])
def test_windows_add_up(stream: Stream, week: pd.DataFrame, seconds: int) -> None:
    """Consecutive windows of any length hold each payment once, and exactly those of their time."""
    start, end = END - 2 * DAY + 1234, END - 2 * DAY + 1234 + 6 * seconds
    parts = pd.concat([stream.frame(at, at + seconds) for at in range(start, end, seconds)], ignore_index=True)
    whole = week[(week["unix_time"] >= start) & (week["unix_time"] < end)].reset_index(drop=True)
    assert list(parts["trans_num"]) == list(whole["trans_num"])
    pd.testing.assert_frame_equal(parts, whole, check_dtype=False)


def test_empty_window(stream: Stream) -> None:
    """A window without time has no payments, and the columns all the same."""
    empty = stream.frame(END, END)
    assert len(empty) == 0
    assert list(empty.columns) == [*PUBLIC_COLUMNS, "fraud_kind"]


def test_pace_and_fraud_share(week: pd.DataFrame) -> None:
    """The week brings its pace, and 0.4 to 0.6 % fraud of all five kinds."""
    assert len(week) == pytest.approx(7 * 1440 * 20, rel=0.02)
    assert 0.004 <= week["is_fraud"].mean() <= 0.006
    assert set(week["fraud_kind"]) == set(FRAUD_KINDS)
    assert ((week["fraud_kind"] != "") == (week["is_fraud"] == 1)).all()


def test_identifiers(week: pd.DataFrame) -> None:
    """``trans_num`` is 32 hex and unique; card numbers are integers, some beyond what a float holds."""
    assert week["trans_num"].is_unique
    assert week["trans_num"].str.fullmatch("[0-9a-f]{32}").all()
    assert week["cc_num"].dtype == np.int64
    assert (week["cc_num"] > 2**53).mean() > 0.05
    per_card = week.groupby("cc_num")[["first", "last", "dob", "street", "lat", "job"]].nunique()
    assert (per_card == 1).all(axis=None)


def test_fields_are_possible(week: pd.DataFrame) -> None:
    """Amounts, places and times are what a strict reader accepts."""
    assert week["amt"].between(1, 100_000).all()
    assert np.allclose(week["amt"] * 100, np.round(week["amt"] * 100), atol=1e-6)
    assert week["merch_lat"].between(-90, 90).all()
    assert week["merch_long"].between(-180, 180).all()
    assert week["category"].nunique() == 14
    assert not week.isna().any(axis=None)
    seconds = pd.to_datetime(week["trans_date_trans_time"]).to_numpy().astype("datetime64[s]").astype(np.int64)
    assert (seconds == week["unix_time"]).all()


def test_some_frauds_look_honest_and_some_honest_payments_odd(week: pd.DataFrame) -> None:
    """Neither amount nor hour nor distance alone tells fraud from honest payments."""
    fraud, honest = week[week["is_fraud"] == 1], week[week["is_fraud"] == 0]
    hour = pd.to_datetime(week["trans_date_trans_time"]).dt.hour
    assert 0.1 < (fraud["amt"] < 100).mean() < 0.6
    assert (honest["amt"] > 500).sum() > len(fraud)
    assert hour[honest.index].isin([22, 23, 0, 1, 2, 3]).mean() > 0.1
    away = (honest["lat"] - honest["merch_lat"]).abs() > 3
    assert away.sum() > len(fraud)


@pytest.mark.integration  # takes seconds
def test_compromised_merchant_is_shared(week: pd.DataFrame, stream: Stream) -> None:
    """The cards misused after a breach had all paid at one merchant before."""
    before = stream.frame(END - 14 * DAY, END - 7 * DAY)
    everything = pd.concat([before, week])
    honest = everything[everything["is_fraud"] == 0].groupby("cc_num")["merchant"].agg(set)
    victims = week.loc[week["fraud_kind"] == "compromised_merchant", "cc_num"].unique()
    common = pd.Series([name for card in victims for name in honest.get(card, ())]).value_counts(normalize=True)
    usual = pd.Series([name for names in honest for name in names]).value_counts(normalize=True)
    assert (common / usual.reindex(common.index)).head(3).max() > 3


def test_fraud_kind_names_the_kinds(week: pd.DataFrame) -> None:
    """Tests can ask which kind of fraud a payment is; the payload does not say."""
    kinds = fraud_kind(
        World(seed=11, rate=20), datetime.fromtimestamp(END - DAY, UTC), datetime.fromtimestamp(END, UTC)
    )
    frauds = week[(week["unix_time"] >= END - DAY) & (week["is_fraud"] == 1)]
    assert kinds == dict(zip(frauds["trans_num"], frauds["fraud_kind"], strict=True))


@pytest.mark.parametrize("rate", [0.5, 2, 1000])
def test_paces(rate: float) -> None:
    """Slow and fast worlds keep their pace; the number of cards follows it."""
    world = World(seed=3, rate=rate)
    hours = 1 if rate > 100 else 24
    payments = Stream(world).between(END - hours * 3600, END)
    assert len(payments) == pytest.approx(rate * 60 * hours, rel=0.35)
    assert payments.card.max() < world.card_count
    assert (np.diff(payments.time) >= 0).all()


def test_local_clock() -> None:
    """People live by the world's clock: at local night fewer pay."""
    world = Stream(World(seed=3, rate=40, time_zone="America/Los_Angeles"))
    times = world.between(END - 2 * DAY, END).time
    local = pd.to_datetime(times, unit="s", utc=True).tz_convert("America/Los_Angeles").hour
    assert local.isin([15, 16, 17, 18]).sum() > 1.4 * local.isin([2, 3, 4, 5]).sum()
