"""docs/glossary.md names types of the code that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TYPES = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Nouns of the code")[2]


def test_every_type_that_it_explains_is_a_class_of_the_source() -> None:
    """A renamed class takes its line of the glossary along."""
    explained = {name for line in TYPES.splitlines() for name in re.findall(r"`([A-Z]\w+)`", line)}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]
    classes = {name for source in sources for name in re.findall(r"^class (\w+)", source, re.MULTILINE)}
    assert len(explained) > 20
    assert sorted(explained - classes) == []
