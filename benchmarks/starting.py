"""Starting a command: what importing costs before any work is done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.comparison import Comparison
from benchmarks.dataset import Dataset


@contextmanager
def comparisons(_dataset: Dataset) -> Iterator[list[Comparison]]:
    """A fresh interpreter each time."""
    yield [
        Comparison(
            "start a command",
            "a fresh Python each",
            "fraud-scorer's command line",
            {
                "Python alone (limit)": _python("pass"),
                "fraud-scorer's command line": _python("import fraud_scorer.cli"),
                "pandas, scikit-learn and XGBoost": _python("import pandas, sklearn.pipeline, xgboost"),
            },
            {},
            rounds=5,
        )
    ]


def _python(code: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True).returncode
