"""`fraud-scorer check`: each finding stands alone and carries its cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fraud_scorer.operations.check import Finding, run_checks
from fraud_scorer.operations.database.migrate import migrate
from fraud_scorer.settings import Settings
from fraud_scorer.wiring import Parts

ROOT = Path(__file__).parents[2]
CARD_KEY, LANDING_KEY = "k1:0123456789abcdef0123456789abcdef", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def findings(tmp_path: Path, **changes: object) -> dict[str, Finding]:
    """What is found where nothing listens: every connection is to port 9 of this machine."""
    values: dict[str, Any] = {
        "fraud_data_dir": tmp_path,
        "fraud_artifacts": ROOT / "model" / "artifacts",
        "fraud_card_keys": CARD_KEY,
        "fraud_landing_keys": LANDING_KEY,
        "payments_api_url": "http://127.0.0.1:9/?start={start}&end={end}",
        "fraud_db_url": "postgresql+psycopg2://fraud:secret@127.0.0.1:9/fraud_db",
        "smtp_port": 9,
        "dashboard_url": "http://127.0.0.1:9",
    }
    settings = Settings(_env_file=None, **(values | changes))
    return {finding.name: finding for finding in run_checks(Parts(settings))}


def test_one_failure_hides_no_other_and_each_names_its_cure(tmp_path: Path) -> None:
    """Nothing is up: what needs no connection is fine, the rest fails one by one, without the password."""
    found = findings(tmp_path)
    fine = {name for name, finding in found.items() if finding.ok}
    assert fine == {"alert rules", "data folder", "keys", "landing", "model", "SageMaker"}
    assert all(finding.cure for finding in found.values() if not finding.ok)
    assert "secret" not in str(found)


def test_a_model_of_another_calendar_is_told(tmp_path: Path) -> None:
    """Hours and merchant profiles mean another thing in another zone, or after another label delay."""
    assert "America/New_York" in findings(tmp_path, fraud_time_zone="America/New_York")["model"].found
    assert not findings(tmp_path, fraud_label_delay_days=1)["model"].ok


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
