"""Card numbers and codes go in by every door, failing ones included, and come out in clear by none."""

from __future__ import annotations

import base64
import json
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import Result

from fraud_common.errors import FraudScorerError
from fraud_common.logs import without_card_numbers
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.use_cases.pipeline.minute import Pipeline
from fraud_scorer.wiring import Parts

sys.path.insert(0, str(Path(__file__).parent))

from canaries import CARDS, CODES, hits, writings

Town = Any  # conftest.Town
SECRETS = [*CARDS, *CODES]
SECOND = 1_795_170_671
TRACK = f";{CARDS[1]}=29121015517000"


@pytest.mark.parametrize("canary", [CARDS[0], CARDS[-1], CODES[0]])
def test_the_scanner_finds_each_writing(canary: str) -> None:
    """So that nothing found means nothing there; and it finds nothing where nothing is."""
    assert [name for name, blob in writings(canary) if not hits(blob, [canary])] == []
    assert hits("0123456789 " * 50 + "cvv pin track", SECRETS) == []
    assert hits(base64.b64encode(bytes(range(256))), SECRETS) == []


def payment(number: int, card: str, **changed: object) -> dict[str, object]:
    """A record with a code, a PIN and track data beside its card."""
    return {
        "trans_num": f"ch_{number}", "unix_time": SECOND, "amt": 10 + number, "cc_num": card, "merchant": "Shop",
        "cvv": CODES[0], "card": {"pinBlock": CODES[1]}, "track2": CODES[2], "note": f"swiped {TRACK}", **changed,
    }  # fmt: skip


def apart(card: str) -> str:
    """In groups of four."""
    return " ".join(card[at : at + 4] for at in range(0, len(card), 4))


FIRST = json.dumps([
    *(payment(number, card) for number, card in enumerate(CARDS)),
    payment(20, CARDS[0], amt="twelve"),
    payment(21, CARDS[1], merchant=f"Shop {CARDS[1]}"),
    payment(22, CARDS[2], city=apart(CARDS[2])),
    payment(23, CARDS[3], trans_num=CARDS[3]),
    payment(24, CARDS[4], extra={"receipt": CARDS[4], "reply": list(CARDS[4])}),
    payment(25, CARDS[5], amt=f"{CARDS[5]}"),
    payment(26, CARDS[6], unix_time=apart(CARDS[6])),
    payment(27, CARDS[1], currency=CARDS[1]),
    payment(28, f"{CARDS[1]} {CARDS[2]}"),
    payment(29, CARDS[1], category=CARDS[1], zip=CARDS[0], state=CARDS[2], gender=apart(CARDS[3])),
]).encode()  # fmt: skip
CUT = json.dumps([payment(40, CARDS[1], merchant=CARDS[2])]).encode()[:-9]
PAGE = f"<html>{CARDS[1]} {apart(CARDS[3])}</html>".encode()
WIDE = json.dumps([payment(41, CARDS[4], amt="much")]).encode("utf-16")
REFUSED = json.dumps({"success": False, "error": f"card {CARDS[1]} is refused", "data": []}).encode()
STUMBLES = json.dumps([payment(50, CARDS[2])]).encode()


class StumblingTokens(CardTokens):
    """A bug of ours: an error that names the card."""

    def tokens(self, cards: Any) -> list[str]:
        if list(cards):
            raise ZeroDivisionError(f"at card {cards[0]}")
        return super().tokens(cards)


class StumblingParts(Parts):
    """The parts that the settings choose, but for the tokens."""

    @property
    def tokens(self) -> CardTokens:  # type: ignore[override]
        return StumblingTokens(super().tokens.keys)


