"""Much of what the client promises is tried so often that coverage, which slows it down, does not watch."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
UNWATCHED = ("journal", "redis_limit", "workers", "test_dialects.py", "test_faults.py")
"""The same as what the settings of coverage omit."""
WATCHED = {"test_anywhere.py", "test_cluster.py", "test_copies.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is tried often; the tests of the rooms come to each line of the package."""
    for item in items:
        is_unwatched = any(item.path.is_relative_to(HERE / name) for name in UNWATCHED)
        if is_unwatched and item.path.name not in WATCHED:
            item.add_marker("no_cover")
