"""The command that measures a model on a file: evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_scorer.cli.figures import print_figures
from fraud_scorer.cli.output import AsJson, Decimal, console, print_json, warn
from fraud_scorer.cli.training import Artifacts, Currency, DataFiles, Fields, History
from fraud_scorer.settings import model_public_key

if TYPE_CHECKING:
    import numpy as np

    from fraud_scorer.training.dataset import Dataset


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(evaluate)


def evaluate(
    data: DataFiles,
    artifacts: Artifacts = Path("model/artifacts"),
    history: History = None,
    fields: Fields = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of evaluation.json and report.html")] = Path("reports"),
    threshold: Annotated[float | None, typer.Option(min=0, max=1, help="Instead of the model's own")] = None,
    currency: Currency = "USD",
    decimal: Decimal = None,
    cards_a_day: Annotated[int, typer.Option(min=1, help="k of the card precision")] = 100,
    also_seen: Annotated[
        bool, typer.Option("--also-seen", help="Count payments of the time the model was trained on, too")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure a model on labelled payments that it cannot have seen; print the figures, save them and a report."""
    from fraud_scorer.scoring.artifacts import load_artifacts
    from fraud_scorer.scoring.local import LocalScorer
    from fraud_scorer.training.evaluate import evaluate_file, write_report
    from fraud_scorer.training.missing_columns import warn_missing
    from fraud_scorer.training.saving import refuse_unwritable

    refuse_unwritable(out)
    model = load_artifacts(artifacts, model_public_key())
    scorer = LocalScorer(model.booster_bytes, width=len(model.features))
    with console.status("reading payments") as status:
        dataset, is_asked, source = _with_history(
            data, history or [], fields, model.manifest, status.update, currency=currency, decimal=decimal
        )
        warn_missing(dataset.take(is_asked).features, model.manifest, warn)
        chosen = model.recommended_threshold if threshold is None else threshold
        result = evaluate_file(
            dataset,
            source,
            model,
            scorer,
            threshold=chosen,
            cards_a_day=cards_a_day,
            is_asked=is_asked,
            also_seen=also_seen,
        )
        status.update("drawing the report")
        written = write_report(result, out)
    if as_json:
        print_json(result)
        return
    print_figures({"this data": result["figures"]})
    console.print(result["note"])
    console.print("written: " + ", ".join(str(path) for path in written))


def _with_history(
    data: list[Path], history: list[Path], fields: Path | None, about: Any, told: Any, **format_: Any
) -> tuple[Dataset, np.ndarray, dict[str, Any]]:
    """All payments with features, a mask of those in ``data``, and the report's sentences about the files."""
    from fraud_scorer.ingest.event_kinds import can_be_scored
    from fraud_scorer.ingest.field_map import read_field_map
    from fraud_scorer.training.datafile import read_payments
    from fraud_scorer.training.dataset import make_dataset

    zone, delay = about["time_zone"], about["label_delay_days"]
    theirs = read_field_map(fields, named_by="--fields")
    read = read_payments([*history, *data], theirs, time_zone=zone, label_required=not history, warn=warn, **format_)
    told(f"computing features of {len(read.payments):,} payments")
    dataset = make_dataset(read.payments, time_zone=zone, label_delay_days=delay)
    is_data = (read.file_number >= len(history))[can_be_scored(read.payments)]
    source: dict[str, Any] = {"names": list(read.names[len(history) :]), "sha256": read.sha256}
    return dataset, is_data, source | ({"history": list(read.names[: len(history)])} if history else {})
