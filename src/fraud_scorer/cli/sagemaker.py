"""Commands around the SageMaker endpoint, and the server that stands in for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from fraud_common.errors import DataFileError, SettingsError, StoreUnavailable
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, console, print_json
from fraud_scorer.settings import Settings, load_settings, model_public_key

if TYPE_CHECKING:
    import numpy as np

    from fraud_scorer.scoring.sagemaker.deploying.deploy import Deployer
    from fraud_scorer.scoring.sagemaker.parity import Parity

sagemaker = typer.Typer(help="The SageMaker endpoint: deploy, look, compare, delete.", no_args_is_help=True)

Endpoint = Annotated[str, typer.Option(help="The endpoint's name; by default SAGEMAKER_ENDPOINT")]
ModelFolder = Annotated[Path | None, typer.Option("--artifacts", help="The model; by default FRAUD_ARTIFACTS")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (deploy, status, parity, delete):
        sagemaker.command()(command)
    app.add_typer(sagemaker, name="sagemaker")
    app.command("serve-model")(serve_model)


def deploy(
    role: Annotated[str, typer.Option(help="ARN of the role that the container runs under")],
    endpoint: Endpoint = "",
    artifacts: ModelFolder = None,
    image: Annotated[str, typer.Option(help="A container; by default AWS's own XGBoost container")] = "",
    bucket: Annotated[str, typer.Option(help="S3 bucket; by default the account's SageMaker bucket")] = "",
    prefix: Annotated[str, typer.Option(help="Folder in the bucket")] = "fraud-scorer",
    instance_type: Annotated[str, typer.Option(help="What it runs on")] = "ml.m5.large",
    instances: Annotated[int, typer.Option(min=1, help="How many of them")] = 1,
    serverless_memory_mb: Annotated[
        int | None, typer.Option(min=1024, max=6144, help="Serverless with so much memory, instead of instances")
    ] = None,
    check_parity: Annotated[
        bool, typer.Option("--parity/--no-parity", help="Turn back if the endpoint's scores differ from the local ones")
    ] = True,
) -> None:
    """Put the model on the endpoint, in place of the one before, and wait until it answers alike."""
    from fraud_scorer.scoring.sagemaker.deploying.parts import Plan

    settings = load_settings()
    name, folder = _endpoint(settings, endpoint), artifacts or settings.fraud_artifacts
    plan = Plan(name, role, image, bucket, prefix, instance_type, instances, serverless_memory_mb)
    strict = settings.model_copy(update={"sagemaker_model_check": "strict"})  # what it made says which model it is
    verify = (lambda: _compare(strict, name, folder, 1000, "").require()) if check_parity else None
    with _telling(f"deploying {folder} to {name}") as tell:
        state = _deployer(tell).deploy(plan, folder, verify=verify, signed_by=settings.fraud_model_public_key)
    console.print(f"endpoint {state.endpoint} serves {state.variant}")
    if settings.sagemaker_endpoint != name:
        console.print(f"to score with it, set SAGEMAKER_ENDPOINT={name}")
    if serverless_memory_mb is not None:
        console.print("serverless endpoints take 4 MB at a time: set SAGEMAKER_MAX_BODY_BYTES=4194304")


def status(endpoint: Endpoint = "", as_json: AsJson = False) -> None:
    """What the endpoint serves, whether that is the model here, and its circuit breaker."""
    from fraud_scorer.scoring.manifest import read_manifest
    from fraud_scorer.scoring.sagemaker.variant import names_a_model

    settings = load_settings()
    state = _deployer().state(_endpoint(settings, endpoint))
    model_hash = read_manifest(settings.fraud_artifacts, settings.fraud_model_public_key)[1]
    try:
        breaker = wiring.Parts(settings).scoring.breaker.state().sentence
    except StoreUnavailable as error:
        breaker = f"unknown: {error.what}"
    if as_json:
        print_json(vars(state) | {"serves_this_model": state.serves(model_hash), "breaker": breaker})
        return
    console.print(f"endpoint   {state.endpoint}: {state.status or 'does not exist'} {state.reason}".rstrip())
    if state.status:
        which = "the model here" if state.serves(model_hash) else f"not the model here ({model_hash[:12]})"
        if not names_a_model(state.variant):
            which = "made by another hand, does not say which model it is; `fraud-scorer sagemaker parity` compares"
        console.print(f"model      {state.variant}: {which}")
        console.print(f"changed    {state.changed_at}")
    console.print(f"breaker    {breaker}")


def parity(
    endpoint: Endpoint = "",
    artifacts: ModelFolder = None,
    rows: Annotated[
        int, typer.Option(min=1, help="So many made-up payments, around the model's own thresholds")
    ] = 1000,
    batch: Annotated[str, typer.Option(help="The scored payments of this batch instead")] = "",
    as_json: AsJson = False,
) -> None:
    """Score the same payments on the endpoint and locally; fail if a score differs by more than 1e-6."""
    settings = load_settings()
    found = _compare(settings, _endpoint(settings, endpoint), artifacts or settings.fraud_artifacts, rows, batch)
    if as_json:
        print_json(vars(found) | {"agrees": found.agrees})
    else:
        console.print(
            f"{found.rows} payments, {found.calls} calls: largest difference {found.largest_difference:.3g}; "
            f"endpoint {found.endpoint_seconds:.2f} s, local {found.local_seconds:.2f} s"
        )
    found.require()


def delete(
    endpoint: Endpoint = "", yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False
) -> None:
    """Take the endpoint away, with all models and configurations that deployments of it made."""
    name = _endpoint(load_settings(), endpoint)
    if not yes:
        typer.confirm(f"Delete endpoint {name}?", abort=True)
    with _telling(f"deleting {name}") as tell:
        removed = _deployer(tell).delete(name)
    console.print("\n".join(f"deleted {what}" for what in removed) or f"there is no endpoint {name}")


def serve_model(
    artifacts: Annotated[
        Path, typer.Option(help="Folder of the model", envvar="SM_MODEL_DIR", show_default=True)
    ] = Path("model/artifacts"),
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 in a container")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on")] = 8080,
    endpoint: Annotated[str, typer.Option(help="Answer to this endpoint's name alone")] = "",
) -> None:
    """Serve the model over HTTP as a SageMaker endpoint does: /ping, /invocations, and the AWS runtime's path."""
    from fraud_scorer.endpoint.serve import serve_model as serve

    serve(artifacts, host=host, port=port, endpoint_name=endpoint, signed_by=model_public_key())


