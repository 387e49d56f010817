"""Imported history: scored and stored like live payments, once, and never mailed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cryptography.fernet import Fernet

from fraud_common.errors import DataFileError
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.use_cases.pipeline.history_import import import_history
from payments_simulator.stream import Stream

Town = Any  # conftest.Town


@pytest.fixture
def past(town: Town, stream: Stream, tmp_path: Path) -> Path:
    """A file with the ten minutes before and after the last midnight: two days."""
    first = int(town.batch(0).minute.timestamp())
    path = tmp_path / "past.parquet"
    midnight = first - first % 86_400
    stream.frame(midnight - 600, midnight + 600).drop(columns="fraud_kind").to_parquet(path)
    return path


def test_history_is_scored_a_day_a_batch_and_never_mailed(town: Town, past: Path) -> None:
    """Every payment is flagged at threshold 0, and no message is made of any."""
    done = import_history(town.pipeline().parts, past)

    assert done["days"] == 2
    assert done["new"] == done["flagged"] == len(town.stored()) > 0
    assert town.rows("select distinct kind, status from run_ledger") == [("history", "done")]
    assert town.rows("select count(*) from payments_scored where fraud_probability is null") == [(0,)]
    assert town.rows("select count(*) from outbox") == [(0,)]


def test_a_second_import_changes_nothing(town: Town, past: Path) -> None:
    """Neither the same file nor live minutes in between make a row differ."""
    import_history(town.pipeline().parts, past)
    town.run(0)
    before = town.fingerprint()

    again = import_history(town.pipeline().parts, past)

    assert (again["new"], again["updated"]) == (0, 0)
    assert again["unchanged"] == again["payments"] > 0
    assert town.fingerprint() == before
    assert len(town.mailbox.message_ids) == 1


def test_a_batch_is_not_named_after_what_the_file_gives_away(town: Town, past: Path) -> None:
    """A plain hash of a file of one payment can be tried for each card number."""
    import_history(town.pipeline().parts, past)
    with past.open("rb") as file:
        plain = hashlib.file_digest(file, "sha256").hexdigest()
    assert not any(plain[:8] in batch_id for batch_id in town.states())


class _OfAnEarlierVersion(Cipher):
    """Names a file by its plain hash."""

    def marks(self, body: bytes) -> list[str]:
        return [body.hex()]


@pytest.mark.parametrize("earlier", ["plain", "another key"])
def test_a_file_that_was_imported_under_its_earlier_name_is_recognised(town: Town, past: Path, earlier: str) -> None:
    """By the version that named files plainly, or before the landing key was rotated: no batch is new."""
    key, before = town.settings().fraud_landing_keys.get_secret_value(), town.pipeline().parts
    if earlier == "plain":
        before.cipher = _OfAnEarlierVersion.from_setting(key)
    import_history(before, past)
    fingerprint, states = town.fingerprint(), town.states()
    after = town.pipeline(fraud_landing_keys=f"{Fernet.generate_key().decode()},{key}").parts

    again = import_history(after, past)

    assert (again["new"], again["updated"], again["unchanged"]) == (0, 0, again["payments"])
    assert (town.fingerprint(), town.states()) == (fingerprint, states)


def test_a_file_that_cannot_be_read_is_named_and_leaves_nothing(town: Town, tmp_path: Path) -> None:
    """The error names the file; no batch is begun."""
    with pytest.raises(DataFileError, match=r"nothing\.parquet does not exist"):
        import_history(town.pipeline().parts, tmp_path / "nothing.parquet")

    assert town.states() == {}


def test_a_file_of_which_every_record_is_refused_is_an_error_with_its_reason(
    town: Town, past: Path, tmp_path: Path
) -> None:
    """Nothing is stored, and the error says why; one good row is enough."""
    frame = pd.read_parquet(past)
    masked = tmp_path / "masked.csv"
    frame.assign(cc_num="****4242").to_csv(masked, index=False)

    with pytest.raises(DataFileError, match=rf"all {len(frame):,} records were refused.* cc_num is masked"):
        import_history(town.pipeline().parts, masked)

    assert town.stored() == set()


def test_a_time_beyond_the_calendar_is_one_record_of_the_quarantine(town: Town, past: Path, tmp_path: Path) -> None:
    """A card number in the time's column: the other rows are imported."""
    frame = pd.read_parquet(past)
    frame["trans_date_trans_time"] = frame["trans_date_trans_time"].astype(object)
    frame.loc[0, "trans_date_trans_time"] = "4242" * 4
    odd = tmp_path / "odd.csv"
    frame.to_csv(odd, index=False)

    done = import_history(town.pipeline().parts, odd)

    assert done["new"] == len(town.stored()) > 0
    assert town.rows("select count(*) from quarantine") == [(1,)]


