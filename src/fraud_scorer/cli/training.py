"""Commands of the data scientist: train, score-file, model-card, backtest, explain."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from fraud_common.errors import DataFileError, SettingsError
from fraud_scorer.cli import analysis
from fraud_scorer.cli.figures import print_figures
from fraud_scorer.cli.output import AsJson, Decimal, console, print_json, warn
from fraud_scorer.settings import load_settings, model_public_key

_UNITS_DAYS = {"d": 1.0, "h": 1 / 24, "m": 1 / 1_440}

DataFiles = Annotated[list[Path], typer.Option("--data", help="CSV, JSON or Parquet of past payments; may be repeated")]
History = Annotated[
    list[Path] | None, typer.Option("--history", help="The payments before them, labelled or not; may be repeated")
]
Fields = Annotated[Path | None, typer.Option("--fields", help="A field map (YAML): their name: ours")]
Currency = Annotated[str, typer.Option("--currency", help="Of amounts that name none")]
Artifacts = Annotated[Path, typer.Option("--artifacts", help="A trained model's folder")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (train, model_card):
        app.command()(command)
    app.command("score-file")(score_file)
    analysis.register(app)


def train(
    data: Annotated[list[Path] | None, typer.Option("--data", help="CSV, JSON or Parquet; may be repeated")] = None,
    from_store: Annotated[bool, typer.Option("--from-store", help="Train on fraud_db's payments and labels")] = False,
    fields: Fields = None,
    out: Annotated[Path, typer.Option("--out", help="Where the model goes")] = Path("model/candidate"),
    time_zone: Annotated[
        str | None, typer.Option(help="The team's calendar, and of times that name none; UTC by default")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Of amounts that name none; USD by default")] = None,
    decimal: Decimal = None,
    label_delay: Annotated[str | None, typer.Option(help="How long until a label is known: 12h; 7d by default")] = None,
    hold_out: Annotated[float, typer.Option(min=0, max=0.9, help="Share of payments, the latest, for the test")] = 0.2,
    alert_cost: Annotated[
        float, typer.Option(min=0, help="What an alert costs: an analyst's minutes, in money")
    ] = 20.0,
    alerts_a_day: Annotated[float | None, typer.Option(min=0, help="Instead: a budget of alerts a day")] = None,
    compare_without_history: Annotated[bool, typer.Option(help="Show what card history is worth (slower)")] = False,
    signing_key: Annotated[
        Path | None, typer.Option("--signing-key", help="Sign the model with the private key in this file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on labelled payments and write its folder: split by time, tuned, calibrated, tested."""
    from fraud_scorer.scoring.signing import read_key, sign
    from fraud_scorer.training.calibration import ThresholdRule
    from fraud_scorer.training.fitting import quiet_threads
    from fraud_scorer.training.saving import refuse_unwritable
    from fraud_scorer.training.train import TrainingPlan
    from fraud_scorer.training.train import train as train_model

    quiet_threads()
    key = read_key(signing_key) if signing_key else None  # before minutes of training
    if from_store:
        _refuse_with_store(
            {"--data": data, "--fields": fields, "--time-zone": time_zone, "--currency": currency,
             "--label-delay": label_delay, "--decimal": decimal}
        )  # fmt: skip
    plan = TrainingPlan(
        time_zone=time_zone or TrainingPlan.time_zone,
        label_delay_days=TrainingPlan.label_delay_days if label_delay is None else days(label_delay),
        hold_out=hold_out,
        rule=ThresholdRule(alert_cost, alerts_a_day),
        compare_without_history=compare_without_history,
    )
    refuse_unwritable(out)
    with console.status("reading payments") as status:
        if from_store:
            dataset, source, plan = _stored(plan, status.update)
        else:
            zone, delay = plan.time_zone, plan.label_delay_days
            dataset, source = _dataset(
                data or [], fields, delay, status.update, time_zone=zone, currency=currency or "USD", decimal=decimal
            )
        trained = train_model(dataset, source, out, plan, status.update)
        if key:
            sign(out, key)
    from fraud_common.text import probability_text

    manifest = trained.manifest
    if as_json:
        print_json({"model_hash": trained.model_hash, "out": out} | manifest)
        return
    threshold = manifest["recommended_threshold"]
    flags = (
        f"flags from {probability_text(threshold)} on"
        if threshold < 1
        else f"flags nothing ({manifest['threshold_rule']})"
    )
    console.print(f"model {trained.model_hash[:12]} in {out}, {flags}")
    print_figures(manifest["metrics"])


