"""A client that nobody closes: one warning of our own, and nothing stays open."""

import asyncio
import gc
import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import httpx
import pytest

from agencia_async import AsyncClient, ConfigurationError
from agencia_async._transport import unclosed as unclosed_module
from tests.support import engines
from tests.support.authority import serving, trusting
from tests.support.engines import by_each_engine
from tests.support.loopback import NO_TLS
from tests.support.peer import Request, peer, peer_in_thread
from tests.support.until import until

ADVICE = "left open; use `async with AsyncClient(...)`, or end with `await client.aclose()`"


async def answer(request: Request) -> None:
    request.reply('{"balance": "1"}')


@contextmanager
def warned() -> Generator[list[str]]:
    """The warnings of the block, until all that it left is collected."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
        gc.collect()
    texts += [f"{found.category.__name__}: {found.message}" for found in caught]


def unclosed(url: str, what: str) -> str:
    return f"ResourceWarning: unclosed AsyncClient of {url.split('/')[2]}: {what} {ADVICE}"


async def use(**options: Any) -> None:  # noqa: ANN401 - of the client
    client = AsyncClient("KEY", **options)
    await asyncio.gather(client.balance(), client.balance())


@by_each_engine
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_after_the_end_of_its_loop_it_warns_once(*, is_tls: bool) -> None:
    with peer_in_thread(answer, serving() if is_tls else None) as panel:
        with warned() as texts:
            asyncio.run(use(base_url=panel.url, **engines.trusting(trusting() if is_tls else None)))
        connections = "1 connection" if panel.connections == 1 else "2 connections"
        assert texts == [unclosed(panel.url, connections)]
        threads_until(lambda: not panel.open)


def threads_until(condition: Callable[[], bool]) -> None:
    """Let the other threads run until the condition holds."""
    while not condition():
        threading.Event().wait(0.001)  # pragma: no cover - they may have run already


@by_each_engine
async def test_in_a_running_loop_it_warns_once_and_its_connections_are_closed() -> None:
    async with peer(answer) as panel:
        with warned() as texts:
            await use(base_url=panel.url, transport=engines.transport())
        assert texts == [unclosed(panel.url, f"{panel.connections} connection{'s'[: panel.connections - 1]}")]
        await until(lambda: not panel.open)


@by_each_engine
async def test_the_garbage_collector_may_run_in_another_thread() -> None:
    async with peer(answer) as panel:
        with warned() as texts:
            await use(base_url=panel.url, transport=engines.transport())
            await asyncio.to_thread(gc.collect)
        assert len(texts) == 1
        await until(lambda: not panel.open)


def test_with_warnings_as_errors_it_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: raised.append(told.exc_value))
    with peer_in_thread(answer) as panel:
        asyncio.run(use(base_url=panel.url))
        gc.collect()
        assert [type(error) for error in raised] == [ResourceWarning]
        threads_until(lambda: not panel.open)


async def test_who_has_nothing_open_is_not_warned_of() -> None:
    async with peer(answer) as panel, httpx.AsyncClient(verify=NO_TLS) as http:
        with warned() as texts:
            AsyncClient("KEY", base_url=panel.url)
            async with AsyncClient("KEY", base_url=panel.url) as client:
                await client.balance()
            await use(base_url=panel.url, http_client=http)
            closed = AsyncClient("KEY", base_url=panel.url)
            await closed.aclose()
            with pytest.raises(ConfigurationError):
                await closed.balance()
    assert texts == []


async def test_a_transport_that_was_handed_over_is_told() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"balance": "1"}))
    with warned() as texts:
        await use(base_url="https://panel.example/api/v2", transport=transport)
    assert texts == [unclosed("https://panel.example:443/", "its transport")]


@pytest.mark.parametrize("is_over", [False, True])
def test_after_a_fork_the_connections_are_those_of_the_parent(
    monkeypatch: pytest.MonkeyPatch, *, is_over: bool
) -> None:
    """They are not told, and not taken out of its loop; those of a closed loop are copies that may go."""

    class Owner:
        pass

    owner, wire, loop = Owner(), mock.Mock(held="1 connection"), mock.Mock()
    loop.is_closed.return_value = is_over
    unclosed_module.watch(owner, wire, loop)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with warned() as texts:
        del owner
    assert texts == []
    assert wire.discard.called is is_over
    loop.call_soon_threadsafe.assert_not_called()


AT_THE_END = """
import asyncio, sys
from agencia_async import AsyncClient, fast_transport
client = AsyncClient("KEY", base_url=sys.argv[1], transport=fast_transport() if "fast" in sys.argv else None)
asyncio.run(client.balance())
"""


@by_each_engine
@pytest.mark.parametrize("option", ["-Werror", "-Wdefault", "-Xdev"])
def test_the_end_of_the_interpreter_warns_once(option: str) -> None:
    with peer_in_thread(answer) as panel:
        ended = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, option, "-c", AT_THE_END, panel.url, engines.chosen],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stdout) == (0, "")
    assert re.findall(r"(?i)unclosed [\w<]+", ended.stderr) == ["unclosed AsyncClient"], ended.stderr
    assert unclosed(panel.url, "1 connection") in ended.stderr
