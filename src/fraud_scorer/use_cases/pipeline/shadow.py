"""The shadow model (``SHADOW_ARTIFACTS``): scores the same payments as the live one, is kept beside it, never alerts.

It must never harm the live run: whatever goes wrong with it is a warning in the log.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import structlog

from fraud_common.errors import FraudScorerError
from fraud_scorer.steps.score import shadow_scores

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fraud_scorer.scoring.artifacts import Artifacts
    from fraud_scorer.scoring.local import LocalScorer

log = structlog.get_logger()


def score_with_shadow_model(
    folder: Path, engine: Engine, trans_nums: pd.Series, features: pd.DataFrame, *, signed_by: str = ""
) -> int:
    """Let the model in ``folder`` decide about payments that are stored by now; give how many decisions were new.

    Call it after load, with what transform prepared. It raises nothing: 0 and a warning if it cannot.
    """
    from fraud_scorer.store.shadow import write_shadow_scores

    try:
        model, scorer = _shadow(folder, signed_by)
        scores = shadow_scores(trans_nums, features, model=model, scorer=scorer, threshold=model.recommended_threshold)
        return write_shadow_scores(engine, scores)
    except FraudScorerError as error:
        log.warning(f"The shadow model did not score: {error}", action="shadow", payments=len(trans_nums))
    except Exception as error:  # a fault inside its files must not fail a load that is done
        log.warning(f"The shadow model failed: {type(error).__name__}", action="shadow", payments=len(trans_nums))
    return 0


@lru_cache(maxsize=2)
def _shadow(folder: Path, signed_by: str) -> tuple[Artifacts, LocalScorer]:
    from fraud_scorer.scoring.artifacts import load_artifacts
    from fraud_scorer.scoring.local import LocalScorer

    model = load_artifacts(folder, signed_by)
    return model, LocalScorer(model.booster_bytes, width=len(model.features))
