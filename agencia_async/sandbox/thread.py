"""Serves a panel from a thread with an event loop of its own, for code that has none, or several."""

import asyncio
import contextlib
from collections.abc import Callable, Generator
from concurrent.futures import Future
from threading import Thread

from agencia_async.sandbox.panel import Panel
from agencia_async.sandbox.server import serve

_Started = Future[tuple[str, Callable[[], object]]]
"""The URL, and what stops the server; or why it could not start."""


@contextlib.contextmanager
def serve_in_thread(panel: Panel, host: str = "127.0.0.1", port: int = 0) -> Generator[str]:
    """Serve `panel` over HTTP in a `with` block, from its own thread; yields its URL, as `serve` does.

    For synchronous tests, the test clients of Flask and Django, and tests in any event loop. Change the panel
    and read its ledger only while no request is in flight. Raises the same errors as `serve`.
    """
    started: _Started = Future()
    thread = Thread(target=lambda: asyncio.run(_run(panel, host, port, started)), daemon=True)
    thread.name = "agencia-sandbox"
    thread.start()
    try:
        url, stop = started.result()
        try:
            yield url
        finally:
            stop()
    finally:
        thread.join()


async def _run(panel: Panel, host: str, port: int, started: _Started) -> None:
    """Serve until it is stopped."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        async with serve(panel, host, port) as url:
            started.set_result((url, lambda: loop.call_soon_threadsafe(end.set)))
            await end.wait()
    except (OSError, ImportError) as error:
        started.set_exception(error)
