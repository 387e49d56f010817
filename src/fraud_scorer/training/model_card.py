"""The model card: Markdown written from the manifest's figures alone, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fraud_common.text import probability_text


def model_card_text(manifest: Mapping[str, Any], model_hash: str) -> str:
    """The card of the model that ``manifest`` describes."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701 - Markdown from our own manifest
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["probability"] = probability_text
    from fraud_scorer.features import FEATURES

    template = environment.get_template("model_card.md.j2")
    return template.render(manifest=manifest, model_hash=model_hash, features=FEATURES)
