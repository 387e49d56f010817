"""Counts and probabilities in words, the same in reasons, mails, logs and on the command line.

The dashboard imports nothing of this library and keeps its own copies; ``tests/dashboard/test_same_words.py`` holds
both equal.
"""

from __future__ import annotations

import math


def count_text(number: float, one: str, many: str | None = None) -> str:
    """A whole number with its noun; a float is rounded.

    >>> count_text(1, "payment"), count_text(1200, "payment"), count_text(2, "batch", "batches")
    ('1 payment', '1,200 payments', '2 batches')
    """
    shown = f"{number:,.0f}"
    return f"{shown} {one if shown == '1' else many or one + 's'}"


def probability_text(probability: float) -> str:
    """A probability or threshold (0-1) in per cent, rounded down: an uncertain one never reads 100%.

    A flagged payment's probability thus never reads as less than the threshold that flags it.

    >>> probability_text(0.99996), probability_text(0.0803), probability_text(0.0809), probability_text(0.0004)
    ('99.9%', '8.0%', '8.0%', '< 0.1%')
    """
    per_mille = math.floor(probability * 1000 + 1e-9)
    return f"{per_mille / 10:.1f}%" if per_mille else "< 0.1%"
