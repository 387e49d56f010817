"""What a shadow model would have decided, kept beside the live decisions."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Engine

from fraud_scorer.store.engine import transaction
from fraud_scorer.store.queries import query


def write_shadow_scores(engine: Engine, scores: pd.DataFrame) -> int:
    """Keep ``steps.score.shadow_scores``' rows (of one model); give how many were new or changed.

    A payment that came twice in one run counts with its last row. Raises StoreUnavailable or TerminalError.
    """
    if not len(scores):
        return 0
    latest = scores.drop_duplicates("trans_num", keep="last")
    values = {
        "trans_nums": latest["trans_num"].tolist(),
        "raw_scores": latest["raw_score"].tolist(),
        "probabilities": latest["fraud_probability"].tolist(),
        "model_hash": str(latest["model_hash"].iloc[0]),
        "threshold": float(latest["threshold"].iloc[0]),
    }
    with transaction(engine) as cursor:
        cursor.execute(query("shadow/write"), values)
        return cursor.rowcount
