"""Every fault, over real HTTP and as a client meets it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import requests
from requests import exceptions

from payments_simulator.api.fault_plan import KINDS
from payments_simulator.api.malformed_rows import REASONS


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """The payments in the rows."""
    return [row["trans_num"] for row in rows]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_status(simulator: Any, status: int) -> None:
    """So many answers as ordered are refused, then payments come again, and nothing was handed out."""
    simulator.order(f"status_{status}", count=2)
    before = len(simulator.handed_out())
    answers = [simulator.minute() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].headers.get("retry-after") == ("1" if status == 429 else None)
    assert [entry["trans_nums"] for entry in simulator.handed_out(before)][:2] == [[], []]


def test_retry_after_is_a_parameter(simulator: Any) -> None:
    """503 names the seconds to wait if told to."""
    simulator.order("status_503", params={"retry_after": 7})
    assert simulator.minute().headers["retry-after"] == "7"


def test_slow_first_byte(simulator: Any) -> None:
    """Nothing comes for a while: a client with less patience gives up."""
    simulator.order("slow_first_byte", params={"seconds": 0.6})
    with pytest.raises(exceptions.ReadTimeout):
        requests.get(f"{simulator.url}/current-transactions", timeout=0.2)


def test_slow_body(simulator: Any) -> None:
    """The body comes in drips, each within a read's patience, and is whole in the end."""
    plain = simulator.minute().content
    simulator.order("slow_body", params={"seconds": 0.5, "pieces": 5})
    answer = simulator.minute(rows=1)
    assert answer.content == plain
    simulator.order("slow_body", params={"seconds": 0.5, "pieces": 5})
    with requests.get(f"{simulator.url}/current-transactions", stream=True, timeout=5) as response:
        sizes = [len(chunk) for chunk in response.raw.stream(1 << 20)]
    assert sum(sizes) == int(response.headers["content-length"])


def test_short_body(simulator: Any) -> None:
    """Fewer bytes arrive than Content-Length says, then the connection ends."""
    simulator.order("short_body")
    with pytest.raises(exceptions.ChunkedEncodingError, match="IncompleteRead"):
        simulator.minute()


@pytest.mark.parametrize("after", ["nothing", "headers", "body"])
def test_connection_cut(simulator: Any, after: str) -> None:
    """The connection is reset: before the answer, after its head, or in its body."""
    simulator.order("connection_cut", params={"after": after})
    with pytest.raises((exceptions.ConnectionError, exceptions.ChunkedEncodingError)):
        simulator.minute()
    assert simulator.minute().status_code == 200


