"""The quality of the flags, from counts by bucket of probability. Pure: frames in, values out.

The frame ``scores`` everywhere is ``model_scores.sql``'s: day, bucket (1-200), label, payments, flagged, probability.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

BUCKETS = 200
PSI_EDGES = [0, 1, 2, 5, 10, 20, 40, 80, 120, 160, 180, 190, 200]  # buckets, finer where scores crowd
MOST_ROWS = 400_000
SAMPLE_A_DAY = 10  # unflagged payments, drawn at random
FEWEST_IN_GROUP = 30  # payments; a share of fewer says little


def slice_seconds(payments_a_day: float, days: int) -> int:
    """The seconds of each hour that are counted, so that about MOST_ROWS payments are read in all.

    >>> slice_seconds(30_000, 5), slice_seconds(1_000_000, 35)
    (3600, 41)
    """
    expected = payments_a_day * days
    return 3600 if expected <= MOST_ROWS else max(1, int(3600 * MOST_ROWS / expected))


def judged_days(scores: pd.DataFrame, today: date, label_delay_days: float) -> pd.DataFrame:
    """The part of ``scores`` whose days are old enough that the payments API's labels are in; not each row has one."""
    return scores[scores["day"] <= today - timedelta(days=math.ceil(label_delay_days) + 1)]


def whole_days(scores: pd.DataFrame, first_day: date) -> pd.DataFrame:
    """``scores`` without the first day ever stored: it began with the first payment, as a rule not at midnight."""
    return scores[scores["day"] > first_day]


@dataclass(frozen=True)
class AtThreshold:
    """A threshold's result a day, on average: all alerts, and the frauds that a label confirms."""

    alerts_a_day: float
    caught_a_day: float
    missed_a_day: float
    right: float | None  # share of the alerts with a label that were frauds; None: there is none
    caught: float | None  # share of the known frauds that were flagged; None: there is none
    alerts_known: float | None  # share of the alerts that have a label; None: no alert
    others_known: float | None  # share of the payments below the threshold that have a label; None: no payment


def at_threshold(judged: pd.DataFrame, threshold: float, scale: float) -> AtThreshold:
    """Alerts, frauds caught and missed a day at ``threshold`` (to a bucket's width, 0.005).

    Args:
        judged: rows of ``judged_days``.
        threshold: from this probability on a payment would have been flagged.
        scale: 3600 / the slice's seconds: how many payments each counted one stands for.
    """
    above = judged["bucket"] > round(threshold * BUCKETS)
    known, fraud = judged["label"].notna(), judged["label"] == "fraud"

    def total(mask: pd.Series[bool]) -> float:
        return float(judged.loc[mask, "payments"].sum())

    def share(mask: pd.Series[bool], of: pd.Series[bool]) -> float | None:
        return total(mask & of) / total(of) if total(of) else None

    alerts, caught, frauds = total(above), total(above & fraud), total(fraud)
    a_day = scale / max(judged["day"].nunique(), 1)
    return AtThreshold(
        alerts * a_day,
        caught * a_day,
        (frauds - caught) * a_day,
        right=share(fraud, above & known),
        caught=share(above, fraud),
        alerts_known=share(known, above),
        others_known=share(known, ~above),
    )


def calibration(labelled: pd.DataFrame) -> pd.DataFrame:
    """Mean probability against the share of frauds, in at most 12 groups (columns said, seen, payments).

    Neighbouring groups are joined until each holds FEWEST_IN_GROUP payments, if there are that many.
    """
    group = pd.cut(labelled["bucket"], PSI_EDGES, labels=False)
    frame = labelled.assign(group=group, frauds=labelled["payments"].where(labelled["label"] == "fraud", 0))
    sums = frame.groupby("group")[["payments", "probability", "frauds"]].sum()
    sums = sums.groupby(_joined(sums["payments"])).sum()
    return pd.DataFrame(
        {
            "said": sums["probability"] / sums["payments"],
            "seen": sums["frauds"] / sums["payments"],
            "payments": sums["payments"],
        }
    ).reset_index(drop=True)


def _joined(payments: pd.Series[int]) -> list[int]:
    """A number for each group, the same for those that are joined; too small a rest joins the last.

    >>> _joined(pd.Series([500, 10, 15, 40, 8]))
    [0, 1, 1, 1, 1]
    """
    numbers: list[int] = []
    held = 0
    for count in payments:
        numbers.append(numbers[-1] + 1 if numbers and held >= FEWEST_IN_GROUP else numbers[-1] if numbers else 0)
        held = count if held >= FEWEST_IN_GROUP else held + count
    last = max(numbers, default=0)
    return [min(number, last - 1) if held < FEWEST_IN_GROUP and last else number for number in numbers]


def distribution(scores: pd.DataFrame) -> pd.DataFrame:
    """Payments by twentieths of probability (columns percent: the lower end, payments)."""
    group = (scores["bucket"] - 1) // 10
    counts = scores.groupby(group)["payments"].sum().reindex(range(20), fill_value=0)
    return pd.DataFrame({"percent": range(0, 100, 5), "payments": counts.to_numpy()})


def wilson(hits: float, tries: float) -> tuple[float, float]:
    """The 95% interval of a share (Wilson's).

    >>> [round(bound, 3) for bound in wilson(0, 50)], [round(bound, 3) for bound in wilson(9, 10)]
    ([0.0, 0.071], [0.596, 0.982])
    """
    z = 1.96
    share = hits / tries
    middle = share + z * z / (2 * tries)
    spread = z * math.sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries))
    return max(0.0, (middle - spread) / (1 + z * z / tries)), min(1.0, (middle + spread) / (1 + z * z / tries))