def test_a_column_that_is_not_there_is_named_as_train_names_it(town: Town, past: Path, tmp_path: Path) -> None:
    """Names that are not ours are told before anything is stored; with a field map the file is imported."""
    frame = pd.read_parquet(past)
    foreign = tmp_path / "foreign.csv"
    frame.rename(columns={"trans_num": "id", "category": "kind"}).to_csv(foreign, index=False)

    with pytest.raises(DataFileError, match=r"lacks the column trans_num.*--fields"):
        import_history(town.pipeline().parts, foreign)

    assert town.states() == {}
    fields = tmp_path / "fields.yaml"
    fields.write_text("id: trans_num\ncategorie: category")
    told: list[str] = []
    assert import_history(town.pipeline(payments_api_fields=fields).parts, foreign, warn=told.append)["new"] == len(
        frame
    )
    assert "lacks the column categorie" in told[0]


def test_what_train_reads_is_imported(town: Town, past: Path, tmp_path: Path) -> None:
    """Cards named by a customer's short number, decimal commas, UTF-16, JSON lines: every row is stored."""
    frame = pd.read_parquet(past)
    frame["cc_num"] = frame["cc_num"] % 1_000
    half = len(frame) // 2
    frame.iloc[:half].to_csv(tmp_path / "first.csv", index=False, sep=";", decimal=",", encoding="utf-16")
    frame.iloc[half:].to_json(tmp_path / "second.jsonl", orient="records", lines=True)

    for name, rows in (("first.csv", half), ("second.jsonl", len(frame) - half)):
        done = import_history(town.pipeline().parts, tmp_path / name)
        assert (done["new"], done["quarantined"]) == (rows, 0)
    stored = town.rows("select count(distinct card_token), sum(amount_cents) from payments_scored")
    assert stored == [(frame["cc_num"].nunique(), round(frame["amt"].sum() * 100))]


def test_a_file_that_says_otherwise_corrects_nothing(town: Town, past: Path, tmp_path: Path) -> None:
    """Payments that are stored, from another file or from live minutes, stay as they are; new ones are added."""
    frame = pd.read_parquet(past)
    frame.iloc[5:].to_parquet(tmp_path / "first.parquet")
    import_history(town.pipeline().parts, tmp_path / "first.parquet")
    frame.assign(city="Elsewhere").to_parquet(tmp_path / "other.parquet")

    done = import_history(town.pipeline().parts, tmp_path / "other.parquet")

    assert (done["new"], done["updated"], done["unchanged"]) == (5, 0, len(frame) - 5)
    assert town.rows("select count(*) from payments_scored where city = 'Elsewhere'") == [(5,)]
    assert town.rows("select count(*) from payment_history") == [(0,)]


def test_what_is_no_purchase_is_told_by_kind(town: Town, past: Path, tmp_path: Path) -> None:
    """By what type and status say: these are stored, and never scored."""
    table = pd.read_parquet(past)
    table["status"] = ["disputed", *["declined"] * 2, *["paid"] * (len(table) - 3)]
    table.to_parquet(tmp_path / "said.parquet")
    told: list[str] = []

    import_history(town.pipeline().parts, tmp_path / "said.parquet", warn=told.append)

    (sentence,) = told
    assert sentence.startswith("left unscored, as no purchases: 2 of kind decline, 1 of kind dispute. ")
