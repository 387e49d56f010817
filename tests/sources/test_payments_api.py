"""The HTTP client: one bounded call, against a server that does what servers do."""

import gzip
import pickle
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from urllib.parse import urlsplit

import pytest

from fraud_common.errors import ApiUnavailable, SettingsError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.sources.payments_api import HttpPaymentsApi, parse_headers

BATCH = Batch.of_id("2025-11-20T10:31Z")
BODY = b'{"columns": [], "data": []}'


class Server:
    """Answers each connection with the next of its scripts, and keeps the requests."""

    def __init__(self):
        self.scripts, self.requests = [], []
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/current-transactions"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        for number in count():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection, number), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection, number):
        with connection, suppress(OSError):
            self.requests.append(connection.recv(65536).decode())
            for chunk in self.scripts[min(number, len(self.scripts) - 1)]:
                connection.sendall(chunk)
            if self.scripts[-1] is SILENCE:
                self._done.wait(30)

    def close(self):
        self._done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


SILENCE = ()


def response(body=BODY, status="200 OK", **headers):
    """One whole answer."""
    headers = {"Content_Length": len(body), "Content_Type": "application/json", "Connection": "close"} | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items() if value is not None)
    return [f"HTTP/1.1 {status}\r\n{head}\r\n".encode(), body]


def drip(chunks):
    """A byte now and then, for ever: no single wait is long."""
    for chunk in chunks:
        yield chunk
        time.sleep(0.05)


@pytest.fixture
def server():
    """A server that runs while the test does."""
    running = Server()
    yield running
    running.close()


def ask(server, *scripts, seconds=5.0, query="", **options):
    """One call against these scripts."""
    server.scripts = list(scripts)
    return HttpPaymentsApi(server.url + query, **options).ask(
        BATCH, deadline=datetime.now(UTC) + timedelta(seconds=seconds)
    )


def test_an_answer_arrives_as_it_was_sent(server):
    """Body, status, type and time."""
    answer = ask(server, response())

    assert (answer.body, answer.http_status, answer.content_type, answer.truncated) == (
        BODY,
        200,
        "application/json",
        False,
    )
    assert answer.received_at.tzinfo is UTC


def test_a_windowed_url_asks_for_exactly_the_minute(server):
    """{start} and {end} become the interval in UTC; headers are sent along."""
    ask(server, response(), query="?start={start}&end={end}", headers={"X-Api-Key": "k"})

    assert (
        "GET /current-transactions?start=2025-11-20T10%3A31%3A00Z&end=2025-11-20T10%3A32%3A00Z " in server.requests[0]
    )
    assert "X-Api-Key: k" in server.requests[0]
    assert HttpPaymentsApi("http://h/?a={start}&b={end}").windowed
    assert not HttpPaymentsApi("http://h/").windowed


def test_a_window_begins_earlier_by_the_lag(server):
    """What the API shows late is in the window of a later minute; each ends with its own minute."""
    ask(server, response(), query="?start={start}&end={end}", lag=timedelta(minutes=5))

    assert "?start=2025-11-20T10%3A26%3A00Z&end=2025-11-20T10%3A32%3A00Z " in server.requests[0]


def test_a_window_that_is_not_over_on_the_servers_clock_is_not_taken(server):
    """Our clock ten minutes ahead: the window would come back empty; the error says how long to wait."""
    now = datetime.now(UTC)
    batch = Batch.of_minute(now - timedelta(minutes=1, seconds=now.second))
    server.scripts = [response(Date=format_datetime(now - timedelta(minutes=10), usegmt=True))]
    soon = now + timedelta(seconds=60)

    with pytest.raises(ApiUnavailable, match=r"clock is 60. seconds behind ours.*Check both clocks") as caught:
        HttpPaymentsApi(server.url + "?s={start}&e={end}").ask(batch, deadline=soon)
    assert 500 < caught.value.retry_after <= 601
    assert HttpPaymentsApi(server.url).ask(batch, deadline=soon).body == BODY


def test_the_servers_clock_may_be_right_or_silent(server):
    """The time of now, none and nonsense are all fine; virtual minutes are judged on the clock that was handed in."""
    virtual = datetime(2030, 1, 1, 0, 1, tzinfo=UTC)
    api = HttpPaymentsApi(server.url + "?s={start}&e={end}", now=lambda: virtual)
    for date in (format_datetime(datetime.now(UTC), usegmt=True), None, "today"):
        server.scripts = [response(Date=date)]
        assert api.ask(Batch.of_id("2030-01-01T00:00Z"), deadline=virtual + timedelta(seconds=60)).body == BODY


def test_compressed_and_chunked_answers_are_read(server):
    """Gzip is undone, chunks are joined."""
    packed = gzip.compress(BODY)
    chunked = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n"

    assert ask(server, response(packed, Content_Encoding="gzip")).body == BODY
    assert ask(server, response(chunked, Content_Length=None, Transfer_Encoding="chunked")).body == BODY


@pytest.mark.parametrize(
    "script",
    [
        response(BODY[:10], Content_Length=len(BODY)),
        response(b"a\r\n" + BODY[:10] + b"\r\n", Content_Length=None, Transfer_Encoding="chunked"),
        response(gzip.compress(BODY)[:-8], Content_Length=len(gzip.compress(BODY)), Content_Encoding="gzip"),
    ],
    ids=["length", "chunks", "gzip"],
)
def test_a_cut_answer_is_kept_and_flagged(server, script):
    """What came before the connection broke is handed on, marked truncated."""
    answer = ask(server, script)

    assert answer.truncated
    assert answer.body


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        ("429 Too Many Requests", "7", 7),
        ("503 Service Unavailable", None, None),
        ("500 Internal Server Error", "soon", None),
        ("503 Service Unavailable", "9" * 400, 86_400),
        ("429 Too Many Requests", "Fri, 01 Jan 2021 00:00:00 GMT", 0),
    ],
)
def test_a_refusal_carries_what_the_server_asks_for(server, status, header, seconds):
    """Retry-After as seconds or date; nonsense and absence are None; it survives pickling."""
    with pytest.raises(ApiUnavailable, match=status[:3]) as caught:
        ask(server, response(status=status, Retry_After=header))

    error = pickle.loads(pickle.dumps(caught.value))
    assert error.retry_after == seconds


