"""The Redis that limits are shared on."""

from collections.abc import Iterator

import pytest

from tests.support.redis_server import Server, started
from tests.support.servers import wanted


@pytest.fixture
def server() -> Iterator[Server]:
    """A Redis."""
    with wanted(started) as server:
        yield server
