"""What the client as a whole promises is tried often; coverage, which makes that slower, does not watch."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage comes from the tests of the rooms."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("no_cover")