def test_truncated_json(simulator: Any) -> None:
    """The answer ends well as HTTP, but its JSON is cut."""
    simulator.order("truncated_json")
    answer = simulator.minute()
    assert len(answer.content) == int(answer.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_bodies_that_are_no_payments(simulator: Any) -> None:
    """200 with nothing, with an empty list, with a page of HTML."""
    simulator.order("empty_body")
    assert simulator.minute().content == b""
    simulator.order("empty_list")
    assert simulator.minute().json() == []
    simulator.order("html_page")
    page = simulator.minute()
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.startswith("<!doctype html>")


def test_wrong_content_type(simulator: Any) -> None:
    """The right body under another content type."""
    plain = simulator.minute().content
    simulator.order("wrong_content_type")
    answer = simulator.minute()
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.content == plain


def test_huge_body(simulator: Any) -> None:
    """Megabytes arrive in chunks without a Content-Length; at their end stand the payments."""
    plain = simulator.payments()
    simulator.order("huge_body", params={"megabytes": 6})
    answer = simulator.minute()
    assert "content-length" not in answer.headers
    assert len(answer.content) > 6 << 20
    assert simulator.rows(answer) == plain


def test_duplicate_rows(simulator: Any) -> None:
    """Some rows come twice in one answer."""
    plain = simulator.payments()
    simulator.order("duplicate_rows", params={"rows": 2})
    assert simulator.payments() == plain + plain[:2]


def test_late_payments_are_not_lost(simulator: Any) -> None:
    """What is missing from one answer comes, out of its window, with the next."""
    plain, older = simulator.payments(1), simulator.payments(2)
    simulator.order("late")
    part, rest = simulator.payments(2), simulator.payments(1)
    assert 0 < len(part) < len(older)
    assert sorted(ids(part + rest)) == sorted(ids(plain + older))


def test_out_of_order(simulator: Any) -> None:
    """The payments of the minute, in another order."""
    plain = simulator.payments()
    simulator.order("out_of_order")
    answered = simulator.payments()
    assert answered != plain
    assert sorted(ids(answered)) == sorted(ids(plain))


@pytest.mark.parametrize("reason", REASONS)
def test_malformed_rows(simulator: Any, reason: str) -> None:
    """One row is spoilt as ordered, the others are as they were, and the list says which."""
    plain = simulator.payments()
    simulator.order("malformed_rows", params={"reason": reason})
    answered = simulator.payments()
    assert answered[1:] == plain[1:]
    assert answered[0] != plain[0]
    assert simulator.handed_out()[-1]["malformed"] == {plain[0]["trans_num"]: reason}


def test_malformed_values_are_what_they_say(simulator: Any) -> None:
    """The spoilt values reach the client as such: not cleaned by any JSON writer."""
    for reason in ("nul", "lone_surrogate", "nan", "infinity", "float_card"):
        simulator.order("malformed_rows", params={"reason": reason, "rows": 1})
        raw = simulator.minute()
        row = simulator.rows(raw)[0]
        seen = {
            "nul": "\x00" in row["merchant"],
            "lone_surrogate": "\ud800" in row["merchant"],
            "nan": isinstance(row["amt"], float) and math.isnan(row["amt"]),
            "infinity": row["amt"] == math.inf,
            "float_card": isinstance(row["cc_num"], float) and row["cc_num"] > 2**53,
        }
        assert seen[reason], reason


def test_missing_field_is_a_parameter(simulator: Any) -> None:
    """Any field can be the one that is missing."""
    simulator.order("malformed_rows", params={"reason": "missing", "field": "trans_num"})
    assert simulator.payments()[0]["trans_num"] is None


def test_refunds(simulator: Any) -> None:
    """A refund has a negative amount and is well-formed."""
    simulator.order("refunds")
    assert simulator.payments()[0]["amt"] < 0
    assert simulator.handed_out()[-1]["malformed"] == {}


def test_same_id_other_body(simulator: Any) -> None:
    """A payment of the last answer comes again with another amount."""
    earlier, plain = simulator.payments(2), simulator.payments(1)
    simulator.payments(2)
    simulator.order("same_id_other_body")
    answered = simulator.payments(1)
    assert answered[:-1] == plain
    assert answered[-1]["trans_num"] == earlier[0]["trans_num"]
    assert answered[-1]["amt"] != earlier[0]["amt"]


def test_page_repeated(simulator: Any) -> None:
    """The last answer once more, whatever was asked for."""
    earlier = simulator.minute(2).content
    simulator.order("page_repeated")
    assert simulator.minute(1).content == earlier
    assert simulator.handed_out()[-1]["trans_nums"] == simulator.handed_out()[-2]["trans_nums"]


def test_broken_tables(simulator: Any) -> None:
    """Tables whose columns and rows do not fit: a ragged row, a column twice, a column missing."""
    for kind in ("ragged_row", "duplicate_column", "missing_column"):
        simulator.order(kind)
        split = json.loads(simulator.minute().json())
        columns, widths = split["columns"], [len(row) for row in split["data"]]
        assert {
            "ragged_row": widths[0] == len(columns) - 1,
            "duplicate_column": columns.count("amt") == 2 and set(widths) == {len(columns)},
            "missing_column": "amt" not in columns and set(widths) == {len(columns)},
        }[kind]
        assert simulator.handed_out()[-1]["readable"] is False


def test_probability_skip_and_several(simulator: Any) -> None:
    """Faults can spare some answers, strike by chance until cleared, and come together."""
    simulator.order("status_500", skip=1)
    assert [simulator.minute().status_code for _ in range(3)] == [200, 500, 200]
    simulator.order("status_503", count=None, probability=0.5)
    codes = {simulator.minute().status_code for _ in range(30)}
    assert codes == {200, 503}
    requests.delete(f"{simulator.url}/_control/faults", timeout=10)
    simulator.order("duplicate_rows")
    simulator.order("wrong_content_type")
    simulator.minute()
    assert simulator.handed_out()[-1]["faults"] == ["duplicate_rows", "wrong_content_type"]


def test_list_of_faults(simulator: Any) -> None:
    """The control API lists the kinds and what waits."""
    simulator.order("late")
    listed = requests.get(f"{simulator.url}/_control/faults", timeout=10).json()
    assert set(listed["kinds"]) == set(KINDS)
    assert [fault["kind"] for fault in listed["waiting"]] == ["late"]


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "no_such"},
        {"kind": "late", "params": {"no_such": 1}},
        {"kind": "malformed_rows", "params": {"reason": "no_such"}},
        {"kind": "late", "count": 0},
    ],
)
def test_bad_orders(simulator: Any, order: dict[str, Any]) -> None:
    """A fault that does not exist is refused with what there is."""
    answer = requests.post(f"{simulator.url}/_control/faults", json=order, timeout=10)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)
