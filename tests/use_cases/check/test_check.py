"""`fraud-scorer check`: each finding stands alone and carries its cure."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from fraud_scorer.settings import Settings
from fraud_scorer.store.schema.migrate import migrate
from fraud_scorer.use_cases.check.run_checks import CheckResult, run_checks
from fraud_scorer.use_cases.check.surroundings import Surroundings
from fraud_scorer.wiring import Parts

ROOT = Path(__file__).parents[3]
CARD_KEY, LANDING_KEY = f"k1:{secrets.token_hex(32)}", Fernet.generate_key().decode()


def findings(tmp_path: Path, **changes: object) -> dict[str, CheckResult]:
    """What is found where nothing listens: every connection is to port 9 of this machine."""
    values: dict[str, Any] = {
        "fraud_data_dir": tmp_path,
        "fraud_artifacts": ROOT / "model" / "artifacts",
        "fraud_card_keys": CARD_KEY,
        "fraud_landing_keys": LANDING_KEY,
        "payments_api_url": "http://127.0.0.1:9/?start={start}&end={end}",
        "fraud_db_url": "postgresql+psycopg2://fraud:kX2vQ9rT7mLp@127.0.0.1:9/fraud_db",
        "smtp_port": 9,
        "dashboard_url": "http://127.0.0.1:9",
    }
    settings = Settings(_env_file=None, **(values | changes))
    return {finding.name: finding for finding in run_checks(Parts(settings), seen=Surroundings(settings, {}, tmp_path))}


def test_one_failure_hides_no_other_and_each_names_its_cure(tmp_path: Path) -> None:
    """Nothing is up: what needs no connection is fine, the rest fails one by one, without the password."""
    found = findings(tmp_path)
    fine = {name for name, finding in found.items() if finding.ok}
    assert fine == {
        "alert rules",
        "data folder",
        "keys",
        "landing",
        "model",
        "SageMaker",
        "model signature",
    }
    assert all(finding.cure for finding in found.values() if not finding.ok)
    assert "kX2vQ9rT7mLp" not in str(found)


def test_a_model_of_another_calendar_is_told(tmp_path: Path) -> None:
    """Hours and merchant profiles mean another thing in another zone, or after another label delay."""
    assert "America/New_York" in findings(tmp_path, fraud_time_zone="America/New_York")["model"].found
    assert not findings(tmp_path, fraud_label_delay_days=1)["model"].ok


def test_the_shadow_model_is_opened_where_one_is_set(tmp_path: Path) -> None:
    """Its runs only warn in a log: here its setting is named."""
    assert findings(tmp_path, shadow_artifacts=Path("model/artifacts"))["shadow model"].ok
    missing = findings(tmp_path, shadow_artifacts=tmp_path / "nothing")["shadow model"]
    assert (missing.ok, "SHADOW_ARTIFACTS" in missing.cure) == (False, True)


def test_keys_that_are_missing_are_told(tmp_path: Path) -> None:
    """Without keys nothing can be landed: the finding says how to make one."""
    assert "secrets" in findings(tmp_path, fraud_card_keys="")["keys"].cure


def test_a_report_of_other_days_is_told_until_migrate(tmp_path: Path, postgres_url: str) -> None:
    """The views count days and labels by what `migrate` wrote last; it writes the settings of today."""
    changed = {"fraud_db_url": postgres_url, "fraud_time_zone": "America/New_York", "fraud_label_delay_days": 2.5}
    before = findings(tmp_path, **changed)["fraud_db"]
    assert not before.ok
    assert "days in UTC, labels after 7 days and sums in USD" in before.found
    assert "America/New_York, 2.5 and USD" in before.found
    assert "migrate" in before.cure
    migrate(postgres_url, time_zone="America/New_York", label_delay_days=2.5)
    assert findings(tmp_path, **changed)["fraud_db"].ok


def test_broken_alert_rules_are_told_before_the_night(tmp_path: Path) -> None:
    """While the pipeline runs they would only be passed over."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{recipients: []}]")
    found = findings(tmp_path, alert_rules=rules)["alert rules"]
    assert not found.ok
    assert "recipients" in found.found
    rules.write_text("rules: [{recipients: [a@example.org]}]")
    assert findings(tmp_path, alert_rules=rules)["alert rules"].found == f"1 in {rules}"


CARD = "4532015112830366"
GOOD = {"id": "p1", "at": 1_750_000_000, "value": {"sum": 5, "cur": "EUR"}, "card": CARD, "shop": "Kiosk"}
MAP = "id: trans_num\nat: unix_time\nvalue.sum: amt\nvalue.cur: currency\ncard: cc_num\nshop: merchant\n"


