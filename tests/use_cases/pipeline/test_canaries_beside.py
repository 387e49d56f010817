"""Card numbers and codes by the doors beside the steps: errors in each of them, imports, what people type and read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import pytest
from typer.testing import Result

from fraud_scorer.monitoring.step_failures import record_failure
from fraud_scorer.use_cases.pipeline.minute import Pipeline
from fraud_scorer.wiring import Parts

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3] / "fraud-dashboard"))

from canaries import CARDS, CODES, SECRETS, apart, files, hits, payment, tables, told, unpacked

from fraud_dashboard.data import spreadsheets

Town = Any  # conftest.Town
# names of fields and nested objects that are card numbers, and a code that only its field's name gives away
ODD = json.dumps([
    payment(1, CARDS[1], **{CARDS[2]: "x", apart(CARDS[3]): {CARDS[4]: [CARDS[5]]}, "cardCvv2": CODES[0]}),
    payment(2, CARDS[2], job={"CVV": CODES[0]}, dob=CARDS[0], street=apart(CARDS[6]), first=CARDS[1]),
]).encode()  # fmt: skip
WHERE = {"extract": ("source", "api", "ask"), "transform": ("source", "tokens", "tokens"),
         "score": ("scoring", "scorer", "score"), "load": ("database", "store", "load")}  # fmt: skip


class Stumbling:
    """A part whose one call meets a bug that names the card, and another bug behind it."""

    def __init__(self, real: object, call: str) -> None:
        self._real, self._call = real, call

    def __getattr__(self, name: str) -> Any:
        return self._stumble if name == self._call else getattr(self._real, name)

    def _stumble(self, *_: object, **__: object) -> Any:
        try:
            raise KeyError(apart(CARDS[3]))
        except KeyError as error:
            raise ZeroDivisionError(f"at card {CARDS[1]}") from error


def stumble_at(parts: Parts, step: str) -> Pipeline:
    """The pipeline with that bug in this step."""
    if step == "alert":
        parts.alerting.mailers = stumbling_mailers  # type: ignore[method-assign]
    else:
        group, name, call = WHERE[step]
        setattr(getattr(parts, group), name, Stumbling(getattr(getattr(parts, group), name), call))
    return Pipeline(parts)


@contextmanager
def stumbling_mailers() -> Iterator[dict[str, Any]]:
    """A mail server whose client has that bug."""
    yield {"email": Stumbling(None, "send")}


def test_no_canary_comes_out_beside_the_steps(
    town: Town,
    run: Callable[..., Result],
    answering: tuple[dict[str, bytes], list[bytes], str],
    signed: Callable[..., str],
    as_role: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not after an error in each step, an import, an analyst's note; not in any command's answer or an export."""
    answer, chat, url = answering
    answer |= {"body": ODD, "type": f"application/json; card={CARDS[1]}".encode()}
    asked = f"{url}/?from={{start}}&to={{end}}"
    settings = {"payments_api_url": asked, "alert_slack_webhook": f"{url}/hook"}
    said = [told(lambda: town.run(0, **settings))]
    for number, step in enumerate([*WHERE, "alert"], start=1):
        answer["body"] = ODD.replace(b"ch_", f"m{number}_".encode())
        said.append(told(lambda number=number, step=step: stumble(town, number, step, settings)))
        assert "ZeroDivisionError" in said[-1], step
    town.run(len(WHERE) + 2, **settings)
    town.pipeline(**settings).extract(town.at(7))
    stored = sorted(town.stored())
    assert len(stored) > 2
    for name, value in {"payments_api_url": asked, "alert_operator": "ops@example.org"}.items():
        monkeypatch.setenv(name.upper(), value)
    outside = tmp_path_factory.mktemp("inputs")
    said += [told(lambda words=words: run(*words).output) for words in commands(town, outside, stored)]
    notes(town, signed, as_role, stored[0])
    said += [*capsys.readouterr(), caplog.text]

    assert len(town.stored()) > len(stored)  # the history's own
    assert town.rows("select 1 from labels where note like '%its owner called%'")
    assert town.rows("select 1 from audit_events where detail ->> 'why' like 'holds *%'")
    places = {f"said {place}": text for place, text in enumerate(said)} | tables(town) | files(town.folder)
    places |= files(outside, out_only=True) | exported(town)
    places |= {"mails": "\n".join(town.mailbox.texts), "chat": b"\n".join(chat)}
    found = {name: hits(blob, SECRETS, [ODD]) for name, blob in places.items()}
    assert {name: one for name, one in found.items() if one} == {}


