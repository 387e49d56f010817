"""What is logged of an error that nobody foresaw quotes no card number."""

from __future__ import annotations

import sys

import pytest
import structlog

from fraud_common.logs import configure_logging
from fraud_scorer import cli

CARD = "4539578763621486"


def test_an_event_and_its_traceback_hold_no_card_number(capsys: pytest.CaptureFixture[str]) -> None:
    """In the sentence, in a value and in what an exception said; times and counts stay."""
    configure_logging(as_json=True)
    try:
        raise ZeroDivisionError(f"at card {CARD}")
    except ZeroDivisionError:
        structlog.get_logger().exception(
            f"Card {CARD}.", error="4539 5787 6362 1486", payments=12, batch_id="2026-11-20"
        )
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert '"payments": 12' in said
    assert CARD not in said
    assert "5787 6362" not in said


def test_a_command_that_stumbles_quotes_no_card_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its traceback is shown, masked, and it ends with 1; an id that was typed is not repeated either."""
    monkeypatch.setattr(sys, "argv", ["fraud-scorer", "explain", CARD])
    monkeypatch.setenv("FRAUD_DB_URL", f"{CARD}")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (1, 2)
    assert CARD not in capsys.readouterr().err
