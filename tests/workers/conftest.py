"""A Redis, and a panel that the workers' profile leads to."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agencia_async.sandbox import Panel, serve
from tests.support.redis_server import Server, started
from tests.support.servers import wanted

from .scene import KEY, configure


@pytest.fixture
def server() -> Iterator[Server]:
    with wanted(started) as server:
        yield server


@pytest.fixture
async def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Panel]:
    panel = Panel(key=KEY, seed=1, clock=lambda: 0.0)
    async with serve(panel) as url:
        monkeypatch.setenv("AGENCIA_CONFIG", str(configure(tmp_path, url)))
        yield panel
