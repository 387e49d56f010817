"""Makes the model in force and the scorer: SageMaker, local, or SageMaker with the local model behind it."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from fraud_common.errors import SettingsError
from fraud_scorer.settings import Settings
from fraud_scorer.settings.connections import AwsAccess
from fraud_scorer.wiring.database import Database

if TYPE_CHECKING:
    from fraud_scorer.domain.ports import Scorer
    from fraud_scorer.scoring.artifacts import Artifacts
    from fraud_scorer.scoring.sagemaker import SageMakerScorer
    from fraud_scorer.store.breaker import PostgresBreaker


class Scoring:
    """The model in force, and the scorer."""

    def __init__(self, settings: Settings, aws: AwsAccess, database: Database) -> None:
        self.settings, self.aws, self._database = settings, aws, database

    @cached_property
    def model(self) -> Artifacts:
        """The model in force."""
        from fraud_scorer.scoring.artifacts import load_artifacts

        return load_artifacts(self.settings.fraud_artifacts, self.settings.fraud_model_public_key)

    @property
    def threshold(self) -> float:
        """A payment is flagged from this probability on."""
        chosen = self.settings.fraud_threshold
        return self.model.recommended_threshold if chosen is None else chosen

    @cached_property
    def scorer(self) -> Scorer:
        """SageMaker, the local model, or the one with the other behind it."""
        from fraud_scorer.scoring.local import LocalScorer

        settings = self.settings
        local = LocalScorer(self.model.booster_bytes, width=len(self.model.features))
        if settings.scorer == "sagemaker" and not settings.sagemaker_endpoint:
            raise SettingsError("SCORER=sagemaker names no endpoint", "Set SAGEMAKER_ENDPOINT, or SCORER=local")
        if settings.scorer == "local" or not settings.sagemaker_endpoint:
            return local
        from fraud_scorer.scoring.sagemaker import FallbackScorer  # brings boto3

        return FallbackScorer(self.endpoint, local, self.breaker, settings.scorer)

    @cached_property
    def endpoint(self) -> SageMakerScorer:
        """The SageMaker endpoint, without the local model behind it."""
        from fraud_scorer.scoring.sagemaker import Limits, SageMakerScorer, runtime_client

        return SageMakerScorer(
            self.settings.sagemaker_endpoint,
            model_hash=self.model.model_hash,
            width=len(self.model.features),
            limits=Limits.of(self.settings),
            model_check=self.settings.sagemaker_model_check,
            connect=partial(runtime_client, access=self.aws),
        )

    @cached_property
    def breaker(self) -> PostgresBreaker:
        """The endpoint's circuit breaker."""
        from fraud_scorer.store.breaker import PostgresBreaker

        return PostgresBreaker(
            self._database.engine,
            self.settings.sagemaker_endpoint,
            failures=self.settings.sagemaker_breaker_failures,
            pause_seconds=self.settings.sagemaker_breaker_pause_seconds,
        )
