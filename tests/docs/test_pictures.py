"""The documentation's pictures: there, small, and said in words too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_BYTES = 200_000
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = [(page, *shown) for page in PAGES for shown in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "said", "picture"), SHOWN, ids=[picture for _, _, picture in SHOWN])
def test_a_picture_that_is_shown_is_there(page: Path, said: str, picture: str) -> None:
    """It lies in the repository, loads fast, and whoever cannot see it reads what it shows."""
    file = page.parent / picture
    assert file.is_file()
    assert file.stat().st_size < MOST_BYTES
    assert len(said) > 10


def test_no_picture_is_left_over() -> None:
    """Each one that is kept is shown somewhere."""
    shown = {(page.parent / picture).resolve() for page, _, picture in SHOWN}
    assert set((ROOT / "docs" / "pictures").glob("*.png")) <= shown
