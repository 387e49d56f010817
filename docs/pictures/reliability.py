"""Draws reliability.png from the shipped model's manifest alone: the same manifest gives the same picture."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from fraud_scorer.training.plots import draw_money, draw_reliability

HERE = Path(__file__).parent
MANIFEST = HERE.parents[1] / "model" / "artifacts" / "manifest.json"


def draw(out: Path) -> None:
    """Both panels, from the test period's figures."""
    figures = json.loads(MANIFEST.read_text())["metrics"]["test"]
    figure = Figure(figsize=(10, 3.8), dpi=100, layout="constrained")
    for axes, paint in zip(figure.subplots(1, 2), (draw_reliability, draw_money), strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        paint(axes, figures)
    figure.savefig(out, format="png", metadata={"Software": None})


if __name__ == "__main__":
    draw(HERE / "reliability.png")
