"""The sources of the API's payments: the stream, a file played as if it happened now, and staged sprees on top."""

from __future__ import annotations

from typing import Protocol

import pandas as pd


class Source(Protocol):
    """Payments by time."""

    def frame(self, start: int, end: int) -> pd.DataFrame:
        """All payments with ``start`` <= ``unix_time`` < ``end`` (epoch seconds), by time.

        The public schema's columns (``payments.PUBLIC_COLUMNS``) and ``fraud_kind`` (text, empty if unknown or none).
        The same window gives the same payments.
        """
        ...


class WithStaged:
    """A source with staged payments laid over it."""

    def __init__(self, source: Source, staged: pd.DataFrame) -> None:
        self._source = source
        self._staged = staged

    def frame(self, start: int, end: int) -> pd.DataFrame:
        """See ``Source``."""
        times = self._staged["unix_time"]
        extra = self._staged[(times >= start) & (times < end)]
        regular = self._source.frame(start, end)
        if extra.empty:
            return regular
        both = pd.concat([regular, extra], ignore_index=True) if len(regular) else extra
        return both.sort_values(["unix_time", "trans_num"], kind="stable", ignore_index=True)
