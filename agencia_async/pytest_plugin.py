"""pytest fixtures for applications: a mock panel on a loopback port, and a client for it.

pytest loads this module wherever the package is installed, so everything that only these fixtures need is
imported late. Without pytest-asyncio, `agencia_client` is a plain asynchronous fixture, for another plugin.
"""

from typing import TYPE_CHECKING, Any

import pytest

try:
    from pytest_asyncio import fixture
except ImportError:
    fixture = pytest.fixture  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from agencia_async import AsyncClient
    from agencia_async.sandbox import Panel

_MARKERS = (
    "agencia_panel(**options): options of the `agencia_panel` fixture's panel, such as dialect='extended'",
    "agencia_faults(*names, **settings): faults of its first requests, and attributes of `panel.faults`",
)
_NOT_FOR_TESTS = ("AGENCIA_API_KEY_FILE", "AGENCIA_CONFIG", "AGENCIA_PROFILE")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for line in _MARKERS:
        config.addinivalue_line("markers", line)


@pytest.fixture
def agencia_panel(request: pytest.FixtureRequest) -> "Generator[Panel]":
    """A running sandbox panel with the key "sandbox-key"; its URL is `agencia_panel.url`.

    It runs in its own thread, so synchronous and asynchronous tests can use it. Set it up with the markers
    `agencia_panel(**options)` and `agencia_faults(*names, **settings)`.
    """
    from agencia_async.sandbox import Panel, serve_in_thread  # noqa: PLC0415 - see above

    item: pytest.Item = request.node
    options: dict[str, Any] = {"key": "sandbox-key", "seed": 1}
    for mark in reversed([*item.iter_markers("agencia_panel")]):  # the closest last
        options |= mark.kwargs
    panel = Panel(**options)
    for mark in item.iter_markers("agencia_faults"):
        for name, value in mark.kwargs.items():
            setattr(panel.faults, name, value)
        panel.faults.script(*mark.args)
    with serve_in_thread(panel):
        yield panel


@pytest.fixture
def agencia_env(agencia_panel: "Panel", monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment variables that `AsyncClient.from_env` and the command read, set for `agencia_panel`."""
    environment = {"AGENCIA_API_KEY": agencia_panel.key, "AGENCIA_BASE_URL": str(agencia_panel.url)}
    for name in _NOT_FOR_TESTS:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@fixture
async def agencia_client(agencia_panel: "Panel") -> "AsyncGenerator[AsyncClient, None]":
    """A client for `agencia_panel`, closed after the test.

    It belongs to the event loop of the test function. For a loop of a larger scope, use `agencia_env` and
    `AsyncClient.from_env()`.
    """
    from agencia_async import AsyncClient  # noqa: PLC0415 - see above

    async with AsyncClient(agencia_panel.key, base_url=str(agencia_panel.url)) as client:
        yield client
