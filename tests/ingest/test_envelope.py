"""beside: an answer that is not all, or that failed, says so in many ways, and none of them is overlooked."""

import pytest

from fraud_scorer.ingest.envelope import NO_NOTES, read_envelope

ITEMS = [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("beside", "says"),
    [
        ({"has_more": True}, "has_more is true"),
        ({"hasMore": "true"}, "hasMore is true"),
        ({"meta": {"pagination": {"has-next-page": True}}}, "meta.pagination.has-next-page is true"),
        ({"pageInfo": {"hasNextPage": True, "endCursor": "x"}}, "pageInfo.hasNextPage is true"),
        ({"last": False, "number": 0}, "last is false"),
        ({"done": False, "nextRecordsUrl": "/q/1-2000"}, "done is false"),
        ({"next": "https://api.example.com/payments?page=2"}, "next names a next page"),
        ({"next": {"href": "/payments?page=2"}}, "next names a next page"),
        ({"links": {"next": "/p2", "prev": None}}, "links.next names a next page"),
        ({"_links": {"self": {"href": "/p1"}, "next": {"href": "/p2"}}}, "_links.next names a next page"),
        ({"links": [{"rel": "self", "href": "/1"}, {"rel": "next", "href": "/2"}]}, "links.next names a next page"),
        ({"response_metadata": {"next_cursor": "dXNlcg"}}, "response_metadata.next_cursor names a next page"),
        ({"cursor": "abc"}, "cursor names a next page"),
        ({"next_page": 2}, "next_page names a next page"),
        ({"@odata.nextLink": "https://x"}, "@odata.nextLink names a next page"),
        ({"NextToken": "AAA"}, "NextToken names a next page"),
        ({"total": 3}, "total is 3, and 2 came"),
        ({"total_count": "250"}, "total_count is 250, and 2 came"),
        ({"count": 250, "next": None, "previous": None}, "count is 250, and 2 came"),
        ({"page": {"totalElements": 40, "size": 2}}, "page.totalElements is 40, and 2 came"),
        ({"hits": 2, "total": {"value": 9, "relation": "eq"}}, "total is 9, and 2 came"),
        ({"page": 1, "total_pages": 4}, "total_pages is 4, and one page came"),
        ({"offset": 0, "limit": 2}, "as many records came as limit allows"),
    ],
)
def test_that_there_is_more_is_seen(beside, says):
    """A flag, a next page, a count above the records' or a full page, in the answer or in what holds such words."""
    assert read_envelope({**beside, "data": ITEMS}, "data", 2).more == says


@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"object": "list", "url": "/v1/charges", "has_more": False, "next_cursor": "kept for polling"},
        {"next": None, "total": 2, "count": 2, "limit": 100},
        {"next": "", "next_cursor": "null", "nextOffset": 0, "next_page": False},
        {"links": {"next": None, "last": "/p1"}, "_links": {"next": {}}},
        {"page": 1, "total_pages": 1, "pages": "1"},
        {"limit": 2, "total": 2},
        {"last": True, "totalElements": 900},
        {"total": 12.5, "summary": {"total": 900}},
        {"success": True, "error": None, "errors": [], "status": "success", "code": 200},
        {"status": "OK", "error": {"code": 0, "message": ""}, "exception": False, "failed": 0},
        {"status": {"code": 200, "message": "fine"}, "error": "none", "errorCode": "0"},
        {"state": "NO_ERROR", "type": "payments", "result": "ok", "errors": {"count": 0, "items": []}},
        {"meta": [], "links": "none", "pagination": None},
    ],
)
def test_what_says_nothing_raises_no_alarm(beside):
    """The last page of any API, in order, is quiet."""
    assert read_envelope({**beside, "data": ITEMS}, "data", 2) == NO_NOTES


@pytest.mark.parametrize(
    ("beside", "says"),
    [
        ({"success": False}, "success is false"),
        ({"ok": "false"}, "ok is false"),
        ({"success": 0}, "success is false"),
        ({"error": {"code": 401, "message": "bad key 4111111111111111"}}, "error is not empty"),
        ({"error": "rate limited"}, "error is not empty"),
        ({"error": True}, "error is not empty"),
        ({"errors": [{"message": "x"}]}, "errors is not empty"),
        ({"errorCode": 1001}, "errorCode is not empty"),
        ({"meta": {"error": "x"}}, "meta.error is not empty"),
        ({"status": "error"}, "status names an error"),
        ({"status": "FAILED"}, "status names an error"),
        ({"result": "not ok"}, "result names an error"),
        ({"type": "error"}, "type names an error"),
        ({"status": 503}, "status is 503"),
        ({"code": "429"}, "code is 429"),
        ({"status": {"code": 500, "message": "x"}}, "status.code is 500"),
        ({"isError": True}, "isError is true"),
    ],
)
def test_that_it_failed_is_seen(beside, says):
    """However an API that answers 200 says that it failed; what it says besides is never quoted."""
    assert read_envelope({**beside, "data": []}, "data", 0).error == says


def test_a_name_is_looked_for_among_the_first_ones_only():
    """An answer of a million names costs no more than one of two hundred."""
    beside = {f"n{number}": {} for number in range(300)}

    assert read_envelope({**beside, "has_more": True}, "data", 0) == NO_NOTES
