"""The payments API over HTTP: one bounded call, the answer as it came.

Errors name the server and path, never the query or the headers: both may hold a key.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from fraud_common.errors import ApiUnavailable, SettingsError
from fraud_common.masked_url import masked_url
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer
from fraud_scorer.sources.sockets import TrackedSockets

_CHUNK = 65_536
_DATE_GRAIN_SECONDS = 1.0  # a Date header leaves the fraction out
_LONGEST_WAIT_SECONDS = 86_400.0  # a larger Retry-After would overflow a date
_MOST_REDIRECTS = 3
_NOT_ALLOWED = (401, 403, 407)
_REDIRECTS = (301, 302, 303, 307, 308)
_NETWORK = (requests.RequestException, HTTPError, OSError)


class HttpPaymentsApi:
    """Implements ``ports.PaymentsApi``."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 67_108_864,
        lag: timedelta = timedelta(),
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """``url`` may hold {start} and {end}; ``now`` is the clock that ``ask``'s deadlines are read on.

        ``lag``: how long after its time a payment may first be shown. A window begins so much earlier than its minute.

        Raises:
            SettingsError: no http(s) URL, or only one of {start} and {end}.
        """
        if not _is_address(url):
            raise SettingsError(
                "PAYMENTS_API_URL is no http:// or https:// address", "Write : / ? @ in its password as %3A %2F %3F %40"
            )
        if ("{start}" in url) != ("{end}" in url):
            raise SettingsError("PAYMENTS_API_URL holds only one of {start} and {end}", "Write both, or neither")
        self.windowed = "{start}" in url
        self._url = url
        self._headers = {"Accept": "application/json", "User-Agent": "fraud-scorer", **(headers or {})}
        self._max_bytes = max_bytes
        self._lag = lag
        self._now = now or (lambda: datetime.now(UTC))

    def ask(self, batch: Batch, *, deadline: datetime) -> Answer:
        """One answer (2xx) for the batch's minute; what was cut on the way comes flagged ``truncated``.

        Raises:
            ApiUnavailable: refused, no answer by the deadline, another status, too large, or sent elsewhere;
                ``retry_after`` holds the seconds the server asked for. Of a windowed API also: by the server's
                clock the minute is not over.
        """
        seconds = (deadline - self._now()).total_seconds()
        if seconds <= 0:
            raise ApiUnavailable("no time was left to ask the payments API")
        call = _Call(self._headers, self._max_bytes, seconds)
        received = call.result(self._url_of(batch))
        if self.windowed and received.seconds_ahead is not None:
            self._refuse_unfinished(batch, received.seconds_ahead)
        return Answer(received.body, received.http_status, received.content_type, self._now(), received.truncated)

    def _refuse_unfinished(self, batch: Batch, ahead: float) -> None:
        """A window that is not over on the server's clock is not complete, whatever our clock says."""
        missing = (batch.end - self._now()).total_seconds() + ahead
        if missing > _DATE_GRAIN_SECONDS:
            error = ApiUnavailable(
                f"the payments API's clock is {ahead:.0f} seconds behind ours: its minute is not over",
                "Check both clocks",
            )
            error.retry_after = missing
            raise error

    def _url_of(self, batch: Batch) -> str:
        if not self.windowed:
            return self._url
        if batch.minute is None:
            raise SettingsError(f"batch {batch.batch_id} is history: the payments API is not asked for it")
        start, end = (quote(f"{moment:%Y-%m-%dT%H:%M:%SZ}") for moment in (batch.minute - self._lag, batch.end))
        return self._url.replace("{start}", start).replace("{end}", end)


def parse_headers(text: str) -> dict[str, str]:
    """``PAYMENTS_API_HEADERS``: a JSON object of texts, or nothing.

    Raises:
        SettingsError: anything else; never quotes it.
    """
    if not text.strip():
        return {}
    try:
        headers = json.loads(text)
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise SettingsError("PAYMENTS_API_HEADERS is no JSON object of texts", 'Write {"X-Api-Key": "..."}')
    return headers


@dataclass(frozen=True)
class _Received:
    """What came back."""

    body: bytes
    http_status: int
    content_type: str
    truncated: bool
    seconds_ahead: float | None  # of the machine's clock over the server's; None if the server names no time


