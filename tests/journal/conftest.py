from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from agencia_async.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


@pytest.fixture
async def journal(path: Path) -> AsyncGenerator[Journal, None]:
    async with Journal(path) as it:
        yield it
