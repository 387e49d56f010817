"""Checks the signatures of the model in force and of the shadow model, as production demands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraud_common.errors import SettingsError
from fraud_scorer.domain.model_folder import MANIFEST
from fraud_scorer.scoring.manifest import checked_files, read_manifest
from fraud_scorer.scoring.signing import SETTING, require_signature

if TYPE_CHECKING:
    from pathlib import Path

    from fraud_scorer.settings import Settings


def verify_signature(folder: Path, signed_by: str) -> str:
    """Verify the signature of the model in ``folder``, and its files' hashes; gives the signing key's name.

    Raises:
        ArtifactError: not signed by one of ``signed_by`` (public keys, comma separated), or a file is altered.
        SettingsError: ``signed_by`` is empty, or holds something else than public keys.
    """
    if not signed_by:
        raise SettingsError(
            f"no public key is named: anybody's model would be taken from {folder}",
            f"Make a key (`fraud-scorer model keygen --out FILE`), sign the model (`fraud-scorer model sign --key FILE "
            f"--artifacts {folder}`), then set {SETTING} to what keygen printed",
        )
    manifest, _ = read_manifest(folder, signed_by)
    checked_files(folder, manifest)
    return require_signature(folder, (folder / MANIFEST).read_bytes(), signed_by)


def require_signed_models(settings: Settings) -> str:
    """Verify the model in force and the shadow model; gives a text that names their signing keys.

    Raises: as ``verify_signature``.
    """
    folders = [settings.fraud_artifacts, *([settings.shadow_artifacts] if settings.shadow_artifacts else [])]
    return "; ".join(
        f"{folder} is signed by {verify_signature(folder, settings.fraud_model_public_key)}" for folder in folders
    )
