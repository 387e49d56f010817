"""The application: the payments API of the public server's shape, and the control API for tests."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
import pandas as pd
from fastapi import FastAPI, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import HTMLResponse, JSONResponse, Response

from payments_simulator.api.answers import Answer, Encoding, Form, Order, TimeForm, ZipForm
from payments_simulator.api.fault_plan import KINDS, STATUS, UNREADABLE, Fault, FaultPlan, RowFaults
from payments_simulator.api.handed_out import HandedOut, HandedOutList
from payments_simulator.api.socket_faults import KeepsTransport, WireResponse
from payments_simulator.api.start_page import INDEX
from payments_simulator.sources import Source

LONGEST_WINDOW_SECONDS = 86_400
_HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


@dataclass(frozen=True)
class Settings:
    """The settings of the API's answers.

    Attributes:
        form: how answers are written when the call does not say.
        sample_rows: rows of an answer without a window.
        recent_seconds: how far back such an answer draws from.
        calls_per_minute: more are answered 429; None: no limit.
        seed: of the faults' chances.
    """

    form: Form = field(default_factory=Form)
    sample_rows: int = 1
    recent_seconds: int = 3600
    calls_per_minute: int | None = None
    seed: int = 7


class RateLimit:
    """At most so many calls within any 60 seconds."""

    def __init__(self, calls_per_minute: int | None, clock: Callable[[], float]) -> None:
        self._limit = calls_per_minute
        self._clock = clock
        self._calls: deque[float] = deque()
        self._lock = threading.Lock()

    def seconds_to_wait(self) -> int:
        """0 if the call may go ahead (it counts); otherwise the seconds to wait before the next call."""
        if self._limit is None:
            return 0
        with self._lock:
            now = self._clock()
            while self._calls and self._calls[0] <= now - 60:
                self._calls.popleft()
            if len(self._calls) < self._limit:
                self._calls.append(now)
                return 0
            return max(1, math.ceil(self._calls[0] + 60 - now))


class PaymentsApi:
    """Answers calls from a source of payments."""

    def __init__(
        self, source: Source, settings: Settings, handed_out: HandedOutList, clock: Callable[[], float]
    ) -> None:
        self.source = source
        self.settings = settings
        self.handed_out = handed_out
        self.clock = clock
        self.plan = FaultPlan(settings.seed)
        self._row_faults = RowFaults(self.plan.random)
        self._limit = RateLimit(settings.calls_per_minute, clock)
        self._draws = np.random.default_rng()
        self._recent: tuple[int, pd.DataFrame] | None = None
        self._lock = threading.Lock()

    def current_transactions(self, window: tuple[datetime, datetime] | None, rows: int | None, form: Form) -> Response:
        """One answer, noted in the list of answers before it goes out."""
        wait = self._limit.seconds_to_wait()
        if wait:
            return self._refusal(window, 429, {"Retry-After": str(wait)}, [])
        faults = self.plan.strike()
        refused = next((fault for fault in faults if fault.kind in STATUS), None)
        if refused:
            after = refused.params.get("retry_after")
            headers = {} if after is None else {"Retry-After": str(after)}
            return self._refusal(window, int(refused.kind[-3:]), headers, [refused])
        with self._lock:
            answer = self._row_faults.apply(self._drawn(window, rows), faults)
        body, content_type = _body(answer.encoded(form), faults)
        self._note(window, 200, answer, faults, body)
        return WireResponse(body, 200, content_type, {}, faults)

    def _drawn(self, window: tuple[datetime, datetime] | None, rows: int | None) -> Answer:
        now = self.clock()
        if window is None:
            recent = self._recent_payments(int(now))
            count = (rows or self.settings.sample_rows) if len(recent) else 0
            drawn = self._draws.integers(0, max(1, len(recent)), count)
            return Answer.of_frame(recent.iloc[drawn], now_millis=int(now * 1000))
        start, end = (math.ceil(moment.timestamp()) for moment in window)
        return Answer.of_frame(self.source.frame(start, max(start, min(end, math.ceil(now)))))

    def _recent_payments(self, now: int) -> pd.DataFrame:
        minute = now - now % 60
        if self._recent is None or self._recent[0] != minute:
            self._recent = (minute, self.source.frame(now - self.settings.recent_seconds, now))
        return self._recent[1]

    def _refusal(
        self, window: tuple[datetime, datetime] | None, status: int, headers: dict[str, str], faults: list[Fault]
    ) -> Response:
        self._note(window, status, Answer([], [], []), faults)
        return JSONResponse({"detail": _REFUSALS[status]}, status, headers)

    def _note(
        self,
        window: tuple[datetime, datetime] | None,
        status: int,
        answer: Answer,
        faults: list[Fault],
        body: bytes | None = None,
    ) -> None:
        kinds = [fault.kind for fault in faults]
        asked = [moment.isoformat() for moment in window] if window else None
        at = datetime.fromtimestamp(self.clock(), UTC).isoformat()
        readable = status == 200 and not UNREADABLE & set(kinds)
        sha256 = hashlib.sha256(body).hexdigest() if body is not None else ""
        self.handed_out.add(
            HandedOut(at, asked, status, len(answer.rows), answer.trans_nums, answer.malformed, kinds, readable, sha256)
        )


_REFUSALS = {429: "too many requests", 500: "internal server error", 503: "service unavailable"}


def _body(body: bytes, faults: list[Fault]) -> tuple[bytes, str]:
    """The bytes and content type after the faults that strike them."""
    content_type = "application/json"
    for fault in faults:
        if fault.kind == "truncated_json":
            body = body[: int(len(body) * float(fault.params["share"]))]
        elif fault.kind == "empty_body":
            body = b""
        elif fault.kind == "empty_list":
            body = b"[]"
        elif fault.kind == "html_page":
            body, content_type = _HTML, "text/html; charset=utf-8"
        elif fault.kind == "wrong_content_type":
            content_type = str(fault.params["content_type"])
    return body, content_type


def _window(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime] | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise HTTPException(422, "give both start and end, or neither")
    window = (start, end) if start.tzinfo and end.tzinfo else (_as_utc(start), _as_utc(end))
    if not 0 <= (window[1] - window[0]).total_seconds() <= LONGEST_WINDOW_SECONDS:
        raise HTTPException(422, "end must lie after start, by a day at most")
    return window


def _as_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def application(
    source: Source, settings: Settings, handed_out: HandedOutList, clock: Callable[[], float] = time.time
) -> KeepsTransport:
    """The ASGI application. ``clock`` gives epoch seconds; payments after it have not happened yet."""
    api = PaymentsApi(source, settings, handed_out, clock)
    app = FastAPI(title="payments simulator", docs_url=None, redoc_url=None)

    @app.get("/", response_class=HTMLResponse)
    def index() -> str:
        return INDEX

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "answers": api.handed_out.count}

    @app.get("/current-transactions")
    def current_transactions(
        start: datetime | None = None,
        end: datetime | None = None,
        rows: Annotated[int | None, Query(ge=1, le=10_000)] = None,
        encoding: Encoding | None = None,
        columns: Order | None = None,
        time_form: Annotated[TimeForm | None, Query(alias="time")] = None,
        zip_form: Annotated[ZipForm | None, Query(alias="zip")] = None,
    ) -> Response:
        asked = {"encoding": encoding, "order": columns, "time": time_form, "zip": zip_form}
        form = replace(settings.form, **{name: value for name, value in asked.items() if value})  # type: ignore[arg-type]
        return api.current_transactions(_window(start, end), rows, form)

    _add_control(app, api)
    return KeepsTransport(app)


def _add_control(app: FastAPI, api: PaymentsApi) -> None:
    @app.get("/_control/faults")
    def list_faults() -> dict[str, Any]:
        kinds = {kind: {"does": does, "params": params} for kind, (params, does) in KINDS.items()}
        return {"waiting": [fault.model_dump() for fault in api.plan.waiting], "kinds": kinds}

    @app.post("/_control/faults", status_code=201)
    def order_fault(fault: Fault) -> dict[str, Any]:
        api.plan.order(fault)
        return fault.model_dump()

    @app.delete("/_control/faults", status_code=204)
    def clear_faults() -> None:
        api.plan.clear()

    @app.get("/_control/handed-out")
    def list_handed_out(since: int = 0, limit: Annotated[int, Query(ge=1, le=10_000)] = 1000) -> dict[str, Any]:
        return {"answers": api.handed_out.since(since, limit), "count": api.handed_out.count}

    @app.get("/_control/fraud-kinds")
    def fraud_kinds(start: datetime, end: datetime) -> dict[str, str]:
        first, last = (int(_as_utc(moment).timestamp()) for moment in (start, end))
        frauds = api.source.frame(first, last).query("fraud_kind != ''")
        return dict(zip(frauds["trans_num"], frauds["fraud_kind"], strict=True))

    @app.exception_handler(RequestValidationError)
    def say_what_is_wrong(_: Any, error: RequestValidationError) -> JSONResponse:
        faults = [f"{'.'.join(str(part) for part in e['loc'][1:])}: {e['msg']}" for e in error.errors()]
        return JSONResponse({"detail": "; ".join(faults)}, 422)
