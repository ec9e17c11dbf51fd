"""A client whose event loop is gone can still be closed, and leaves nothing behind."""

import asyncio
import gc
import ssl
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from agencia_async import AsyncClient, ConfigurationError, fast_transport
from tests.support import engines
from tests.support.authority import serving, trusting
from tests.support.engines import by_each_engine
from tests.support.peer import Peer, Request, peer


async def answer(request: Request) -> None:
    request.reply('{"balance": "1"}')


@contextmanager
def in_thread(context: ssl.SSLContext | None) -> Generator[Peer]:
    """A panel in an event loop of its own, which outlives those of the test."""
    ready, done = threading.Event(), threading.Event()
    there: list[Peer] = []

    async def run() -> None:
        async with peer(answer, context=context) as it:
            there.append(it)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    ready.wait()
    try:
        yield there[0]
    finally:
        done.set()
        thread.join()


@by_each_engine
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_a_client_is_closed_in_another_loop_when_its_own_is_gone(*, is_tls: bool) -> None:
    with in_thread(serving() if is_tls else None) as panel, warnings.catch_warnings():
        warnings.simplefilter("error")
        context = trusting() if is_tls else None
        if engines.chosen == "fast":
            client = AsyncClient("KEY", base_url=panel.url, transport=fast_transport(ssl_context=context))
        else:
            client = AsyncClient("KEY", base_url=panel.url, ssl_context=context)
        asyncio.run(client.balance())
        asyncio.run(client.aclose())
        with pytest.raises(ConfigurationError, match="closed"):
            asyncio.run(client.balance())
        del client
        gc.collect()
    assert len(panel.forms) == 1
