"""Files for a spreadsheet: no cell starts a formula, nothing is lost."""

from __future__ import annotations

import csv
import io
import unicodedata

import pandas as pd
import pytest
from openpyxl import load_workbook

from fraud_dashboard.components import flagged_payments
from fraud_dashboard.data import spreadsheets

NOW = pd.Timestamp("2026-11-19T10:00")

FORMULA_SIGNS = "=+-@|%\uff1d\uff0b\uff0d\uff20\uff5c\uff05\ufe66\ufe62\ufe63\ufe6b\u2212\u207c"
DANGEROUS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "|cmd", "%0", "=cmd|' /C calc'!A0",
    *(f"{before}=1+1" for before in [
        "\x01", "\x1f\x00", "\x7f", "\x85", "\r", "\n", "\r\n", "\x0b", "\u2028", "\u200b", "\ufeff", "\u202e",
        "\u00a0", "\u3000", "\xad", '"', '""', " \x01 ",
    ]),
    *(f"{sign}1+1" for sign in FORMULA_SIGNS),
]  # fmt: skip
SPLIT = ["x;=1+1;y", "x; =1+1", 'x;"=1+1"', 'x;""=1', "x;\x01=1", "x;\t=1", "x\n=1+1", "x\r=1", "a;b;\uff1d1", ";=1",
         ";;@x", 'a, "b;=1+1;"', "x;\r\n=1;", "x\u2028=1", 'x;"', "-1;+1;=1", 'x";"=1+1', "x\x00;\x00=1"]  # fmt: skip


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_a_csv_starts_a_formula(text: str) -> None:
    """Whatever a merchant calls itself."""
    table = pd.DataFrame({"merchant": [text], "amount": [-3.5]})
    back = pd.read_csv(io.BytesIO(spreadsheets.as_csv(table)), skip_blank_lines=False)
    assert back["merchant"][0].startswith("'")
    assert back["amount"][0] == -3.5


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_a_workbook_is_a_formula(text: str) -> None:
    """Text stays text there too."""
    book = load_workbook(io.BytesIO(spreadsheets.as_excel(pd.DataFrame({"merchant": [text]}), "flagged")))
    cell = book["flagged"]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("text", [*DANGEROUS, *SPLIT])
def test_no_cell_is_a_formula_whichever_separator_is_read(text: str, separator: str) -> None:
    """Where lists are separated by semicolons, a spreadsheet cuts a comma's file elsewhere, and sees other quotes."""
    table = pd.DataFrame({"merchant": [text, "Kuhn, LLC"], "note": ["a, b", text], text: ["x", text], "last": [1, 2]})
    lines = spreadsheets.as_csv(table).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(lines, newline=""), delimiter=separator) for cell in row]
    assert not [cell for cell in cells if unicodedata.normalize("NFKC", cell).strip()[:1] in set("=+-@|%\u2212")]


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("text", [*DANGEROUS, *SPLIT, "#N/A", "#REF!", "#DIV/0!", "2026-01-01", "1e5", "\uffff=1"])
def test_every_text_of_a_workbook_is_a_text_cell(text: str) -> None:
    """Cells and headers: never a formula, an error, a date or a number."""
    table = pd.DataFrame({"merchant": [text], text: [text], "amount": [-3.5]})
    book = load_workbook(io.BytesIO(spreadsheets.as_excel(table, "flagged")))
    kinds = [[cell.data_type for cell in row] for row in book["flagged"].iter_rows()]
    assert kinds == [["s", "s", "s"], ["s", "s", "n"]]


def test_what_is_no_formula_stays_as_it_is() -> None:
    """Letters of every language, joined signs, signs within a text, semicolons."""
    texts = ["Müller & Söhne; Köln", "a=b", "5 - 3; 1 + 1", "👩\u200d💻", "ｶﾅ＝", "'quoted'", "(=1)", "x;y;z", ""]
    table = pd.DataFrame({"merchant": texts})
    assert spreadsheets.formula_safe(table)["merchant"].tolist() == texts
    assert spreadsheets.formula_safe(table.astype("category"))["merchant"].tolist() == texts


def test_commas_quotes_and_accents_survive() -> None:
    """RFC 4180 quoting, UTF-8 with its mark."""
    table = pd.DataFrame({"merchant": ['Müller, "Söhne"', None], "trans_num": ["12345678e9010000", "0001"]})
    data = spreadsheets.as_csv(table)
    assert data.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(data), dtype=str)
    assert back["merchant"][0] == 'Müller, "Söhne"'
    assert back["trans_num"].tolist() == ["12345678e9010000", "0001"]


def test_a_file_names_merchants_as_they_are_stored() -> None:
    """What is joined with other tables keeps its name; a page reads it as people write it."""
    refund = {"kind": "refund", "amount": 2.5, "currency": "USD"}
    row = {"merchant": "fraud_Kuhn LLC", "amount": 9.0, "currency": "USD", "expected_loss": 8.1, "reasons": None,
           "event_time_local": NOW, "events": [refund]}  # fmt: skip
    table = flagged_payments.for_export(pd.DataFrame([row]))
    assert table["merchant"].tolist() == ["fraud_Kuhn LLC"]
    assert table["events"].tolist() == ["refunded 2.50 of 9.00 USD"]
    assert set(table.columns) == {"merchant", "amount", "currency", "reasons", "local_time", "events"}


def test_control_characters_do_not_break_a_workbook() -> None:
    """They are left out: no workbook can hold them."""
    data = spreadsheets.as_excel(pd.DataFrame({"merchant": ["Kuhn\x07 LLC"], "amount": [1.5]}), "flagged")
    assert load_workbook(io.BytesIO(data))["flagged"]["A2"].value == "Kuhn LLC"
