"""Tables as files for a spreadsheet. No cell ever starts a formula there."""

from __future__ import annotations

import io

import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def formula_safe(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with an apostrophe before each text that a spreadsheet would run as a formula. Numbers are left alone.

    >>> formula_safe(pd.DataFrame({"merchant": ["=1+1", "Kuhn"], "amount": [-3.5, 2.0]})).values.tolist()
    [["'=1+1", -3.5], ['Kuhn', 2.0]]
    """
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]) and not pd.api.types.is_datetime64_any_dtype(safe[column]):
            safe[column] = safe[column].map(_safe_text).astype(object)
    return safe


def _safe_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA_STARTS) else text


def as_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark (Excel then reads accents right), header, RFC 4180 quoting."""
    return formula_safe(table).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def as_excel(table: pd.DataFrame, sheet: str) -> bytes:
    """An .xlsx workbook of one sheet, header frozen, columns as wide as their texts."""
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        _printable(formula_safe(table)).to_excel(writer, sheet_name=sheet, index=False)
        page = writer.sheets[sheet]
        page.freeze_panes = "A2"
        for cells in page.columns:
            width = max(len(str(cell.value or "")) for cell in cells)
            page.column_dimensions[cells[0].column_letter].width = min(60, width + 2)
    return file.getvalue()


def _printable(table: pd.DataFrame) -> pd.DataFrame:
    """Without the control characters that no workbook can hold."""
    return table.map(lambda cell: "".join(c for c in cell if c >= " ") if isinstance(cell, str) else cell)
