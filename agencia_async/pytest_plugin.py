"""pytest fixtures for applications: a mock panel on a loopback port, and a client for it.

pytest loads this module wherever the package is installed, so it imports nothing that test runs without
these fixtures do not need. Without pytest-asyncio the fixtures are plain asynchronous ones, which pytest
itself or another plugin for asynchronous tests handles.
"""

from typing import TYPE_CHECKING

import pytest

try:
    from pytest_asyncio import fixture
except ImportError:
    fixture = pytest.fixture  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from agencia_async import AsyncClient
    from agencia_async.sandbox import Panel


@fixture
async def agencia_panel() -> "AsyncGenerator[Panel, None]":
    """A running sandbox panel with the key "sandbox-key"; its URL is `agencia_panel.url`."""
    from agencia_async.sandbox import Panel, serve  # noqa: PLC0415 - see above

    panel = Panel(key="sandbox-key", seed=1)
    async with serve(panel):
        yield panel


@fixture
async def agencia_client(agencia_panel: "Panel") -> "AsyncGenerator[AsyncClient, None]":
    """A client for `agencia_panel`, closed after the test."""
    from agencia_async import AsyncClient  # noqa: PLC0415 - see above

    async with AsyncClient(agencia_panel.key, base_url=str(agencia_panel.url)) as client:
        yield client
