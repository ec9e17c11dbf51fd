"""Reads blocking input (a pipe, a terminal) without blocking the requests in flight."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from itertools import islice
from queue import SimpleQueue
from threading import Thread
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_AT_ONCE: Final = 100


class _Portion(Generic[T]):
    """The next items, read by the thread, and the error that ended the reading."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self.error: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._read = asyncio.Event()

    async def wait(self) -> None:
        """Wait until it has been read."""
        await self._read.wait()

    def read(self, items: Iterator[T]) -> None:
        """Read it; runs in the thread."""
        try:
            self.items.extend(islice(items, _AT_ONCE))
        except Exception as error:  # noqa: BLE001 - raised again in the consumer
            self.error = error
        with suppress(RuntimeError):  # the loop is closed, so there is no consumer
            self._loop.call_soon_threadsafe(self._read.set)


async def in_background(items: Iterator[T]) -> AsyncGenerator[T]:
    """The items, read in a thread, some at a time and on demand.

    The thread is a daemon: if the consumer stops while it is blocked, the program does not wait for it.
    """
    asked: SimpleQueue[_Portion[T] | None] = SimpleQueue()
    Thread(target=_serve, args=(items, asked), daemon=True).start()
    try:
        while True:
            portion = _Portion[T]()
            asked.put(portion)
            await portion.wait()
            for item in portion.items:
                yield item
            if portion.error is not None:
                raise portion.error
            if not portion.items:
                return
    finally:
        asked.put(None)


def _serve(items: Iterator[T], asked: SimpleQueue[_Portion[T] | None]) -> None:
    while (portion := asked.get()) is not None:
        portion.read(items)
