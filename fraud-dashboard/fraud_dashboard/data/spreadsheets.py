"""Tables as files for a spreadsheet. No cell, no header ever starts a formula there, whichever separator it expects."""

from __future__ import annotations

import io
import re
import unicodedata

import pandas as pd

FORMULA_STARTS = frozenset("=+-@|%\u2212")
LINE_ENDS = {ord(sign): " " for sign in "\t\n\v\f\r\x85\u2028\u2029"}
# where a reader that splits at semicolons begins a cell; it takes no quotes within a cell for quotes
AFTER_SEMICOLON = re.compile(r"(?<=;)(?=[^;])")


def formula_safe(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with an apostrophe before each text that a spreadsheet would run as a formula, headers included.

    Numbers are left alone. Of a text, line ends and tabs become blanks, other control characters go.

    >>> formula_safe(pd.DataFrame({"merchant": ["=1+1", "Kuhn"], "amount": [-3.5, 2.0]})).values.tolist()
    [["'=1+1", -3.5], ['Kuhn', 2.0]]
    """
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]) and not pd.api.types.is_datetime64_any_dtype(safe[column]):
            safe[column] = safe[column].astype(object).map(_safe_text)
    safe.columns = pd.Index([_safe_text(name) for name in safe.columns], dtype=object)
    return safe


def _safe_text(value: object) -> object:
    """A text without control characters, each part between semicolons guarded; other values are left as they are."""
    if not isinstance(value, str):
        return value
    text = "".join(sign for sign in value.translate(LINE_ENDS) if _is_printed(sign))
    return "".join(f"'{part}" if _starts_formula(part) else part for part in AFTER_SEMICOLON.split(text))


def _is_printed(sign: str) -> bool:
    """Neither a control character, nor half of a character, nor one that Unicode says is none: no file holds them."""
    return unicodedata.category(sign) not in ("Cc", "Cs") and ord(sign) & 0xFFFE != 0xFFFE


def _starts_formula(text: str) -> bool:
    """Whether the first sign behind blanks, invisible signs and quotes starts a formula; wide signs count too."""
    first = next(
        (sign for sign in text if sign not in '"\u201c\u201d' and unicodedata.category(sign)[0] not in "CZ"), ""
    )
    return unicodedata.normalize("NFKC", first)[:1] in FORMULA_STARTS


def as_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark (Excel then reads accents right), header, RFC 4180 quoting."""
    return formula_safe(table).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def as_excel(table: pd.DataFrame, sheet: str) -> bytes:
    """An .xlsx workbook of one sheet, header frozen, columns as wide as their texts."""
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        formula_safe(table).to_excel(writer, sheet_name=sheet, index=False)
        page = writer.sheets[sheet]
        page.freeze_panes = "A2"
        for cells in page.columns:
            for cell in cells:
                cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type  # openpyxl guesses by the text
            width = max(len(str(cell.value or "")) for cell in cells)
            page.column_dimensions[cells[0].column_letter].width = min(60, width + 2)
    return file.getvalue()
