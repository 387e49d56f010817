"""Commands over stored payments: backtest a threshold, explain a decision."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from fraud_common.errors import DataFileError, SettingsError
from fraud_common.logs import without_card_numbers
from fraud_scorer.cli.output import AsJson, console, print_json
from fraud_scorer.domain.batches import require_aware
from fraud_scorer.settings import load_settings

_DEFAULT_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_LEAST_HASH = 12  # digits; as many as pages and commands show


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(backtest)
    app.command()(explain)


def backtest(
    since: Annotated[str, typer.Option("--from", help="Event time, with a zone: 2026-11-01T00:00Z")],
    until: Annotated[str, typer.Option("--to", help="Excluded")],
    threshold: Annotated[list[float] | None, typer.Option("--threshold", help="May be repeated")] = None,
    alert_cost: Annotated[float, typer.Option(min=0, help="What an alert costs, in money")] = 20.0,
    currency: Annotated[str | None, typer.Option(help="Of the payments counted, if there are several: USD")] = None,
    model_hash: Annotated[
        str | None, typer.Option("--model", help="A (shadow) model's hash, 12 digits or more")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count the alerts, the frauds caught and missed, and the costs that other thresholds would have meant."""
    from fraud_scorer.store.analysis import long_engine, payments_to_backtest
    from fraud_scorer.training.backtest import backtest as run

    start, end = _time(since), _time(until)
    thresholds = threshold or list(_DEFAULT_THRESHOLDS)
    if not all(0 <= one <= 1 for one in thresholds):
        raise SettingsError("--threshold lies outside 0 to 1", "Give a probability")
    if model_hash is not None and len(model_hash) < _LEAST_HASH:
        raise SettingsError(f"--model {model_hash} is too short to name a model", f"Give {_LEAST_HASH} digits or more")
    engine = long_engine(load_settings().fraud_db_url.get_secret_value())
    payments = payments_to_backtest(engine, start, end, model_hash)
    if currency:
        payments = payments[payments["currency"] == currency.upper()]
    if not len(payments):
        named = (f" in {currency.upper()}" if currency else "") + (f" by model {model_hash}" if model_hash else "")
        raise DataFileError(f"no scored payment{named} lies between {since} and {until}", "Widen --from and --to")
    result = run(payments, thresholds, alert_cost)
    if as_json:
        print_json(result)
        return
    console.print(f"{result['payments']:,} payments over {result['days']:.1f} days, {result['labelled']:,} labelled, "
                  f"{result['frauds']:,} frauds; an alert costs {alert_cost:g} {result['currency']}")  # fmt: skip
    console.print(_backtest_table(result["by_threshold"]))


def explain(trans_num: Annotated[str, typer.Argument(help="The payment's id")], as_json: AsJson = False) -> None:
    """Explain in plain words why a stored payment got its fraud probability."""
    from fraud_scorer.scoring.artifacts import load_artifacts
    from fraud_scorer.store.analysis import payment_to_explain
    from fraud_scorer.store.engine import create_store_engine
    from fraud_scorer.use_cases.explain_payment import explain as reasons_of

    settings = load_settings()
    engine = create_store_engine(settings.fraud_db_url.get_secret_value())
    payment = payment_to_explain(engine, trans_num)
    if payment is None:
        what = f"no payment {without_card_numbers(trans_num)} is stored"
        raise DataFileError(what, "Check the id; quarantined records are no payments")
    model = load_artifacts(settings.fraud_artifacts, settings.fraud_model_public_key)
    reasons, note = reasons_of(payment, model)
    if as_json:
        told = {name: value for name, value in payment.items() if name not in ("features", "reasons")}
        print_json(told | {"reasons": reasons, "note": note})
        return
    _print_payment(payment)
    for place, reason in enumerate(reasons, start=1):
        console.print(f"  {place}. {reason['text']}  [dim]({reason['code']})[/]", highlight=False)
    if note:
        console.print(note)


def _time(text: str) -> datetime:
    try:
        return require_aware(datetime.fromisoformat(text))
    except ValueError:
        raise SettingsError(f"{text!r} is not a time", "Write it as 2026-11-01T00:00Z") from None


def _backtest_table(rows: list[dict[str, Any]]) -> Table:
    table = Table("threshold", "alerts", "a day", "caught", "missed", "precision", "recall", "caught amount", "lost",
                  "cost", box=None)  # fmt: skip
    for one in rows:
        table.add_row(
            f"{one['threshold']:g}", f"{one['alerts']:,}", f"{one['alerts_a_day']:.1f}", f"{one['frauds_caught']:,}",
            f"{one['frauds_missed']:,}", f"{one['precision']:.3f}", f"{one['recall']:.3f}",
            f"{one['amount_caught']:,.2f}", f"{one['amount_lost']:,.2f}", f"{one['cost']:,.2f}",
        )  # fmt: skip
    return table


def _print_payment(payment: dict[str, Any]) -> None:
    from fraud_common.money import amount_text
    from fraud_common.text import probability_text
    from fraud_scorer.alerting.wording import events_text, readable_merchant

    card = f"card ending {payment['card_last4']}, " if payment["card_last4"].strip() else ""
    console.print(
        f"{payment['trans_num']}: "
        f"{amount_text(payment['amount_cents'], payment['currency'])} at {readable_merchant(payment['merchant'])}, "
        f"{card}{payment['event_time']:%Y-%m-%d %H:%M} UTC",
        highlight=False,
    )
    if payment["fraud_probability"] is not None:
        word = "flagged" if payment["flagged"] else "not flagged"
        console.print(
            f"fraud probability {probability_text(payment['fraud_probability'])}, {word} "
            f"from {probability_text(payment['threshold'])} on "
            f"by model {payment['model_hash'][:12]} ({payment['scored_by']}); label: {payment['label'] or 'not known'}",
            highlight=False,
        )
    if payment["events"]:
        console.print(events_text(payment["events"], payment["amount_cents"], payment["currency"]), highlight=False)