def test_a_date_to_come_back_at_becomes_seconds(server):
    """Retry-After as a date an hour ahead."""
    later = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(ApiUnavailable) as caught:
        ask(server, response(status="429 Too Many Requests", Retry_After=format_datetime(later, usegmt=True)))

    assert 3000 < caught.value.retry_after <= 3600


def test_a_wrong_address_or_key_says_what_to_check(server):
    """401 and 404 name the settings."""
    with pytest.raises(
        ApiUnavailable, match=r"answered 401\. It does not accept the credentials: set PAYMENTS_API_HEADERS"
    ):
        ask(server, response(status="401 Unauthorized"))


@pytest.mark.parametrize(
    "script",
    [
        SILENCE,
        [b"HTTP/1.1 200 OK\r\n", *SILENCE],
        drip([b"HTTP/1.1 200 OK\r\n"] + [b"X-Slow: 1\r\n"] * 500),
        drip([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"] + [b"x"] * 500),
    ],
    ids=["black hole", "half a header", "slow header", "slow body"],
)
def test_no_server_outlives_the_deadline(server, script):
    """Silence and dripping end the call, and its thread with it."""
    server.scripts = [script, SILENCE]
    with pytest.raises(ApiUnavailable, match=r"no whole answer within 0\.\d+ seconds"):
        HttpPaymentsApi(server.url).ask(BATCH, deadline=datetime.now(UTC) + timedelta(seconds=0.5))

    for thread in threading.enumerate():
        if thread.name == "payments-api-call":
            thread.join(5)
            assert not thread.is_alive()


def test_an_endless_answer_is_refused(server):
    """More than the limit is not read to its end, compressed or not."""
    bomb = gzip.compress(bytes(1_000_000))
    for script in (response(bytes(20_000)), response(bomb, Content_Encoding="gzip")):
        server.scripts = []
        with pytest.raises(ApiUnavailable, match=r"more than 10,000 bytes\. Raise PAYMENTS_API_MAX_BYTES"):
            ask(server, script, max_bytes=10_000)


def test_a_refused_connection_is_unavailable():
    """Nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = HttpPaymentsApi(f"http://127.0.0.1:{port}/p?key=hunter2", headers={"X-Api-Key": "hunter2"})

    with pytest.raises(ApiUnavailable, match="cannot be reached") as caught:
        api.ask(BATCH, deadline=datetime.now(UTC) + timedelta(seconds=5))
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or "hunter2" not in str(caught.value.__context__)


def test_redirects_are_followed_on_the_same_server_only(server):
    """A few hops on this server are fine; another server would be given our headers; a loop ends."""
    moved = response(b"", "302 Found", Location="/moved")

    assert ask(server, moved, response()).body == BODY
    assert "GET /moved " in server.requests[1]
    with pytest.raises(ApiUnavailable, match="redirects to another server"):
        ask(server, *[response(b"", "302 Found", Location="http://example.org/")] * 3)
    with pytest.raises(ApiUnavailable, match="redirects more than 3 times"):
        ask(server, *[moved] * 9)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect",
                                    "308 Permanent Redirect"])  # fmt: skip
def test_another_server_is_not_even_called(server, status):
    """Named in full, without its scheme or behind what looks like us: it hears nothing, so no header of ours either."""
    other = Server()
    other.scripts = [response()]
    place = other.url.removeprefix("http://")
    for location in (other.url, f"//{place}", f"http://{urlsplit(server.url).netloc}@{place}"):
        with pytest.raises(ApiUnavailable, match="redirects to another server"):
            ask(server, *[response(b"", status, Location=location)] * 3, headers={"X-Api-Key": "hunter2"})
    assert any("hunter2" in request for request in server.requests)
    assert other.requests == []
    other.close()


def test_no_time_is_no_call(server):
    """A deadline in the past asks nothing; the deadline is read on the clock that was handed in."""
    virtual = datetime(2030, 1, 1, tzinfo=UTC)
    with pytest.raises(ApiUnavailable, match="no time"):
        ask(server, response(), seconds=-1)
    assert server.requests == []
    api = HttpPaymentsApi(server.url, now=lambda: virtual)
    assert api.ask(BATCH, deadline=virtual + timedelta(seconds=5)).received_at == virtual


@pytest.mark.parametrize("url", ["ftp://h/p", "h/p", "http://", "http://h/?start={start}"])
def test_a_wrong_url_is_a_settings_error(url):
    """Said before the first call."""
    with pytest.raises(SettingsError, match="PAYMENTS_API_URL"):
        HttpPaymentsApi(url)


def test_headers_are_a_json_object_of_texts():
    """Anything else is refused, unquoted."""
    assert parse_headers("") == {}
    assert parse_headers('{"A": "b"}') == {"A": "b"}
    for wrong in ("hunter2", '["hunter2"]', '{"hunter2": 1}'):
        with pytest.raises(SettingsError) as caught:
            parse_headers(wrong)
        assert "hunter2" not in str(caught.value)