def _endpoint(settings: Settings, given: str) -> str:
    name = given or settings.sagemaker_endpoint
    if not name:
        raise SettingsError("no endpoint is named", "Give --endpoint, or set SAGEMAKER_ENDPOINT")
    return name


@contextmanager
def _telling(what: str) -> Iterator[Callable[[str], None]]:
    """A function that is told each step: one moving line for people, a line per step for a log; on standard error."""
    errors = Console(stderr=True, soft_wrap=True)
    if not errors.is_terminal:
        yield errors.print
        return
    with errors.status(what) as spinner:
        yield spinner.update


def _deployer(tell: Callable[[str], None] = lambda _: None) -> Deployer:
    from fraud_scorer.scoring.sagemaker.deploying.deploy import Deployer

    return Deployer(report=tell)


def _compare(settings: Settings, endpoint: str, folder: Path, rows: int, batch: str) -> Parity:
    """The endpoint against the model in ``folder``, on made-up rows or on a batch's."""
    from fraud_scorer.domain.model_folder import BOOSTER
    from fraud_scorer.scoring.local import LocalScorer
    from fraud_scorer.scoring.manifest import checked_files, read_manifest
    from fraud_scorer.scoring.sagemaker.client import Limits, SageMakerScorer
    from fraud_scorer.scoring.sagemaker.parity import compare, probe_rows

    manifest, model_hash = read_manifest(folder, settings.fraud_model_public_key)
    booster = checked_files(folder, manifest, [BOOSTER])[BOOSTER]
    width = len(manifest["matrix_columns"])
    matrix = _batch_rows(settings, batch, model_hash) if batch else probe_rows(booster, rows)
    scorer = SageMakerScorer(
        endpoint,
        model_hash=model_hash,
        width=width,
        limits=Limits.of(settings),
        model_check=settings.sagemaker_model_check,
    )
    return compare(LocalScorer(booster, width=width), scorer, matrix)


def _batch_rows(settings: Settings, batch_id: str, model_hash: str) -> np.ndarray:
    import numpy as np

    from fraud_scorer.store.engine import transaction
    from fraud_scorer.store.queries import query

    with transaction(wiring.Parts(settings).database.engine) as cursor:
        cursor.execute(query("payments/scored_inputs"), {"batch_id": batch_id, "model_hash": model_hash})
        rows = [features for (features,) in cursor.fetchall()]
    if not rows:
        raise DataFileError(f"batch {batch_id} holds no payment that this model scored", "Take another batch")
    return np.array(rows, dtype=np.float32)