class Api:
    """A windowed payments API that answers with ``records``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.records = folder, [GOOD]
        self.envelope: dict[str, object] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"data": api.records, **api.envelope} if api.envelope else api.records).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler

    def found(self, field_map: str = MAP) -> CheckResult:
        """What the check says of it, by this field map."""
        fields = self.folder / "fields.yaml"
        fields.write_text(field_map)
        url = f"http://127.0.0.1:{self.server.server_port}/?start={{start}}&end={{end}}"
        return findings(self.folder, payments_api_url=url, payments_api_fields=fields)["payments API"]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """One that answers, until the test is over."""
    api = Api(tmp_path)
    yield api
    api.server.shutdown()
    api.server.server_close()


def test_an_answer_is_read_by_the_field_map(api: Api) -> None:
    """How many records came, how many are payments and why the first other is none; no value of any."""
    assert api.found().found.endswith("answered 200: 1 record, 1 valid")
    api.records = [GOOD, GOOD | {"id": None}]
    found = api.found()
    assert found.ok
    assert found.found.endswith("answered 200: 2 records, 1 valid; the first refused because trans_num is missing")


def test_a_mapped_name_that_no_record_has_is_a_failure(api: Api) -> None:
    """Unsaid, euros would become FRAUD_CURRENCY: the record itself is valid."""
    found = api.found(MAP.replace("value.cur", "value.curr"))
    assert not found.ok
    assert found.found == (
        "1 record, 1 valid; no record has value.curr (mapped to currency); "
        "the names found are id, at, value, card, shop"
    )
    assert "PAYMENTS_API_FIELDS" in found.cure


def test_an_answer_of_which_nothing_would_be_stored_is_a_failure(api: Api) -> None:
    """All records refused, or no answer of ours: with the cure, and never a card number."""
    api.records = [GOOD | {"at": CARD}, GOOD | {"at": None}]
    found = api.found()
    assert not found.ok
    assert found.found.startswith("2 records, 0 valid; the first refused because ")
    assert CARD not in str(found)
    api.records = ["nothing"]  # type: ignore[list-item]
    assert "not of records" in api.found().found


NEGATIVE = [GOOD | {"id": f"p{number}", "value": {"sum": -5 - number, "cur": "GBP"}} for number in range(7)]


def test_spending_as_negative_amounts_is_told_until_it_is_declared(api: Api) -> None:
    """Undeclared they are refunds, of which nothing is scored."""
    api.records = NEGATIVE
    found = api.found()
    assert not found.ok
    assert found.found.endswith("nothing of this is scored: negative amounts count as refunds")
    assert "amounts: {spending: negative}" in found.cure
    api.records = [record | {"kind": "card_payment"} for record in NEGATIVE]
    assert "amounts: {spending: negative}" in api.found(f"{MAP}kind: type\n").cure
    api.records = [record | {"kind": "refund"} for record in NEGATIVE]
    assert "none is a purchase" in api.found(f"{MAP}kind: type\n").found
    api.records = NEGATIVE
    lines = "".join(f"  {line}\n" for line in MAP.splitlines())
    found = api.found(f"fields:\n{lines}amounts: {{spending: negative}}\n")
    assert (found.ok, found.found[-16:]) == (True, "records, 7 valid")


def test_what_is_not_scored_and_what_was_not_understood_is_told(api: Api) -> None:
    """Kinds by count, words that say nothing (never what may be someone's data), dropped values by reason."""
    api.records = [
        GOOD, GOOD | {"state": "DECLINED"}, GOOD | {"state": "frobnicated"}, GOOD | {"state": "ana@example.org"},
        GOOD | {"lat": 200, "state": "paid"},
    ]  # fmt: skip
    found = api.found(MAP + "state: status\n")
    assert found.ok
    assert "5 valid; 1 of kind decline, not scored; 2 unknown words in type and status: frobnicated" in found.found
    assert found.found.endswith("unusable optional values dropped: 1 coordinates_out_of_range")
    assert "ana@" not in found.found
    api.records = [GOOD | {"state": "declined"}]
    found = api.found(MAP + "state: status\n")
    assert not found.ok
    assert "none is a purchase" in found.found
    assert "kinds" in found.cure


def test_ids_that_look_like_card_numbers_are_told_with_the_declaration(api: Api) -> None:
    """Some long numbers pass a card's check by chance: the field map is told what to say, whatever else is refused."""
    api.records = [GOOD | {"id": None}, *(GOOD | {"id": 20_261_120_000_000_000 + number} for number in range(50))]
    found = api.found()
    assert found.ok
    assert "; refused as card numbers: 5 for trans_num. If these " in found.found
    assert "declare numeric_ids: [trans_num] in the file" in found.found
    fields = "".join(f"  {line}\n" for line in MAP.splitlines())
    found = api.found(f"fields:\n{fields}numeric_ids: [trans_num]\n")
    assert "51 records, 50 valid" in found.found
    assert "card number" not in found.found


def test_an_answer_without_records_tries_nothing_and_says_so(api: Api) -> None:
    """A quiet minute is no fault."""
    api.records = []
    found = api.found()
    assert found.ok
    assert "0 records" in found.found


def test_a_field_map_to_no_field_of_ours_is_a_failure(api: Api) -> None:
    """A misspelt name of ours is told with the nearest one, before anything is asked."""
    found = api.found(MAP.replace("unix_time", "current_tyme"))
    assert not found.ok
    assert "'current_tyme', which is no field of ours" in found.found
    assert found.cure == "Nearest: current_time"


def test_the_dashboard_may_be_asked_elsewhere_than_links_lead(api: Api) -> None:
    """In a container the address that people's browsers know leads nowhere."""
    inside = f"http://127.0.0.1:{api.server.server_port}"
    found = findings(api.folder, dashboard_check_url=inside)["dashboard"]
    assert found.ok
    assert found.found == f"{inside} is up; links in mails lead to http://127.0.0.1:9"


def test_more_pages_and_errors_beside_the_records_are_failures(api: Api) -> None:
    """What is not all that the API has is told, with the cure; the records are counted all the same."""
    api.envelope = {"has_more": True}
    found = api.found()
    assert not found.ok
    assert found.found.endswith("1 record, 1 valid; the answer is not all that the payments API has (has_more is true)")
    assert "Pages are not followed" in found.cure
    api.records, api.envelope = [], {"success": False}
    found = api.found()
    assert not found.ok
    assert "says that it failed (success is false)" in found.found


def test_the_names_that_were_found_stand_beside_those_that_were_wanted(api: Api) -> None:
    """Where nothing fits the map; names that may be somebody's data are only counted."""
    api.records = [{"reference": 1, "when": 2, CARD: 3}]
    assert "the names found are reference, when and 1 other" in api.found().found
