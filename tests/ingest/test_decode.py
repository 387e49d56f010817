"""decode: tolerant of wrapping, exact with numbers, clear about what is no answer."""

import json

import pytest

from fraud_common.errors import PayloadError
from fraud_scorer.ingest.decode import decode

SPLIT = {"columns": ["trans_num", "amt"], "index": [7, 8], "data": [["a", 1.5], ["b", 2]]}
RECORDS = [{"trans_num": "a", "amt": 1.5}, {"trans_num": "b", "amt": 2}]


@pytest.mark.parametrize(
    "document",
    [
        SPLIT,
        json.dumps(SPLIT),
        json.dumps(json.dumps(SPLIT)),
        {name: SPLIT[name] for name in ("data", "columns")},
        RECORDS,
        json.dumps(RECORDS),
        {"payments": RECORDS, "next": None},
        {"data": RECORDS},
    ],
)
def test_every_wrapping_gives_the_same_table(document):
    """Split or records, decoded or double-encoded: the same columns and values come out."""
    table = decode(json.dumps(document).encode())

    assert table.names == ("trans_num", "amt")
    assert [table.column(name) for name in table.names] == [["a", "b"], [1.5, 2]]


def test_integers_beyond_floats_stay_exact():
    """A card number above 2^53 keeps its last digit, double-encoded too."""
    body = json.dumps('{"columns": ["cc_num"], "data": [[4532015112830366777]]}').encode()

    assert decode(body).rows == [[4532015112830366777]]


def test_text_that_looks_like_a_float_stays_text():
    """A trans_num such as 12345678e901… is never read as a number."""
    body = b'{"columns": ["trans_num"], "data": [["12345678e90123456789012345678901"]]}'

    assert decode(body).rows == [["12345678e90123456789012345678901"]]


def test_records_may_miss_fields_and_hold_odd_items():
    """A field that a record lacks is None; what is no record is kept aside under its index."""
    table = decode(b'[{"a": 1}, {"b": 2}, 3]')

    assert (table.column("a"), table.column("b"), table.column("c")) == ([1, None, None], [None, 2, None], None)
    assert [table.is_record(row) for row in range(3)] == [True, True, False]


def test_of_a_name_twice_in_one_record_the_last_value_counts():
    """As in every common reader of JSON; the record is not refused for it."""
    assert decode(b'[{"amt": 1, "id": 7, "amt": 2}]').column("amt") == [2]


@pytest.mark.parametrize("body", [b"[]", b'{"columns": ["a"], "data": []}', b'"[]"', b'{"payments": []}'])
def test_an_answer_without_payments_is_an_answer(body):
    """No rows is no error."""
    assert len(decode(body)) == 0


def test_a_204_without_body_is_an_answer():
    """204 says by itself that there is nothing."""
    assert len(decode(b"", http_status=204)) == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!doctype html><p>Down for maintenance", "HTML"),
        (b'{"columns": ["a"], "data": [[1', "not JSON from character"),
        (json.dumps('{"columns": ["a"], "data": [[1').encode(), "not JSON from character"),
        (b"not json", "not JSON"),
        (b"null", "neither a split frame nor a list"),
        (b"7", "neither"),
        (b'{"detail": "rate limited"}', "neither"),
        (b'["a", "b"]', "not of records"),
        (b'{"columns": "a", "data": []}', "no lists"),
        (b'{"columns": ["a", "b"], "data": [[1]]}', "not as long as its 2 columns"),
        (b'{"columns": ["a"], "data": [{"a": 1}]}', "not as long as its 1 columns"),
        (b'{"columns": ["a", "a"], "data": [[1, 2]]}', "columns twice: a"),
        (b'{"columns": ["a"], "index": [1, 2], "data": [[1]]}', "index has 2 entries and its data 1 rows"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"columns": [' + b"[" * 900 + b"]" * 900 + b'], "data": []}', "a list or an object for its name"),
        (b"[" + b"9" * 5000 + b", nonsense", "not JSON from character"),
        ("[]".encode("utf-16") + b"]", "begins as utf-16"),
        (b"[\0]\0\0", "begins as utf-16"),
        (b'{"columns": ["4111111111111111", "4111111111111111", "a", "a"], "data": []}', "twice: a and 1 other"),
    ],
)
def test_what_is_no_answer_is_refused_and_never_quoted(body, says):
    """Each unreadable answer raises PayloadError with its own sentence, and with a cure."""
    with pytest.raises(PayloadError, match=says) as caught:
        decode(body)
    assert caught.value.cure


