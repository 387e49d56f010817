"""Card numbers and codes go in by every door, failing ones included, and come out in clear by none."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import Result

from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.use_cases.pipeline.minute import Pipeline
from fraud_scorer.wiring import Parts

sys.path.insert(0, str(Path(__file__).parent))

from canaries import CARDS, CODES, SECRETS, apart, files, hits, payment, tables, told, writings

Town = Any  # conftest.Town


@pytest.mark.parametrize("canary", [CARDS[0], CARDS[-1], CODES[0]])
def test_the_scanner_finds_each_writing(canary: str) -> None:
    """So that nothing found means nothing there; and it finds nothing where nothing is."""
    assert [name for name, blob in writings(canary) if not hits(blob, [canary])] == []
    for digest in (hashlib.sha256(PAGE).digest(), hashlib.sha1(PAGE).digest()):
        for written in (digest, digest.hex().upper(), base64.b64encode(digest)):
            assert hits(written, [], [PAGE]), written
    assert hits("0123456789 " * 50 + "cvv pin track", SECRETS) == []
    assert hits(base64.b64encode(bytes(range(256))), SECRETS) == []


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


def stumbling(parts: Parts) -> Pipeline:
    """The pipeline with that bug."""
    parts.source.tokens = StumblingTokens(parts.source.tokens.keys)
    return Pipeline(parts)


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
    said.append(told(lambda: stumbling(town.pipeline(**settings).parts).run_minute(batch)))
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
