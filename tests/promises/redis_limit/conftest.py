"""The Redis that limits are shared on."""

from collections.abc import Iterator

import pytest

from tests.support.servers import wanted

from .server import Server, started


@pytest.fixture
def server() -> Iterator[Server]:
    """A Redis."""
    with wanted(started) as server:
        yield server
