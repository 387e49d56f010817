"""The format of a file's amounts: 1,234.50 with a decimal point, or 1.234,50 with a decimal comma.

A whole file has one format. ``12.500`` may be twelve and a half or twelve thousand five hundred: it is read only where
the file's other amounts, the currency's decimals or the user say which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd

from fraud_common.errors import DataFileError, SettingsError
from fraud_common.money import decimals

FORMATS = {"point": ".", "comma": ","}
_CURE = "Say how the file writes its amounts: --decimal point (1,234.50) or --decimal comma (1.234,50)"
_GROUPED = r"[+-]?[1-9]\d{{0,2}}(?:{group}\d{{3}})+"
_WHOLE = re.compile(r"[+-]?\d+")
_EXPONENT = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}")
_SPACES = re.compile(r"(?<=\d)[   '’](?=\d{3}(?!\d))")  # 1 234,50 and 1'234.50: thousands, whatever the decimal sign
NameRow = Callable[[int], str]  # a position in the frame to the row's name


def _shape(decimal: str, group: str) -> str:
    grouped = _GROUPED.format(group=re.escape(group))
    return rf"(?:{grouped}|[+-]?\d+)(?:{re.escape(decimal)}\d+)?"


_SHAPES = {"point": _shape(".", ","), "comma": _shape(",", ".")}
_OTHER = {"point": "comma", "comma": "point"}


class FileAmountFormat:
    """The format of one file's amounts, learnt as its rows come.

    Args:
        declared: ``point`` or ``comma``; None: the file's amounts say it.
        currency: of amounts that name none; None where that is not known.

    Raises:
        SettingsError: ``declared`` is neither.
    """

    def __init__(self, declared: str | None = None, currency: str | None = None) -> None:
        if declared is not None and declared not in FORMATS:
            raise SettingsError(f"--decimal {declared} is unknown", "It is point (1,234.50) or comma (1.234,50)")
        self._declared, self._currency = declared, currency
        self._known, self._known_from = declared, ""

    def plain(self, column: pd.Series, name: str, currencies: pd.Series | None, place: NameRow) -> pd.Series:
        """The texts of ``column`` with a decimal point and nothing else; a text that is no amount stays as it is.

        Raises:
            DataFileError: an amount is in the other format, or may be read in both; names row and column.
        """
        texts = column.astype("str").str.strip().str.replace(_SPACES, "", regex=True)
        fits = {one: _matches(texts, shape) for one, shape in _SHAPES.items()}
        both = fits["point"] & fits["comma"] & ~_matches(texts, _WHOLE.pattern)
        self._learn(fits, place)
        if self._known is None:
            self._refuse_unsure(texts, both, name, currencies, place)
        chosen = self._known or "point"
        wrong = fits[_OTHER[chosen]] & ~fits[chosen]
        if wrong.any():
            raise self._other_format(chosen, name, place(int(np.flatnonzero(wrong)[0])))
        plain = _as_points(texts, fits[chosen], chosen)
        # three decimals are decimals now, for whoever asks later whether they are thousands
        return plain.str.replace(r"(\.\d{3})$", r"\g<1>0", regex=True) if self._declared else plain

    def _learn(self, fits: dict[str, np.ndarray], place: NameRow) -> None:
        """Take the format that the clear amounts have; of two, the more frequent one is the file's."""
        if self._known is not None:
            return
        clear = {one: fits[one] & ~fits[_OTHER[one]] for one in FORMATS}
        counts = {one: int(found.sum()) for one, found in clear.items()}
        if any(counts.values()):
            self._known = max(counts, key=lambda one: counts[one])
            self._known_from = place(int(np.flatnonzero(clear[self._known])[0]))

    def _other_format(self, chosen: str, name: str, where: str) -> DataFileError:
        why = "as --decimal says" if self._declared else f"as in {self._known_from}"
        return DataFileError(
            f"{where}: {name} is not written with a decimal {chosen}, {why}",
            "Write all amounts of the file alike" + ("" if self._declared else f". {_CURE}"),
        )

    def _refuse_unsure(
        self, texts: pd.Series, both: np.ndarray, name: str, currencies: pd.Series | None, place: NameRow
    ) -> None:
        """12.500 alone is clear only in a currency of three decimals."""
        if not both.any():
            return
        known = texts.where(both).str.contains(".", regex=False).fillna(False).to_numpy(bool)
        codes = pd.Series(self._currency, index=texts.index, dtype="str")
        if currencies is not None:
            codes = currencies.astype("str").str.strip().where(currencies.notna(), codes)
        fine = known & np.array([isinstance(code, str) and decimals(code.upper()) >= 3 for code in codes], bool)
        unsure = both & ~fine
        if unsure.any():
            where = place(int(np.flatnonzero(unsure)[0]))
            raise DataFileError(f"{where}: {name} may mean decimals or thousands, as 12.500 may", _CURE)


def _matches(texts: pd.Series, pattern: str) -> np.ndarray:
    found: np.ndarray = texts.str.fullmatch(pattern).fillna(False).to_numpy(bool)
    return found


def _as_points(texts: pd.Series, fits: np.ndarray, chosen: str) -> pd.Series:
    decimal = FORMATS[chosen]
    group = FORMATS[_OTHER[chosen]]
    plain = texts.str.replace(group, "", regex=False).str.replace(decimal, ".", regex=False)
    exponents = _matches(texts, _EXPONENT.pattern)
    result = plain.where(fits, texts)
    if exponents.any():
        result = result.where(~exponents, texts[exponents].map(lambda text: format(Decimal(text), "f")))
    return result
