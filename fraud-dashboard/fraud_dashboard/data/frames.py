"""Iteration over a frame's rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of ``frame``, each with its columns as attributes."""
    return frame.itertuples(index=False)
