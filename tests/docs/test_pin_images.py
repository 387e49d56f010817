"""`make pin-images` without a registry: what it would write. That docker answers so was never seen here."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ONE, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """requirements/pin_images.py."""
    spec = importlib.util.spec_from_file_location("pin_images", ROOT / "requirements" / "pin_images.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_foreign_image_gets_its_digest_and_none_of_ours(script: ModuleType) -> None:
    """All of compose's and the Dockerfiles'; a second time renews the digests."""
    files = [path for pattern in script.FILES for path in sorted(ROOT.glob(pattern))]
    assert len(files) == 5
    for path in files:
        text = path.read_text()
        once = script.pinned(text, lambda image: ONE)
        assert script.pinned(once, lambda image: OTHER) == once.replace(ONE, OTHER)
        for image in re.findall(r"^(?:FROM| +image:) (\S+)", once, re.MULTILINE):
            assert image.startswith("fraud-scorer-") or image.endswith(f"@{ONE}"), image


def test_an_answer_that_is_no_digest_is_refused(script: ModuleType) -> None:
    """Nothing else is ever written behind a tag."""
    with pytest.raises(ValueError, match=r"no digest for python:3\.11"):
        script.pinned("FROM python:3.11 AS build", lambda image: "not found")
