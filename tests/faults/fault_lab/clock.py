"""Virtual minutes: the clock that the pipeline is given stands still until the world moves it or a step sleeps."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

SLEEP_SHARE = 0.05  # a virtual second of waiting takes so many real ones: two runs at one minute must see each other


class VirtualClock:
    """``now`` stands; ``sleep`` moves it and waits a twentieth of the time for real."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The virtual time (aware)."""
        return self._at

    def sleep(self, seconds: float) -> None:
        """Let so many virtual seconds pass."""
        self._at += timedelta(seconds=seconds)
        time.sleep(min(seconds, 5.0) * SLEEP_SHARE)