def test_a_cut_answer_is_refused_though_its_bytes_parse():
    """What the connection cut is not trusted, even if it happens to be JSON."""
    with pytest.raises(PayloadError, match="cut before its announced length"):
        decode(b"[]", truncated=True)


def test_broken_text_survives_until_its_row_is_judged():
    """Bad UTF-8 and raw control characters do not lose the other rows of the answer."""
    table = decode(b'{"columns": ["city"], "data": [["K\xf6ln"], ["a\x00b"], ["Bonn"]]}')

    assert table.rows == [["K\udcf6ln"], ["a\0b"], ["Bonn"]]


def test_an_endless_integer_does_not_lose_the_answer():
    """A number with more digits than Python reads becomes infinite, and only its row is lost."""
    table = decode(b'{"columns": ["amt"], "data": [[' + b"9" * 5000 + b"], [1]]}")

    assert table.rows == [[float("inf")], [1]]


def test_a_quarantined_record_decodes_to_itself():
    """One row's body goes through the same path again; odd items too."""
    table = decode(b'[{"a": 12345678901234567890, "b": "\\ud800"}, 3]')

    assert decode(table.record_body(0)).items == [{"a": 12345678901234567890, "b": "\ud800"}]
    with pytest.raises(PayloadError):
        decode(table.record_body(1))


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"detail": "x", "code": 7}, r"\(it holds detail, code; a list is looked for under data, payments"),
        ({"response": {"rows": []}}, r"it holds response; "),
        ({"data": {"rows": [], "more": 1}}, r"it holds data; data holds rows, more; "),
        ({"4111111111111111": [], "ann@example.com": 1, "ok": 2}, r"it holds ok and 2 others; "),
        ({"4111111111111111": []}, r"it holds 1 other; "),
        ({f"name{letter}": 1 for letter in "abcdefghijkl"}, r"nameh and 4 others; "),
        ({}, r"it holds no names; "),
    ],
)
def test_where_no_records_are_found_the_names_that_were_are_told(document, says):
    """So that the map or the address can be mended; only names that can be nobody's data, and not many."""
    with pytest.raises(PayloadError, match=says) as caught:
        decode(json.dumps(document).encode())
    assert "4111" not in str(caught.value)
    assert "example.com" not in str(caught.value)


def test_an_error_in_an_answer_without_records_is_no_minute_without_payments():
    """Success false, an error or a failed status beside an empty list: the answer cannot be used."""
    for envelope in ({"success": False}, {"error": {"code": 7}}, {"errors": [{"x": 1}]}, {"status": "error"}):
        with pytest.raises(PayloadError, match="says that it failed") as caught:
            decode(json.dumps({**envelope, "data": []}).encode())
        assert caught.value.cure


def test_what_stands_beside_records_goes_with_them():
    """More pages and errors are told with the table, for records and split frames alike."""
    records = decode(b'{"has_more": true, "errors": ["x"], "data": [{"id": 1}]}')
    split = decode(b'{"columns": ["id"], "data": [[1]], "next": "/p2"}')

    assert (records.envelope.more, records.envelope.error) == ("has_more is true", "errors is not empty")
    assert split.envelope.more == "next names a next page"
    assert decode(b'[{"id": 1}]').envelope.more == ""


def test_records_are_found_under_the_name_that_has_some():
    """An empty list under one known name does not hide the payments under another."""
    assert len(decode(b'{"data": [], "items": [{"id": 1}]}')) == 1