def score_file(
    data: DataFiles,
    out: Annotated[Path, typer.Option("--out", help="CSV or Parquet to write")],
    artifacts: Artifacts = Path("model/artifacts"),
    history: History = None,
    fields: Fields = None,
    labels_known_after: Annotated[str | None, typer.Option(help="7d, 12h; the model's label delay by default")] = None,
    threshold: Annotated[float | None, typer.Option(min=0, max=1, help="Instead of the model's own")] = None,
    currency: Currency = "USD",
    decimal: Decimal = None,
    reasons: Annotated[str, typer.Option(help="Whose reasons: flagged, all (slower) or none")] = "flagged",
    as_json: AsJson = False,
) -> None:
    """Score a file as serving would have: probability, flag and reasons per row."""
    from fraud_scorer.ingest.field_map import read_field_map
    from fraud_scorer.scoring.artifacts import load_artifacts
    from fraud_scorer.scoring.local import LocalScorer
    from fraud_scorer.training.score_file import REASONS_OF, refuse_output, score_payments, write_scores

    if reasons not in REASONS_OF:
        raise SettingsError(f"--reasons {reasons} is unknown", f"One of {', '.join(REASONS_OF)}")
    refuse_output(out, [*data, *(history or [])])
    model = load_artifacts(artifacts, model_public_key())
    about = model.manifest
    delay = about["label_delay_days"] if labels_known_after is None else days(labels_known_after)
    with console.status("reading and scoring"):
        scores = score_payments(
            data,
            history or [],
            read_field_map(fields, named_by="--fields"),
            model=model,
            scorer=LocalScorer(model.booster_bytes, width=len(model.features)),
            threshold=model.recommended_threshold if threshold is None else threshold,
            time_zone=about["time_zone"],
            currency=currency,
            decimal=decimal,
            label_delay_days=delay,
            reasons_of=reasons,
            warn=warn,
        )
        write_scores(scores, out)
    summary = {
        "out": str(out),
        "scored": int(scores["raw_score"].notna().sum()),
        "flagged": int(scores["flagged"].sum()),
    }
    if as_json:
        print_json(summary)
    else:
        console.print(f"{summary['scored']:,} payments scored, {summary['flagged']:,} flagged, in {out}")


def model_card(
    artifacts: Artifacts = Path("model/artifacts"),
    out: Annotated[Path, typer.Option("--out", help="The file to write")] = Path("model/MODEL_CARD.md"),
) -> None:
    """Write the model card from the manifest's figures."""
    from fraud_scorer.scoring.manifest import read_manifest
    from fraud_scorer.training.model_card import model_card_text
    from fraud_scorer.training.saving import write_whole

    manifest, model_hash = read_manifest(artifacts, model_public_key())
    write_whole(out, model_card_text(manifest, model_hash))
    console.print(f"written: {out}")


def days(text: str) -> float:
    """``7d``, ``12h`` or ``30m`` in days.

    >>> days("7d"), days("12h")
    (7.0, 0.5)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([dhm])", text.strip())
    if not found:
        raise SettingsError(f"{text!r} is no time span", "Write it as 7d, 12h or 30m")
    return float(found[1]) * _UNITS_DAYS[found[2]]


def _dataset(
    paths: list[Path], fields: Path | None, delay: float, told: Any, *, time_zone: str, **format_: Any
) -> tuple[Any, dict[str, Any]]:
    from fraud_scorer.ingest.field_map import read_field_map
    from fraud_scorer.training.datafile import read_payments
    from fraud_scorer.training.dataset import make_dataset

    if not paths:
        raise SettingsError("no data is named", "Give --data FILE")
    theirs = read_field_map(fields, named_by="--fields")
    read = read_payments(paths, theirs, time_zone=time_zone, label_required=True, warn=warn, **format_)
    told(f"computing features of {len(read.payments):,} payments")
    dataset = make_dataset(read.payments, time_zone=time_zone, label_delay_days=delay)
    return dataset, {"names": list(read.names), "sha256": read.sha256}


def _refuse_with_store(given: dict[str, Any]) -> None:
    """Refuse options that exclude --from-store: ``fraud_db`` and the settings answer them."""
    if named := [option for option, value in given.items() if value]:
        raise SettingsError(
            f"{', '.join(named)} and --from-store exclude each other",
            "Stored payments bring their fields and currency, FRAUD_TIME_ZONE and FRAUD_LABEL_DELAY_DAYS the rest",
        )


def _stored(plan: Any, told: Any) -> tuple[Any, dict[str, Any], Any]:
    """The stored payments, under the calendar and label delay that the live runs use."""
    from fraud_scorer.store.analysis import long_engine, payments_to_train, stored_profiles
    from fraud_scorer.training.dataset import make_dataset, source_of_frame

    settings = load_settings()
    plan = replace(plan, time_zone=settings.fraud_time_zone, label_delay_days=settings.fraud_label_delay_days)
    engine = long_engine(settings.fraud_db_url.get_secret_value())
    payments = payments_to_train(engine, datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC))
    if not len(payments):
        raise DataFileError("fraud_db holds no payment", "Import history or let the pipeline run")
    told(f"computing features of {len(payments):,} payments")
    dataset = make_dataset(
        payments,
        time_zone=plan.time_zone,
        label_delay_days=plan.label_delay_days,
        profiles=stored_profiles(engine),
    )
    return dataset, source_of_frame(payments, "stored payments"), plan
