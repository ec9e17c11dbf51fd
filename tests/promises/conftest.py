"""Much of what the client promises is tried so often that coverage, which slows it down, does not watch."""

import os

import pytest

HERE = f"{os.path.dirname(__file__)}{os.sep}"  # noqa: PTH120 - a text, as there are thousands to compare it with
UNWATCHED = {"journal", "redis_limit", "workers", "test_dialects.py", "test_faults.py"}
"""The same as what the settings of coverage omit."""
WATCHED = {"test_anywhere.py", "test_cluster.py", "test_copies.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is tried often; the tests of the rooms come to each line of the package."""
    for item in items:
        before, _, below = str(item.path).partition(HERE)
        if not before and below.partition(os.sep)[0] in UNWATCHED and item.path.name not in WATCHED:
            item.add_marker("no_cover")