def stumble(town: Town, number: int, step: str, settings: dict[str, Any]) -> object:
    """A minute that fails in ``step``, noted for the watchdog as a task of Airflow's is."""
    pipeline = stumble_at(town.pipeline(**settings).parts, step)
    batch = town.at(number)
    with record_failure("run_minute"):
        return pipeline.run_minute(batch)


def commands(town: Town, folder: Path, stored: list[str]) -> list[list[str]]:
    """What an operator types, card numbers in odd places included."""
    past = [payment(80 + number, card, unix_time=1_795_000_000 + number) for number, card in enumerate(CARDS)]
    flat = [{name: value for name, value in row.items() if name != "card"} for row in past]
    changes = [{"trans_num": CARDS[2]}, {"merchant": apart(CARDS[1])}, {"amt": CARDS[3]}, {"unix_time": CARDS[4]}]
    odd = [flat[0] | {"trans_num": f"p{number}"} | changed for number, changed in enumerate(changes)]
    pd.DataFrame([*flat, *odd]).assign(**{CARDS[5]: apart(CARDS[6])}).to_csv(folder / "past.csv", index=False)
    (folder / "fields.json").write_text(json.dumps([{"trans_num": one[0], CARDS[1]: 1} for one in (stored, CARDS)]))
    called = f"its owner called about {apart(CARDS[1])} and {CARDS[2]}"
    label = {"trans_num": stored[0], "is_fraud": "1", "known_at": "2026-11-21T10:00Z", "note": called}
    pd.DataFrame([label]).assign(**{CARDS[0]: "x"}).to_csv(folder / "labels.csv", index=False)
    wrong = [label | {"known_at": CARDS[1]}, label | {"is_fraud": CARDS[2]}]
    pd.DataFrame(wrong).to_csv(folder / "times.csv", index=False)
    waits = town.batch(7).batch_id
    return [
        ["labels", "import", str(folder / "labels.csv"), "--author", f"desk {CARDS[1]}"],
        ["labels", "import", str(folder / "labels.csv"), "--json", "--source", "verdict"],
        ["labels", "import", str(folder / "times.csv"), "--skip-unknown"],
        ["labels", "import", str(folder / "fields.json")],
        ["batch", "list"], ["batch", "list", "--json"],
        ["batch", "pass", waits, "--why", f"holds {apart(CARDS[1])}", "--by", CARDS[2]], ["batch", "list"],
        ["history", "import", str(folder / "past.csv")],
        ["batch", "retry", waits], ["status", "--json"], ["alerts", "list", "--status", "sent", "--json"],
        ["check"], ["settings"], ["watch", "--once"], ["daily-report", "--day", "2026-11-20"],
        ["daily-report", "--dry-run", "--day", "2026-11-19"], ["drift", "--json"], ["housekeeping"],
        ["replay", "--from", "2026-11-20T10:31Z", "--to", "2026-11-20T10:40Z", "--rescore"],
        ["landing", "rebuild"], ["alert", "--at", "2026-11-20T10:38Z"], ["status"],
    ]  # fmt: skip


def notes(town: Town, signed: Callable[..., str], as_role: Callable[[str, str], str], trans_num: str) -> None:
    """What an analyst writes beside a verdict and a snooze."""
    note = f"card {apart(CARDS[1])}/{CARDS[2]}, ticket 12345678901234567890"
    said = {"trans_num": trans_num, "verdict": "fraud", "note": note}
    claim = signed("record_verdict", author="ana", **said)
    quiet = {"subject": "card", "trans_num": trans_num, "hours": 8, "note": note}
    other = signed("snooze", author="ana", **quiet)
    connection = psycopg2.connect(as_role(town.url, "fraud_dashboard").replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("select record_verdict(%s, 'fraud', 'ana', %s, %s)", (trans_num, note, claim))
        cursor.execute("select snooze('card', %s, 8, 'ana', %s, %s)", (trans_num, note, other))
    connection.close()
    kept = town.rows("select note from labels where author = 'ana' union all select note from snoozes")
    assert kept == [("card **** **** **** ****/****************, ticket 12345678901234567890",)] * 2


def exported(town: Town) -> dict[str, bytes]:
    """The dashboard's files of every payment."""
    table = pd.DataFrame([row for (row,) in town.rows("select to_jsonb(p) from payments_scored as p")]).astype(str)
    return {"csv": spreadsheets.as_csv(table), "workbook": unpacked(spreadsheets.as_excel(table, "payments"))}
