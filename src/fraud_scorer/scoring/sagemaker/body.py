"""Model inputs as CSV bodies, the way AWS's XGBoost container reads them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fraud_common.errors import SettingsError

ROWS_AT_ONCE = 1000
NEWLINE = ord("\n")


def csv_of(matrix: np.ndarray) -> bytes:
    r"""``matrix`` (float32, shape (n, width), no infinity) as CSV: no header, ``\n`` between rows, none at the end.

    A cell has 9 significant digits, which is what a float32 needs to come back bit for bit; a missing one is empty.

    >>> csv_of(np.array([[0.1, np.nan], [16777216, -1.5e-9]], dtype="float32"))
    b'0.100000001,\n16777216,-1.50000001e-09'
    """
    row = ",".join(["%.9g"] * matrix.shape[1])
    blocks = (matrix[start : start + ROWS_AT_ONCE] for start in range(0, len(matrix), ROWS_AT_ONCE))
    text = "\n".join("\n".join([row] * len(block)) % tuple(block.ravel().tolist()) for block in blocks)
    return text.replace("nan", "").encode("ascii")


def bodies(matrix: np.ndarray, max_bytes: int) -> Iterator[tuple[int, bytes]]:
    """The rows of ``matrix`` as (number of rows, CSV body), each body at most ``max_bytes`` long, in order.

    Raises:
        SettingsError: a single row is longer than ``max_bytes``.
    """
    if len(matrix) == 0:
        return
    whole = csv_of(matrix)
    ends = np.append(np.flatnonzero(np.frombuffer(whole, dtype=np.uint8) == NEWLINE), len(whole))
    first, start = 0, 0
    while first < len(ends):
        last = int(np.searchsorted(ends, start + max_bytes, side="right"))
        if last == first:
            raise SettingsError(
                f"one payment's CSV row has {ends[first] - start} bytes and a body may have {max_bytes}",
                "Raise SAGEMAKER_MAX_BODY_BYTES",
            )
        yield last - first, whole[start : ends[last - 1]]
        first, start = last, int(ends[last - 1]) + 1
