"""What comes in: the payments API, landing, stage, and how answers are read."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from fraud_scorer.wiring.chosen import Chosen

if TYPE_CHECKING:
    from fraud_common.object_store import Bucket
    from fraud_scorer.domain.ports import PaymentsApi
    from fraud_scorer.ingest.card_tokens import CardTokens
    from fraud_scorer.ingest.sensitive_data import SensitiveFields
    from fraud_scorer.landing.cipher import Cipher
    from fraud_scorer.landing.disk import DiskLanding
    from fraud_scorer.landing.replicator import Replicator
    from fraud_scorer.landing.stage_files import Stage
    from fraud_scorer.steps.extract import ExtractLimits
    from fraud_scorer.steps.transform import TransformConfig

log = structlog.get_logger()


class Incoming(Chosen):
    """From the payments API to the stage."""

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
    def cipher(self) -> Cipher:
        """What encrypts landed bytes and quarantined records."""
        from fraud_scorer.landing.cipher import Cipher

        return Cipher.from_setting(self.settings.fraud_landing_keys.get_secret_value())

    @cached_property
    def landing(self) -> DiskLanding:
        """The raw answers on disk; those of copied batches may be in the bucket alone."""
        from fraud_scorer.landing.disk import DiskLanding

        chosen = "" if self.bucket else self.settings.fraud_landing
        folder = Path(chosen) if chosen else self.settings.fraud_data_dir / "landing"
        return DiskLanding(folder, self.cipher, self.sensitive, self.bucket)

    @cached_property
    def bucket(self) -> Bucket | None:
        """Where closed batches are copied to, None if they stay on disk."""
        if not self.settings.fraud_landing.startswith("s3://"):
            return None
        from fraud_common.object_store import Bucket

        return Bucket(self.settings.fraud_landing)

    @cached_property
    def replicator(self) -> Replicator | None:
        """What copies the landing to the bucket, if there is one."""
        if self.bucket is None:
            return None
        from fraud_scorer.landing.replicator import Replicator

        return Replicator(self.landing, self.bucket)

    def sensitive(self) -> SensitiveFields:
        """What the field map declares never to be kept; of one that cannot be read, nothing: the minute must land."""
        from fraud_common.errors import SettingsError
        from fraud_scorer.ingest.field_map import read_field_map
        from fraud_scorer.ingest.sensitive_data import SensitiveFields, mapped_names

        if self.settings.payments_api_fields is None:
            return SensitiveFields()
        try:
            fields = read_field_map(self.settings.payments_api_fields)
        except SettingsError as error:
            log.error("The field map cannot be read: what it declares under remove lands with the answer.",
                      action="landing", error=error.what)  # fmt: skip
            return SensitiveFields()
        return SensitiveFields(tuple(fields.remove), mapped_names(fields.theirs_to_ours))

    @cached_property
    def stage(self) -> Stage:
        """The work between two tasks."""
        from fraud_scorer.landing.stage_files import Stage

        return Stage(self.settings.fraud_data_dir / "stage")

    @cached_property
    def tokens(self) -> CardTokens:
        """What turns card numbers into tokens."""
        from fraud_scorer.ingest.card_tokens import CardTokens

        return CardTokens.from_setting(self.settings.fraud_card_keys.get_secret_value())

    @cached_property
    def transform_config(self) -> TransformConfig:
        """What the settings say about transforming."""
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
