"""The payments API over real HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import requests

from payments_simulator.stream import Stream

COLUMNS = [
    "cc_num", "merchant", "category", "amt", "first", "last", "gender", "street", "city", "state", "zip", "lat", "long",
    "city_pop", "job", "dob", "trans_num", "merch_lat", "merch_long", "is_fraud", "current_time",
]  # fmt: skip
Serve = Callable[..., AbstractContextManager[Any]]


def test_public_shape(simulator: Any) -> None:
    """A call without a window answers one recent payment: JSON in a JSON string, split, the public columns."""
    answer = simulator.get()
    assert answer.headers["content-type"] == "application/json"
    inner = answer.json()
    assert isinstance(inner, str)
    split = json.loads(inner)
    assert split["columns"] == COLUMNS
    assert len(split["index"]) == len(split["data"]) == 1
    assert split["data"][0][-1] == int(simulator.clock[0] * 1000)


def test_its_bare_address_says_what_it_is(simulator: Any) -> None:
    """A browser that opens the printed address finds the endpoints, and each link answers."""
    page = requests.get(f"{simulator.url}/", timeout=10)
    assert page.headers["content-type"].startswith("text/html")
    links = re.findall(r'href="([^"]+)"', page.text)
    assert "current-transactions" in links
    assert {requests.get(f"{simulator.url}/{link}", timeout=10).status_code for link in links} == {200}


def test_sample_is_recent_and_with_replacement(simulator: Any, stream: Stream) -> None:
    """A sample draws from the last hour, and the same payment comes again."""
    now = int(simulator.clock[0])
    recent = set(stream.frame(now - 3600, now)["trans_num"])
    drawn = [row["trans_num"] for row in simulator.rows(simulator.get(rows=3000))]
    assert set(drawn) <= recent
    assert len(set(drawn)) < len(drawn) == 3000


def test_window_is_exact(simulator: Any, stream: Stream) -> None:
    """A window answers exactly its payments, each time the same, with their own times."""
    first, again = simulator.minute(), simulator.minute()
    assert first.content == again.content
    end = int(simulator.clock[0])
    expected = stream.frame(end - 60, end)
    answered = simulator.rows(first)
    assert [row["trans_num"] for row in answered] == list(expected["trans_num"])
    assert [row["current_time"] for row in answered] == [at * 1000 for at in expected["unix_time"]]
    assert [row["cc_num"] for row in answered] == list(expected["cc_num"])
    assert [row["is_fraud"] for row in answered] == list(expected["is_fraud"])


def test_big_card_numbers_keep_their_digits(simulator: Any, stream: Stream) -> None:
    """Card numbers beyond 2^53 travel as integers."""
    now = int(simulator.clock[0])
    answered = simulator.rows(simulator.minute(minutes_ago=60, rows=1)) + simulator.payments(2)
    numbers = [row["cc_num"] for row in answered]
    assert all(isinstance(number, int) for number in numbers)
    assert np.isin(numbers, stream.frame(now - 3700, now)["cc_num"]).all()


def test_zone_and_fraction_of_windows(simulator: Any) -> None:
    """Windows may be written in any zone, naively (UTC) or with fractions of a second."""
    plain = simulator.payments()
    stop = datetime.fromtimestamp(simulator.clock[0], UTC)
    start, late = stop - timedelta(minutes=1), stop - timedelta(seconds=0.5)
    naive = simulator.get(start=start.replace(tzinfo=None).isoformat(), end=stop.isoformat())
    shifted = simulator.get(start=start.astimezone(timezone(timedelta(hours=-5))).isoformat(), end=late.isoformat())
    assert simulator.rows(naive) == plain
    assert simulator.rows(shifted) == plain


def test_future_has_not_happened(simulator: Any) -> None:
    """A window in the future is empty; of a running minute only what has happened comes."""
    assert simulator.payments(minutes_ago=-10) == []
    simulator.clock[0] -= 30
    part = simulator.payments()
    assert all(row["current_time"] < simulator.clock[0] * 1000 for row in part)
    simulator.clock[0] += 30
    assert [row for row in simulator.payments() if row in part] == part


def test_bad_windows(simulator: Any) -> None:
    """Half a window, a reversed one and nonsense are refused with one plain sentence."""
    later, sooner = "2026-11-20T10:31Z", "2026-11-20T10:30Z"
    for query in (
        {"start": later},
        {"start": later, "end": sooner},
        {"rows": 0},
        {"start": "yesterday", "end": "today"},
    ):
        answer = simulator.get(**query)
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], str)


def test_variants(simulator: Any) -> None:
    """The same minute in other forms: plain JSON, other columns' order, other time columns, text zips."""
    plain = simulator.payments()
    decoded = simulator.minute(encoding="decoded").json()
    assert decoded["columns"] == COLUMNS
    shuffled = simulator.rows(simulator.minute(columns="shuffled"))
    assert list(shuffled[0]) != COLUMNS
    assert shuffled == plain
    iso = simulator.rows(simulator.minute(time="iso"))
    assert iso[0]["current_time"].startswith("2026-11-20T10:31:")
    dated = simulator.rows(simulator.minute(time="trans_date"))
    assert dated[0]["trans_date_trans_time"].startswith("2026-11-20 10:31:")
    assert "current_time" not in dated[0]
    unix = simulator.rows(simulator.minute(time="unix"))
    assert [row["unix_time"] * 1000 for row in unix] == [row["current_time"] for row in plain]
    zips = simulator.rows(simulator.minute(zip="text"))
    assert [row["zip"] for row in zips] == [f"{row['zip']:05d}" for row in plain]


