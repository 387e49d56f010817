"""What takes minutes and a download runs only when it is asked for by its mark."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip image tests unless `-m` names them."""
    if "images" in config.option.markexpr.replace("not images", ""):
        return
    how = pytest.mark.skip(
        reason='downloads a gigabyte; run it by: make test ARGS="-m images tests/docs/test_images.py"'
    )
    for item in items:
        if item.get_closest_marker("images"):
            item.add_marker(how)
