"""What stands beside the records of an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Beside:
    """Sentences that name no value, empty where there is nothing to tell."""

    more: str = ""  # the API has more than this answer holds
    error: str = ""  # the answer says of itself that it failed


NOTHING_BESIDE = Beside()
