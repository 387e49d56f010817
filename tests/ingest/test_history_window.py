"""What a run asks for of the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from fraud_scorer.domain.frames import HISTORY_COLUMNS, NEW
from fraud_scorer.ingest.deliveries import empty_frame
from fraud_scorer.ingest.history_window import CardHistory

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LOOK_BACK = timedelta(days=37)
KNOWN = pd.DataFrame({"trans_num": [], "landing_seq": [], "first_landing_seq": []})


class Asked:
    """A store that notes what it is asked for; each card has one earlier payment."""

    def __init__(self) -> None:
        self.windows: list[tuple[set[str], datetime, datetime]] = []

    def history(self, card_tokens: Sequence[str], since: datetime, until: datetime, before_seq: int) -> pd.DataFrame:
        """HISTORY_COLUMNS."""
        self.windows.append((set(card_tokens), since, until))
        rows = empty_frame(HISTORY_COLUMNS).reindex(range(len(card_tokens)))
        return rows.assign(card_token=pd.array(list(card_tokens), "str"), landing_seq=1)


def payments(*cards_and_days_ago: tuple[str, float]) -> pd.DataFrame:
    """New payments of one batch."""
    cards, days_ago = zip(*cards_and_days_ago, strict=True)
    times = pd.to_datetime([NOW - timedelta(days=days) for days in days_ago], utc=True)
    return pd.DataFrame({
        "trans_num": pd.array([f"t{number}" for number in range(len(cards))], "str"),
        "card_token": pd.array(cards, "str"), "event_time": times,
        "kind": "purchase", "amount_cents": np.full(len(cards), 100), "landing_seq": np.full(len(cards), 9),
        "delivery": NEW,
    })  # fmt: skip


def test_a_payment_of_long_ago_widens_no_other_cards_window() -> None:
    """Its own card's past is asked for apart, and both come together."""
    store = Asked()
    [view] = CardHistory(store, KNOWN, {}, LOOK_BACK).views(payments(("a", 0), ("b", 0.5), ("old", 9000), ("old", 0)))  # type: ignore[arg-type]
    until = NOW + timedelta(microseconds=1)
    assert store.windows == [
        ({"a", "b"}, NOW - timedelta(days=0.5) - LOOK_BACK, until),
        ({"old"}, NOW - timedelta(days=9000) - LOOK_BACK, until),
    ]
    assert sorted(view.history["card_token"]) == ["a", "b", "old"]


def test_a_rotated_cards_past_comes_under_its_token_of_today() -> None:
    """Rows under an older key's token are renamed; a token that no key rotated stays."""
    store = Asked()
    [view] = CardHistory(store, KNOWN, {"was-a": "a"}, LOOK_BACK).views(payments(("a", 0), ("b", 0)))  # type: ignore[arg-type]
    assert store.windows[0][0] == {"a", "b", "was-a"}
    assert sorted(view.history["card_token"]) == ["a", "a", "b"]