class _Call:
    """One call in a thread of its own, so that its deadline holds whatever the server does with the connection.

    A requests timeout bounds each wait for bytes, not the call: a server that sends one byte a second outlives it.
    At the deadline the sockets are shut down, which ends the thread.
    """

    def __init__(self, headers: Mapping[str, str], max_bytes: int, seconds: float) -> None:
        self._headers = headers
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._sockets = TrackedSockets()
        self._outcome: _Received | ApiUnavailable | None = None

    def result(self, url: str) -> _Received:
        """What came back by the deadline; raises ApiUnavailable."""
        thread = threading.Thread(target=self._run, args=(url,), daemon=True, name="payments-api-call")
        thread.start()
        thread.join(self._seconds)
        outcome = self._outcome
        if thread.is_alive() or outcome is None:
            self._sockets.shut_down()
            outcome = ApiUnavailable(f"{_place(url)} gave no whole answer within {self._seconds:.1f} seconds")
        if isinstance(outcome, ApiUnavailable):
            raise outcome
        return outcome

    def _run(self, url: str) -> None:
        try:
            with requests.Session() as session:
                self._sockets.watch(session)
                self._outcome = self._follow(session, url)
        except ApiUnavailable as error:
            self._outcome = error
        except _NETWORK as error:
            self._outcome = ApiUnavailable(
                f"{_place(url)} cannot be reached ({type(error).__name__})", "Check PAYMENTS_API_URL"
            )
        except Exception as error:  # a thread's error would be lost
            self._outcome = ApiUnavailable(f"{_place(url)} gave an answer that cannot be read ({type(error).__name__})")

    def _follow(self, session: requests.Session, url: str) -> _Received:
        for _ in range(_MOST_REDIRECTS + 1):
            with session.get(
                url, headers=dict(self._headers), stream=True, timeout=self._seconds, allow_redirects=False
            ) as response:
                if response.status_code not in _REDIRECTS:
                    return self._read(response, url)
                url = _redirected(url, response.headers.get("Location", ""))
        raise ApiUnavailable(f"{_place(url)} redirects more than {_MOST_REDIRECTS} times")

    def _read(self, response: requests.Response, url: str) -> _Received:
        if not 200 <= response.status_code < 300:
            raise _refusal(response, url)
        body = bytearray()
        truncated = False
        try:
            # read1 hands on what has come so far; read would keep it to itself when the connection breaks
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > self._max_bytes:
                    raise ApiUnavailable(
                        f"{_place(url)} answered with more than {self._max_bytes:,} bytes",
                        "Raise PAYMENTS_API_MAX_BYTES if that is right",
                    )
        except _NETWORK:
            if not body:
                raise
            truncated = True
        content_type, date = response.headers.get("Content-Type", ""), response.headers.get("Date", "")
        return _Received(bytes(body), response.status_code, content_type, truncated, _seconds_ahead(date))


def _refusal(response: requests.Response, url: str) -> ApiUnavailable:
    """The error of a status that is no answer; a retry helps with 429 and 5xx, the settings with the rest."""
    status = response.status_code
    cure = "" if status == 429 or status >= 500 else "Check PAYMENTS_API_URL and PAYMENTS_API_HEADERS"
    if status in _NOT_ALLOWED:
        cure = (
            "It does not accept the credentials: set PAYMENTS_API_HEADERS to those it wants, and check PAYMENTS_API_URL"
        )
    error = ApiUnavailable(f"{_place(url)} answered {status}", cure)
    error.retry_after = _retry_after(response.headers.get("Retry-After", ""))
    return error


def _retry_after(text: str) -> float | None:
    """Seconds, from either form of the header; None if it is absent or nonsense."""
    if text.strip().isdecimal():
        return min(float(text), _LONGEST_WAIT_SECONDS)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _seconds_ahead(date: str) -> float | None:
    try:
        return time.time() - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None


def _redirected(url: str, location: str) -> str:
    """Where a redirect leads. Another host is refused: it would be given our headers."""
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    is_upgrade = (here.scheme, there.scheme) == ("http", "https") and here.hostname == there.hostname
    if (here.scheme, here.netloc) != (there.scheme, there.netloc) and not is_upgrade:
        raise ApiUnavailable(
            f"{_place(url)} redirects to another server", "Put the final address into PAYMENTS_API_URL"
        )
    return target


def _place(url: str) -> str:
    """Server and path, without user, query or fragment."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return masked_url(f"{parts.scheme}://{parts.hostname}{port}{parts.path}")


def _is_address(url: str) -> bool:
    """Whether it can be asked; urlsplit's own error would quote a part of it, which may be the password."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