@pytest.fixture
def answering() -> Iterator[tuple[dict[str, bytes], list[bytes], str]]:
    """What the API answers (its ``body``), what the chat got, and the address of both."""
    answer, chat = {"body": b"[]"}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer["body"])))
            self.end_headers()
            self.wfile.write(answer["body"])

        def do_POST(self) -> None:
            chat.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            """No time: the town's clock is not the machine's."""
            return ""

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield answer, chat, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_no_canary_comes_out(
    town: Town,
    run: Callable[..., Result],
    answering: tuple[dict[str, bytes], list[bytes], str],
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in a table, a file or its name, a log, a mail, the chat, an error or what a command prints."""
    answer, chat, url = answering
    said: list[str] = []
    settings = {"payments_api_url": f"{url}/?from={{start}}&to={{end}}", "alert_slack_webhook": f"{url}/hook"}

    def minute(number: int, body: bytes, **changed: Any) -> None:
        answer["body"] = body
        said.append(told(lambda: town.run(number, **settings, **changed)))

    minute(0, FIRST)
    answer["body"] = FIRST
    pipeline, batch = town.pipeline(**settings), town.at(1)
    pipeline.extract(batch)
    said.append(told(lambda: Pipeline(StumblingParts(town.settings(**settings), town.clock)).run_minute(batch)))
    for number, body in enumerate([CUT, PAGE, WIDE, REFUSED, STUMBLES], start=2):
        minute(number, body)
    outside = tmp_path_factory.mktemp("inputs")
    said += [told(lambda words=words: run(*words).output) for words in commands(town, outside)]
    said += [*capsys.readouterr(), caplog.text]

    assert len(town.stored()) >= len(CARDS)
    assert town.rows("select count(*) from quarantine")[0][0] >= 8
    assert town.mailbox.texts
    assert chat
    bodies = [FIRST, CUT, PAGE, WIDE, REFUSED, STUMBLES]
    places = {f"said {place}": text for place, text in enumerate(said)} | tables(town) | files(town.folder)
    places |= files(outside, out_only=True)
    places |= {"mails": "\n".join(town.mailbox.texts), "chat": b"\n".join(chat)}
    found = {name: hits(blob, SECRETS, bodies) for name, blob in places.items()}
    assert {name: one for name, one in found.items() if one} == {}


def told(act: Callable[[], object]) -> str:
    """What it gives, or what it raises as the command line and our logs show it; an error of ours as it is."""
    try:
        return str(act())
    except FraudScorerError:
        return traceback.format_exc()
    except Exception:
        return without_card_numbers(traceback.format_exc())


def commands(town: Town, folder: Path) -> list[list[str]]:
    """What an operator types, each at least once with a card number in reach."""
    (folder / "labels.csv").write_text(f"trans_num,is_fraud\n{CARDS[1]},1\n{apart(CARDS[2])},1\nch_0,{CARDS[3]}\n")
    rows = [payment(60 + number, card) for number, card in enumerate(CARDS)]
    flat = [{name: value for name, value in row.items() if name != "card"} for row in rows]
    pd.DataFrame([*flat, flat[0] | {"trans_num": CARDS[1], "amt": -1}]).to_csv(folder / "score.csv", index=False)
    numbers = [str(number) for (number,) in town.rows("select quarantine_id from quarantine order by 1")]
    return [
        ["quarantine", "list"], ["quarantine", "list", "--json"],
        *(["quarantine", "show", number, *more] for number in numbers for more in ([], ["--full"], ["--json"])),
        ["quarantine", "retry", "--all"],
        ["explain", "ch_0"], ["explain", "ch_1", "--json"], ["explain", CARDS[1]],
        ["status"], ["alerts", "list"],
        ["labels", "import", str(folder / "labels.csv")],
        ["score-file", str(folder / "score.csv"), "--out", str(folder / "out.csv"), "--artifacts", str(town.model)],
    ]  # fmt: skip


def tables(town: Town) -> dict[str, bytes]:
    """Every cell of every table, by the names of table and column; bytes as they are."""
    found: dict[str, bytes] = {}
    columns = town.rows(
        "select table_schema, table_name, column_name, data_type from information_schema.columns join"
        " information_schema.tables using (table_schema, table_name) where table_type = 'BASE TABLE'"
        " and table_schema not in ('pg_catalog', 'information_schema')"
    )
    for schema, table, column, kind in columns:
        value = f'"{column}"' if kind == "bytea" else f'"{column}"::text'
        cells = town.rows(f'select {value} from "{schema}"."{table}" where "{column}" is not null')
        found[f"{schema}.{table}.{column}"] = b"\n".join(
            bytes(cell) if kind == "bytea" else cell.encode() for (cell,) in cells
        )
    return found


def files(folder: Path, *, out_only: bool = False) -> dict[str, bytes]:
    """Every file with its name; what is Parquet also as text."""
    found = {}
    for path in folder.rglob("*.csv" if out_only else "*"):
        if path.is_file() and not (out_only and path.name != "out.csv"):
            text = pd.read_parquet(path).to_csv().encode() if path.suffix == ".parquet" else b""
            found[f"file {path.name}"] = str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes() + text
    return found