def test_rate_limit(serve: Serve) -> None:
    """Beyond the limit calls get 429 with the seconds to wait, after which they are answered again."""
    with serve(calls_per_minute=2) as simulator:
        assert [simulator.get().status_code for _ in range(3)] == [200, 200, 429]
        refused = simulator.get()
        assert refused.headers["retry-after"] == "60"
        simulator.clock[0] += 60
        assert simulator.get().status_code == 200
        assert [entry["status"] for entry in simulator.handed_out()] == [200, 200, 429, 429, 200]


def test_handed_out_tells_every_payment(serve: Serve, tmp_path: Path) -> None:
    """The list of what was handed out names each answer's window and payments, and outlives a restart."""
    with serve(state=tmp_path) as simulator:
        answered = [row["trans_num"] for row in simulator.payments()]
        simulator.get()
    with serve(state=tmp_path) as simulator:
        simulator.payments(2)
        first, second, third = simulator.handed_out()
        assert first["trans_nums"] == answered
        assert first["window"] == ["2026-11-20T10:31:00+00:00", "2026-11-20T10:32:00+00:00"]
        assert (first["payments"], first["readable"], first["faults"]) == (len(answered), True, [])
        assert second["window"] is None
        assert [entry["number"] for entry in (first, second, third)] == [1, 2, 3]
        assert simulator.handed_out(since=2) == [third]
    written = (tmp_path / "handed_out.jsonl").read_text()
    assert len(written.splitlines()) == 3
    assert "cc_num" not in written


def test_control_tells_fraud_kinds(simulator: Any, stream: Stream) -> None:
    """The control API names the kinds of a window's frauds."""
    end = int(simulator.clock[0])
    frauds = stream.frame(end - 3600, end).query("is_fraud == 1")
    answer = requests.get(
        f"{simulator.url}/_control/fraud-kinds",
        params={"start": "2026-11-20T09:32Z", "end": "2026-11-20T10:32Z"},
        timeout=10,
    )
    assert answer.json() == dict(zip(frauds["trans_num"], frauds["fraud_kind"], strict=True))


def test_health(simulator: Any) -> None:
    """The health page answers."""
    assert requests.get(f"{simulator.url}/health", timeout=10).json()["status"] == "ok"
