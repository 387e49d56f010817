"""Files for a spreadsheet: no cell starts a formula, nothing is lost."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from openpyxl import load_workbook

from desk import exports, flagged_list

NOW = pd.Timestamp("2026-11-19T10:00")

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "|cmd", "%0", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_a_csv_starts_a_formula(text: str) -> None:
    """Whatever a merchant calls itself."""
    table = pd.DataFrame({"merchant": [text], "amount": [-3.5]})
    back = pd.read_csv(io.BytesIO(exports.as_csv(table)), skip_blank_lines=False)
    assert back["merchant"][0].startswith("'")
    assert back["amount"][0] == -3.5


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_a_workbook_is_a_formula(text: str) -> None:
    """Text stays text there too."""
    book = load_workbook(io.BytesIO(exports.as_excel(pd.DataFrame({"merchant": [text]}), "flagged")))
    cell = book["flagged"]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")


def test_commas_quotes_and_accents_survive() -> None:
    """RFC 4180 quoting, UTF-8 with its mark."""
    table = pd.DataFrame({"merchant": ['Müller, "Söhne"', None], "trans_num": ["12345678e9010000", "0001"]})
    data = exports.as_csv(table)
    assert data.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(data), dtype=str)
    assert back["merchant"][0] == 'Müller, "Söhne"'
    assert back["trans_num"].tolist() == ["12345678e9010000", "0001"]


def test_a_file_names_merchants_as_they_are_stored() -> None:
    """What is joined with other tables keeps its name; a page reads it as people write it."""
    refund = {"kind": "refund", "amount": 2.5, "currency": "USD"}
    row = {"merchant": "fraud_Kuhn LLC", "amount": 9.0, "currency": "USD", "expected_loss": 8.1, "reasons": None,
           "event_time_local": NOW, "events": [refund]}  # fmt: skip
    table = flagged_list.for_export(pd.DataFrame([row]))
    assert table["merchant"].tolist() == ["fraud_Kuhn LLC"]
    assert table["events"].tolist() == ["refunded 2.50 of 9.00 USD"]
    assert set(table.columns) == {"merchant", "amount", "currency", "reasons", "local_time", "events"}


def test_control_characters_do_not_break_a_workbook() -> None:
    """They are left out: no workbook can hold them."""
    data = exports.as_excel(pd.DataFrame({"merchant": ["Kuhn\x07 LLC"], "amount": [1.5]}), "flagged")
    assert load_workbook(io.BytesIO(data))["flagged"]["A2"].value == "Kuhn LLC"
