"""A SageMaker endpoint behind the ``Scorer`` port: asked in bounded time, believed only after checks."""

from fraud_scorer.scoring.sagemaker.client import Limits, SageMakerScorer, runtime_client
from fraud_scorer.scoring.sagemaker.fallback import FallbackScorer

__all__ = ["FallbackScorer", "Limits", "SageMakerScorer", "runtime_client"]
