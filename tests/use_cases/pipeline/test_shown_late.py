"""An API that shows a payment some time after its minute: overlapping windows, or asking again by hand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import Result

from fraud_common.errors import SettingsError

Town = Any  # conftest.Town


class Shop:
    """A payments API with windows: one payment a minute (``p0``, ``p1``, …), of which some are hidden."""

    def __init__(self, town: Town) -> None:
        self.hidden: set[str] = set()
        self._town, shop = town, self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                window = parse_qs(urlsplit(self.path).query)
                body = json.dumps(shop.payments(*(datetime.fromisoformat(window[name][0]) for name in ("s", "e"))))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/?s={{start}}&e={{end}}"

    def payments(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Those whose time lies in the window."""
        shown = []
        for number in range(20):
            time = self._town.batch(number).minute
            if start <= time < end and f"p{number}" not in self.hidden:
                shown.append({"trans_num": f"p{number}", "current_time": int(time.timestamp() * 1000),
                              "cc_num": 4532015112830366, "merchant": "Kub", "amt": 7.0 + number})  # fmt: skip
        return shown


@pytest.fixture
def shop(town: Town) -> Iterator[Shop]:
    """Its server."""
    made = Shop(town)
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_what_is_shown_late_comes_with_a_later_minute(town: Town, shop: Shop) -> None:
    """Within the lag, once; the minutes' own bytes stay, and a replay writes nothing."""
    shop.hidden = {"p1"}
    for number in range(3):
        town.run(number, payments_api_url=shop.url, payments_api_lag_minutes=3)
    assert town.stored() == {"p0", "p2"}
    shop.hidden = set()
    done = town.run(3, payments_api_url=shop.url, payments_api_lag_minutes=3)
    assert (done["new"], done["updated"], done["unchanged"]) == (2, 0, 2)
    assert town.rows("select first_batch_id from payments_scored where trans_num = 'p1'") == [(town.batch(3).batch_id,)]
    before = town.fingerprint()
    town.pipeline().replay(town.batch(0).minute, town.batch(4).minute)
    assert town.fingerprint() == before
    assert town.rows("select count(*) from outbox_payments") == [(4,)]


def test_closed_minutes_are_asked_for_again_by_hand(
    town: Town, shop: Shop, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes lands as batches of their own, in the ledger; the next run loads them, and nothing is doubled."""
    shop.hidden = {"p1"}
    for number in range(3):
        town.run(number, payments_api_url=shop.url)
    shop.hidden = set()
    monkeypatch.setenv("PAYMENTS_API_URL", shop.url)
    first, last = town.batch(0).batch_id, town.batch(3).batch_id
    done = json.loads(run("extract", "--again", "--from", first, "--to", last, "--json").stdout)
    assert (done["asked_again"], done["first"], done["last"]) == (3, "again-20261120T1031Z", "again-20261120T1033Z")
    done = json.loads(run("extract", "--again", "--at", first, "--json").stdout)
    assert done["first"] == "again-20261120T1031Z.2"
    said = [json.loads(run(step, "--at", last, "--json").stdout) for step in ("transform", "score", "load")]
    assert [said[2][name] for name in ("batches", "new", "updated", "unchanged")] == [4, 1, 0, 3]
    assert town.stored() == {"p0", "p1", "p2"}
    kinds = town.rows("select kind, status, count(*) from run_ledger group by 1, 2 order by 1")
    assert kinds == [("again", "done", 4), ("minute", "done", 3)]


def test_a_current_api_cannot_be_asked_again(
    town: Town, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would answer with other payments; nor is anything asked without naming minutes."""
    monkeypatch.setenv("PAYMENTS_API_URL", f"{town.api_url}/current-transactions")
    first = town.batch(0).batch_id
    with pytest.raises(SettingsError, match="shows only what is current"):
        run("extract", "--again", "--at", first)
    for wrong in ([], ["--from", first], ["--again"], ["--again", "--from", first, "--to", first]):
        with pytest.raises(SettingsError):
            run("extract", *wrong)
    assert town.pipeline().parts.files.landing.completions() == []
