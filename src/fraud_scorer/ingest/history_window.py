"""The history that a run's payments may see, as input for the feature function.

A batch sees the payments that had landed before it, as they then stood, and its own. So a run of several batches
gives the same features as one run for each, and a replay gives those of the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from fraud_scorer.domain.frames import ARRIVAL, CORRECTION, EVENT, HISTORY_COLUMNS, LATE, NEW, UNCHANGED
from fraud_scorer.domain.ports import Store
from fraud_scorer.ingest.deliveries import empty_frame
from fraud_scorer.ingest.event_kinds import can_be_scored

WRITTEN = (NEW, CORRECTION, ARRIVAL)  # as payments, with another body than before


@dataclass(frozen=True)
class FeatureInput:
    """The payments and the history of one call of the feature function; ``payments`` keeps the run's index."""

    payments: pd.DataFrame
    history: pd.DataFrame


def payments_to_score(payments: pd.DataFrame) -> pd.DataFrame:
    """The rows that need a decision: new, corrected and rescored payments, refunds left out."""
    is_due = ~payments["delivery"].isin([UNCHANGED, LATE, EVENT]).to_numpy()
    due: pd.DataFrame = payments[is_due & can_be_scored(payments)]
    return due


@dataclass(frozen=True)
class CardHistory:
    """The earlier payments of a run's cards, read from the store."""

    store: Store
    known: pd.DataFrame  # the run's payments that were stored when it began
    earlier_tokens: Mapping[str, str]  # card token under an older key to the one of today
    look_back: timedelta

    def views(self, payments: pd.DataFrame) -> Iterator[FeatureInput]:
        """One view if all batches are later than all that is stored, else one a batch; none if nothing is scored."""
        scored = payments_to_score(payments)
        if scored.empty:
            return
        first, last = int(payments["landing_seq"].min()), int(scored["landing_seq"].max())
        if (self.known["landing_seq"] < first).all():
            history = self._history(scored, last + 1)
            if (history["landing_seq"] < first).all():
                yield FeatureInput(scored, history)
                return
        for landing_seq in sorted(set(scored["landing_seq"])):
            yield self._view(payments, int(landing_seq))

    def _view(self, payments: pd.DataFrame, landing_seq: int) -> FeatureInput:
        """One batch: its payments, and all that landed before it.

        Of payments that had come by a later batch, only the capture that stood for them meanwhile.
        """
        own = payments[(payments["landing_seq"] == landing_seq).to_numpy()]
        own = own[can_be_scored(own)]
        scored = payments_to_score(own)
        later = own["trans_num"].isin(
            self.known.loc[(self.known["first_landing_seq"] > landing_seq).to_numpy(), "trans_num"]
        )
        stood = (
            later & (own["delivery"] == EVENT) & ~own["trans_num"].duplicated(keep="last")
        )  # a later payment's stand-in
        own = own[(stood | (own["delivery"] == ARRIVAL) | ~(later | (own["delivery"] == EVENT))).to_numpy()]
        history = self._history(scored, landing_seq)
        unstored = payments[((payments["landing_seq"] < landing_seq) & payments["delivery"].isin(WRITTEN))]
        unstored = unstored[unstored["card_token"].isin(set(scored["card_token"])).to_numpy()]
        return FeatureInput(own, _with_latest(history, unstored))

    def _history(self, scored: pd.DataFrame, before_seq: int) -> pd.DataFrame:
        """The earlier payments of the scored ones' cards, under the card tokens of today.

        Cards with a payment of long ago are asked for apart: its window would be read for all the others too.
        """
        earliest, last = scored.groupby("card_token")["event_time"].min(), scored["event_time"].max()
        long_ago = (earliest < last - self.look_back).to_numpy()
        parts = [self._of_cards(cards, last, before_seq) for cards in (earliest[~long_ago], earliest[long_ago])]
        filled = [part for part in parts if len(part)]
        return pd.concat(filled, ignore_index=True) if len(filled) > 1 else [*filled, *parts][0]

    def _of_cards(self, earliest: pd.Series, last: pd.Timestamp, before_seq: int) -> pd.DataFrame:
        """``earliest``: card token to its first event."""
        if earliest.empty:
            return empty_frame(HISTORY_COLUMNS)
        cards = set(earliest.index)
        earlier = {old: new for old, new in self.earlier_tokens.items() if new in cards}
        history = self.store.history(
            sorted(cards | set(earlier)),
            earliest.min().to_pydatetime() - self.look_back,
            last.to_pydatetime() + timedelta(microseconds=1),
            before_seq,
        )
        if earlier and len(history):
            today = history["card_token"].map(earlier)
            history = history.assign(card_token=history["card_token"].where(today.isna(), today))
        return history


def _with_latest(history: pd.DataFrame, unstored: pd.DataFrame) -> pd.DataFrame:
    """``history`` as it would be if the run's earlier batches were stored already."""
    if unstored.empty:
        return history
    both = pd.concat([history, unstored[list(HISTORY_COLUMNS)]], ignore_index=True)
    latest = both[~both["trans_num"].duplicated(keep="last").to_numpy()]
    latest = latest[(latest["amount_cents"] >= 0).to_numpy()]
    return latest.reset_index(drop=True) if len(latest) else empty_frame(HISTORY_COLUMNS)
