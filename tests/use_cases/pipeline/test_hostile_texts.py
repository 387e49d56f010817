"""Texts that are SQL, COPY's own signs, placeholders or mark-up: kept as they came, and nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from typer.testing import Result

from fraud_common.errors import FraudScorerError

Town = Any  # conftest.Town
TEXTS = [
    "'; drop table payments_scored; --", "\\'); delete from labels; --", "$$; drop schema report cascade; $$",
    "\\.", "\\N",
    "NULL", "%s %(x)s %", ":trans_num", "$1", "{0} {merchant}", "${jndi:x}", '"";', "=1+1", "<script>x</script>",
    "x' or '1'='1",
]  # fmt: skip


def test_a_text_is_a_text_wherever_it_stands(
    town: Town,
    run: Callable[..., Result],
    answering: tuple[dict[str, bytes], list[bytes], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """In a name, a category, a city, an id; stored, replayed, labelled, explained and mailed: the very same text."""
    answer, _chat, url = answering
    rows = [
        {"trans_num": f"{text}-{number}", "unix_time": 1_795_170_671, "amt": 10 + number, "cc_num": f"tok_{number}",
         "merchant": text, "category": text, "city": text}
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip
    answer["body"] = json.dumps(rows).encode()
    settings = {"payments_api_url": f"{url}/?from={{start}}&to={{end}}"}
    town.run(0, **settings)
    town.pipeline(**settings).replay(town.batch(0).minute, town.batch(1).minute, rescore=True)
    stored = town.rows("select trans_num, merchant, category, city from payments_scored order by amount_cents")
    assert stored == [(f"{text}-{number}", text, text, text) for number, text in enumerate(TEXTS)]

    labels = tmp_path_factory.mktemp("labels") / "labels.csv"
    said = {"is_fraud": 1, "known_at": "2026-11-21T10:00Z", "note": [f"{text} it says" for text in TEXTS]}
    pd.DataFrame({"trans_num": [row["trans_num"] for row in rows], **said}).to_csv(labels, index=False)
    run("labels", "import", str(labels), "--author", TEXTS[0])
    kept = town.rows("select trans_num, note, author from labels where source = 'chargeback'")
    assert sorted(one[:2] for one in kept) == sorted(
        (f"{text}-{at}", f"{text} it says") for at, text in enumerate(TEXTS)
    )
    assert all(author.endswith(TEXTS[0]) for _, _, author in kept)

    assert run("explain", rows[0]["trans_num"]).exit_code == 0
    with pytest.raises(FraudScorerError):
        run("explain", "x' or '1'='1")
    assert run("quarantine", "list", "--reason", "x' or '1'='1").output.strip() == "no record is open"
    assert town.mailbox.texts
