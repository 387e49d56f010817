"""Commands around a model's signature: make a pair of keys, sign, verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fraud_scorer.cli.output import console
from fraud_scorer.settings import model_public_key

model = typer.Typer(help="A model's signature: make keys, sign, verify.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--artifacts", help="The model's folder")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (keygen, sign, verify):
        model.command()(command)
    app.add_typer(model, name="model")


def keygen(
    out: Annotated[Path, typer.Option("--out", help="The private key's file; keep it apart from the models")],
) -> None:
    """Make a pair of keys: the private one into a file, the public one as the setting that asks for its signature."""
    from fraud_scorer.scoring.signing import SETTING, make_key

    public = make_key(out)
    console.print(f"the private key is in {out}: keep it with whoever trains, never where models are used")
    console.print(f"{SETTING}={public}", markup=False)


def sign(
    key: Annotated[Path, typer.Option("--key", help="The private key's file")],
    artifacts: Folder = Path("model/candidate"),
) -> None:
    """Sign the model in a folder, whose files are checked first."""
    from fraud_scorer.scoring.manifest import checked_files, read_manifest
    from fraud_scorer.scoring.signing import read_key
    from fraud_scorer.scoring.signing import sign as write_signature

    private = read_key(key)
    manifest, model_hash = read_manifest(artifacts)
    checked_files(artifacts, manifest)
    console.print(f"model {model_hash[:12]} in {artifacts} is signed by key {write_signature(artifacts, private)}")


def verify(
    artifacts: Folder = Path("model/artifacts"),
    public_key: Annotated[str, typer.Option(help="By default FRAUD_MODEL_PUBLIC_KEY")] = "",
) -> None:
    """Check that the files of a model are those that were signed; fail if they are not."""
    from fraud_scorer.use_cases.check.model_signature import verify_signature as name_of_signer

    name = name_of_signer(artifacts, public_key or model_public_key())
    console.print(f"the model in {artifacts} is whole, and signed by key {name}")
