"""From raw scores to probabilities, and from probabilities to the recommended threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FLAGS_NOTHING = 1.0  # as a threshold: ``calibration_table`` ends below it
_TILT = 1e-4  # keeps the order of raw scores inside a plateau


def calibration_table(label: np.ndarray, raw: np.ndarray) -> dict[str, list[float]]:
    """A rising table (raw, probability) by isotonic regression, from 0 to 1; lines between its knots.

    Ends are held off 0 and 1 by as much as the number of payments allows; plateaus get a slight tilt, so that
    calibrated scores rank payments as raw ones do.
    """
    from sklearn.isotonic import IsotonicRegression

    regression = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(raw, label)
    knots = np.unique(np.concatenate([[0.0], regression.X_thresholds_, [1.0]]).astype(np.float64))
    frauds, genuine = max(int(label.sum()), 1), max(int((label == 0).sum()), 1)
    held = np.clip(regression.predict(knots), 0.5 / genuine, 1 - 0.5 / frauds)
    probability = np.maximum.accumulate((1 - _TILT) * held + _TILT * knots)
    return {"raw": knots.tolist(), "probability": probability.tolist()}


@dataclass(frozen=True)
class ThresholdRule:
    """The aim of a threshold: least cost (``alert_cost`` an alert), or a budget of alerts a day."""

    alert_cost: float = 20.0  # currency units: twenty minutes of an analyst at 60 an hour
    alerts_a_day: float | None = None

    def as_text(self) -> str:
        """For manifest and model card."""
        if self.alerts_a_day is not None:
            return f"at most {self.alerts_a_day:g} alert{'' if self.alerts_a_day == 1 else 's'} a day"
        return f"least cost: the amounts of missed frauds, and {self.alert_cost:g} an alert"


def recommend_threshold(
    rule: ThresholdRule, label: np.ndarray, probability: np.ndarray, amount: np.ndarray, days: float
) -> float:
    """The threshold that the rule asks for on these payments, rounded to three digits (between two scores).

    1 where no alert is worth its cost, or none is affordable: no calibrated probability reaches it.
    """
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    last_of_equals = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    alerts = np.r_[0, last_of_equals + 1]
    if rule.alerts_a_day is not None:
        place = int(np.flatnonzero(alerts <= rule.alerts_a_day * max(days, 1.0))[-1])
    else:
        caught = np.r_[0.0, np.cumsum(np.where(label[order] == 1, amount[order], 0.0))[last_of_equals]]
        place = int(np.argmax(caught - rule.alert_cost * alerts))
    return _between(ranked[last_of_equals], place - 1) if place else FLAGS_NOTHING


def _between(values: np.ndarray, place: int) -> float:
    """A short number above ``values[place + 1]`` and not above ``values[place]`` (falling values)."""
    upper = float(values[place])
    lower = float(values[place + 1]) if place + 1 < len(values) else 0.0
    middle = (upper + lower) / 2
    rounded = float(f"{middle:.3g}")
    return rounded if lower < rounded <= upper else middle
