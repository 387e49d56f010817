"""A manifest's signature (Ed25519): who can change a model's folder cannot make it a model that is taken.

The private key lies apart from the folder, with whoever trains; whoever scores holds the public key alone. The
manifest names the hashes of the other files, so its signature covers the folder.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fraud_common.errors import ArtifactError, SettingsError
from fraud_scorer.domain.model_folder import MANIFEST, SIGNATURE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SETTING = "FRAUD_MODEL_PUBLIC_KEY"
_PURPOSE = b"fraud-scorer model manifest 1\n"  # what is signed for one purpose is no signature for another
_NO_KEY = "Make a pair of keys: fraud-scorer model keygen --out FILE"
_SIGN = "Sign it where the private key is: fraud-scorer model sign --key FILE; or take the folder from there anew"


def make_key(path: Path) -> str:
    """Write a new private key to ``path`` (PEM, for its owner's eyes only) and give the public one as text.

    Raises:
        SettingsError: there is a file already, or none can be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except FileExistsError:
        raise SettingsError(f"{path} exists: a key is never overwritten", "Name another file") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror})", "Name a file that can be") from None
    return public_text(key)


def read_key(path: Path) -> Ed25519PrivateKey:
    """The private key in ``path``.

    Raises:
        SettingsError: it cannot be read, or is no Ed25519 key without a passphrase.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise SettingsError(f"the signing key {path} cannot be read ({error.strerror})", _NO_KEY) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} holds no Ed25519 private key (PEM, without a passphrase)", _NO_KEY)
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half of ``key``, as FRAUD_MODEL_PUBLIC_KEY takes it: base64 of its 32 bytes."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sign(folder: Path, key: Ed25519PrivateKey) -> str:
    """Write the signature of the manifest in ``folder`` beside it; give the name of the key (``key_name``).

    Raises:
        ArtifactError: there is no manifest, or the signature cannot be written.
    """
    path = folder / SIGNATURE
    draft = path.with_name(f".{SIGNATURE}.draft")
    try:
        signature = key.sign(_PURPOSE + (folder / MANIFEST).read_bytes())
        draft.write_text(base64.b64encode(signature).decode() + "\n", encoding="ascii")
        draft.replace(path)
    except OSError as error:
        raise ArtifactError(f"{folder} cannot be signed ({error.strerror})", "Name a trained model's folder") from None
    return key_name(key.public_key().public_bytes_raw())


def key_name(raw: bytes) -> str:
    """A short name of a public key, to tell keys apart: the first digits of its sha256."""
    return hashlib.sha256(raw).hexdigest()[:12]


def require_signature(folder: Path, manifest: bytes, signed_by: str) -> str:
    """Return the name of the key that signed ``manifest``, the content of the one in ``folder``.

    Args:
        folder: where the signature lies.
        manifest: the bytes that will be used.
        signed_by: public keys, comma separated; empty: none is asked for, and the name is empty.

    Raises:
        ArtifactError: not signed, or by none of these keys.
        SettingsError: ``signed_by`` holds something else than public keys.
    """
    from cryptography.exceptions import InvalidSignature

    if not signed_by:
        return ""
    keys, signature = _public_keys(signed_by), _signature(folder)
    for raw, key in keys.items():
        try:
            key.verify(signature, _PURPOSE + manifest)
        except InvalidSignature:
            continue
        return key_name(raw)
    names = ", ".join(key_name(raw) for raw in keys)
    raise ArtifactError(
        f"the model in {folder} is not what was signed, or another key signed it: {SETTING} names {names}", _SIGN
    )


def _signature(folder: Path) -> bytes:
    path = folder / SIGNATURE
    try:
        return base64.b64decode(path.read_bytes(), validate=False)
    except FileNotFoundError:
        raise ArtifactError(f"the model in {folder} is not signed, and {SETTING} is set", _SIGN) from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read ({error.strerror})", "Check the file's permissions") from None
    except binascii.Error:
        raise ArtifactError(f"{path} holds no signature", _SIGN) from None


def _public_keys(text: str) -> dict[bytes, Ed25519PublicKey]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    found = {}
    for position, entry in enumerate(text.split(","), start=1):
        try:
            raw = base64.b64decode(entry.strip(), validate=True)
            found[raw] = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:  # binascii.Error is one
            what = f"{SETTING}: key {position} is no public key (base64 of 32 bytes)"
            raise SettingsError(what, _NO_KEY) from None
    return found
