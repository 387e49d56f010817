"""Split by time: payments whose labels are known when a model is trained, and payments after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from fraud_common.errors import DataFileError
from fraud_scorer.features import LOOK_BACK_DAYS
from fraud_scorer.training.dataset import Dataset

DAY_MICROS = 86_400_000_000
_VALIDATION_SHARE = 0.2
_MORE = "Give a longer history, or one with more labelled frauds"
_OTHER_TEST = "Keep another share of the payments, the latest, by --hold-out (0: no test)"


@dataclass(frozen=True)
class Periods:
    """Boundaries in UTC microseconds. A period's labels are known before the next period begins.

    ``fit`` from ``begin`` to ``validation`` less the label delay; validation from there to ``known_until``; the final
    model is fitted on both together; test from ``test`` on (absent: None).
    """

    begin: int
    validation: int
    known_until: int
    test: int | None
    delay: int

    def fit_rows(self, micros: np.ndarray) -> np.ndarray:
        """Rows (bool) that choose trees."""
        return (micros >= self.begin) & (micros < self.validation - self.delay)

    def validation_rows(self, micros: np.ndarray) -> np.ndarray:
        """Rows that choose the settings."""
        return (micros >= self.validation) & (micros < self.known_until)

    def final_rows(self, micros: np.ndarray) -> np.ndarray:
        """Rows of the shipped model."""
        return (micros >= self.begin) & (micros < self.known_until)

    def test_rows(self, micros: np.ndarray) -> np.ndarray:
        """Rows that no choice has seen."""
        return micros >= self.test if self.test is not None else np.zeros(len(micros), bool)

    def as_text(self) -> dict[str, str | None]:
        """For the manifest: ISO times, UTC."""
        names = {
            "begin": self.begin,
            "validation_from": self.validation,
            "trained_until": self.known_until,
            "test_from": self.test,
        }
        return {name: None if micros is None else iso(micros) for name, micros in names.items()}


def iso(micros: int) -> str:
    """UTC microseconds as ISO text, to the second.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def split(data: Dataset, *, hold_out: float, label_delay_days: float, name: str) -> Periods:
    """Split the time of the data into periods.

    The look-back's days at the beginning are left out (their features see too little), but never more than a quarter
    of the time there is. ``hold_out`` is the share of the rows, the latest ones, kept for the test.

    Raises:
        DataFileError: one class only, or too few of one class in a period.
    """
    _refuse_one_class(data, name)
    delay = round(label_delay_days * DAY_MICROS)
    test = int(data.micros[int(len(data) * (1 - hold_out))]) if hold_out > 0 else None
    known_until = int(data.micros[-1]) + 1 if test is None else test - delay
    begin = warm_up_end(int(data.micros[0]), known_until)
    usable = data.micros[(data.micros >= begin) & (data.micros < known_until)]
    if not len(usable):
        delayed = f"a label delay of {label_delay_days:g} days"
        raise DataFileError(f"{name}: too little time from the first payment to the last for {delayed}", _MORE)
    validation = int(usable[int(len(usable) * (1 - _VALIDATION_SHARE))])
    periods = Periods(begin, validation, known_until, test, delay)
    _refuse_thin(data, periods, name)
    return periods


def warm_up_end(first: int, last: int) -> int:
    """The end of the warm-up, in which payments only feed later ones' features (UTC microseconds)."""
    return first + min(LOOK_BACK_DAYS * DAY_MICROS, (last - first) // 4)


def _refuse_thin(data: Dataset, periods: Periods, name: str) -> None:
    chosen = [
        ("fit period", periods.fit_rows, 10, _MORE),
        ("validation period", periods.validation_rows, 5, _MORE),
    ]
    if periods.test is not None:
        chosen.append((f"test period, from {iso(periods.test)} on", periods.test_rows, 1, _OTHER_TEST))
    for what, rows_of, frauds, cure in chosen:
        label = data.label[rows_of(data.micros)]
        for kind, value, fewest in (("frauds", 1, frauds), ("genuine payments", 0, 1)):
            found = int((label == value).sum())
            if found < fewest:
                raise DataFileError(f"{name}: {found or 'no'} {kind} in the {what}; {fewest} or more are needed", cure)


def _refuse_one_class(data: Dataset, name: str) -> None:
    frauds = int((data.label == 1).sum())
    if frauds in (0, len(data)):
        only = "frauds" if frauds else "genuine payments"
        raise DataFileError(
            f"{name}, column is_fraud: it holds {only} only", "A model needs both; check the label column"
        )
