"""Makes what stores files: the landing, its copy in a bucket, the stage, and the cipher of landed bytes."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from fraud_scorer.settings import Settings

if TYPE_CHECKING:
    from fraud_common.object_store import Bucket
    from fraud_scorer.ingest.sensitive_data import SensitiveFields
    from fraud_scorer.landing.cipher import Cipher
    from fraud_scorer.landing.disk import DiskLanding
    from fraud_scorer.landing.replicator import Replicator
    from fraud_scorer.landing.stage_files import Stage

log = structlog.get_logger()


class Files:
    """The landing and the stage."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def cipher(self) -> Cipher:
        """Encrypts landed bytes and quarantined records."""
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
        """Copies the landing to the bucket; None if there is no bucket."""
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
        """The frames between two tasks."""
        from fraud_scorer.landing.stage_files import Stage

        return Stage(self.settings.fraud_data_dir / "stage")
