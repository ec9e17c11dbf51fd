"""The Redis that limits are shared on."""

import os
from collections.abc import Iterator

import pytest

from .server import MissingError, Server, started


@pytest.fixture
def server() -> Iterator[Server]:
    """A Redis; where there is none the test is skipped, but fails where it must be there."""
    try:
        with started() as server:
            yield server
    except MissingError as missing:
        if "CI" in os.environ:
            pytest.fail(str(missing))
        pytest.skip(str(missing))
