"""Makes the payments source, and what ``extract`` and ``transform`` need to ask it and to read its answers."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings

if TYPE_CHECKING:
    from fraud_scorer.domain.ports import PaymentsApi
    from fraud_scorer.ingest.card_tokens import CardTokens
    from fraud_scorer.steps.extract import Clock, ExtractLimits
    from fraud_scorer.steps.transform import TransformConfig


class Source:
    """The payments API, its limits, and how its answers become payments."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock

    @cached_property
    def api(self) -> PaymentsApi:
        """The payments API."""
        from fraud_scorer.sources import source_of

        return source_of(self.settings, self.clock.now)

    @cached_property
    def limits(self) -> ExtractLimits:
        """How often and how long the API is asked."""
        from fraud_scorer.steps.extract import ExtractLimits

        return ExtractLimits(
            calls=self.settings.payments_api_calls_per_run,
            call_seconds=self.settings.payments_api_timeout_seconds,
            budget_seconds=self.settings.payments_api_budget_seconds,
            look_back=timedelta(minutes=self.settings.payments_api_look_back_minutes),
        )

    @cached_property
    def tokens(self) -> CardTokens:
        """Turns card numbers into tokens."""
        from fraud_scorer.ingest.card_tokens import CardTokens

        return CardTokens.from_setting(self.settings.fraud_card_keys.get_secret_value())

    @cached_property
    def transform_config(self) -> TransformConfig:
        """How ``transform`` reads answers: field map, rules, time zone, look-back."""
        from fraud_scorer.features import LOOK_BACK_DAYS
        from fraud_scorer.ingest.field_map import read_field_map
        from fraud_scorer.steps.transform import TransformConfig

        fields = read_field_map(self.settings.payments_api_fields)
        return TransformConfig(
            fields=fields,
            rules=fields.rules(time_zone=self.settings.payments_api_time_zone, currency=self.settings.fraud_currency),
            time_zone=self.settings.fraud_time_zone,
            restamped=not (self.api.windowed or fields.maps_time),
            look_back=timedelta(days=LOOK_BACK_DAYS),
        )
