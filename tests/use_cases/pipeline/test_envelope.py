"""What an API says beside its records reaches the ledger: more pages and errors never look like a whole minute."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fraud_common.errors import ApiUnavailable

Town = Any  # conftest.Town
PAYMENTS = [
    {"trans_num": f"ch_{number}", "unix_time": 1_795_170_671, "amt_minor": 1000 + number, "cc_num": "Fp00abcdefgh",
     "merchant": "Shop"}
    for number in range(3)
]  # fmt: skip


@pytest.fixture
def answering() -> Iterator[Callable[[dict[str, object]], str]]:
    """Starts a windowed payments API that always gives this answer; its URL."""
    servers = []

    def start(answer: dict[str, object]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                """No time: the town's clock is not the machine's."""
                return ""

            def log_message(self, *_: object) -> None:
                """Quiet."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/?from={{start}}&to={{end}}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_page_that_is_not_the_last_is_noted(town: Town, answering: Callable[[dict[str, object]], str]) -> None:
    """Its payments are stored, and the ledger says that the API has more."""
    done = town.run(0, payments_api_url=answering({"object": "list", "has_more": True, "data": PAYMENTS}))

    assert done["new"] == 3
    assert town.rows("select status, received, note from run_ledger") == [
        ("done", 3, "an answer is not all that the payments API has (has_more is true)")
    ]


def test_an_error_in_an_answer_is_no_minute_without_payments(
    town: Town, answering: Callable[[dict[str, object]], str]
) -> None:
    """The window stays open and is asked again by the next run; nothing is done."""
    broken = answering({"success": False, "data": []})
    with pytest.raises(ApiUnavailable, match=r"says that it failed \(success is false\)"):
        town.run(0, payments_api_url=broken)
    assert town.rows("select count(*) from run_ledger") == [(0,)]

    whole = answering({"success": True, "data": PAYMENTS})
    town.run(1, payments_api_url=whole)
    assert town.rows("select batch_id, status from run_ledger order by 1")[0][1] == "done"
