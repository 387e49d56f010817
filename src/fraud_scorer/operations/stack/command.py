"""``fraud-scorer stack``: what `make run` calls."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fraud_scorer.errors import SettingsError
from fraud_scorer.operations.stack.options import StackOptions, parse_ports
from fraud_scorer.operations.stack.run import run_stack

OPTIONAL = frozenset({"payments", "mailbox", "dashboard"})


class ScorerChoice(StrEnum):
    """The setting SCORER."""

    auto = "auto"
    local = "local"
    sagemaker = "sagemaker"


def stack(
    pace: Annotated[int, typer.Option(min=1, max=20_000, help="Payments a minute")] = 20,
    scorer: Annotated[ScorerChoice, typer.Option(help="Who scores")] = ScorerChoice.auto,
    data_dir: Annotated[Path, typer.Option(help="Everything the stack writes")] = Path(".data"),
    ports: Annotated[str, typer.Option(help="Other ports, e.g. airflow=8081,dashboard=8502")] = "",
    history_days: Annotated[int, typer.Option(min=0, max=365, help="Past days imported by the first start")] = 8,
    without: Annotated[str, typer.Option(help="Services left out, comma separated")] = "",
) -> None:
    """Start everything on this machine and look after it until Ctrl-C: `make run`."""
    left_out = frozenset(name.strip() for name in without.split(",") if name.strip())
    if unknown := left_out - OPTIONAL:
        raise SettingsError(
            f"{', '.join(sorted(unknown))} cannot be left out", f"Only {', '.join(sorted(OPTIONAL))} can"
        )
    options = StackOptions(
        checkout=Path.cwd(),
        data_dir=data_dir.absolute(),
        pace=pace,
        history_days=history_days,
        scorer=scorer.value,
        ports=parse_ports(ports),
        without=left_out,
    )
    raise typer.Exit(run_stack(options))
