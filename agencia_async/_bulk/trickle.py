"""Batches of an asynchronous source, which may give an id only now and then."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, end

T = TypeVar("T")

_PATIENCE = 0.05
"""Seconds after which a batch that is not full may leave."""


class Trickle(Generic[T]):
    """The items in lists of at most `size()`, read lazily, in a task of its own.

    A list that is not full leaves after a moment if `is_idle()`: else nobody would be answered before the
    source gives more. The source is never cancelled for that, so it loses no item.
    """

    def __init__(
        self,
        items: AsyncIterable[T],
        size: Callable[[], int],
        wanted: Callable[[T], bool],
        *,
        is_idle: Callable[[], bool],
        tasks: Tasks,
    ) -> None:
        self._items = items
        self._size = size
        self._wanted = wanted
        self._is_idle = is_idle
        self._tasks = tasks
        self._chunk: list[T] = []
        self._most = 0
        self._asked = asyncio.Event()
        self._filled = asyncio.Event()
        self._is_over = False
        self._error: Exception | None = None

    async def chunks(self) -> AsyncGenerator[list[T], None]:
        """The lists.

        Raises:
            Exception: whatever the source raised, after all that it gave before.
        """
        reader = self._tasks.start(self._read())
        # A task that is cancelled before its first step runs none of its code: only this sees it.
        reader.add_done_callback(lambda _: self._end())
        try:
            while not self._is_over or self._chunk:
                self._most = self._size()
                self._asked.set()
                await self._full()
                chunk, self._chunk = self._chunk, []
                self._filled.clear()
                if chunk:
                    yield chunk
            if reader.cancelled():
                raise asyncio.CancelledError
            if self._error is not None:
                raise self._error
        finally:
            await end([reader])

    async def _full(self) -> None:
        """Wait until the list is full, the source is over, or there is no reason to wait any longer."""
        while not (self._is_over or len(self._chunk) >= self._most):
            try:
                async with asyncio.timeout(_PATIENCE if self._chunk else None):
                    await self._filled.wait()
                self._filled.clear()
            except TimeoutError:
                if self._is_idle():
                    break
        self._asked.clear()

    async def _read(self) -> None:
        try:
            await self._asked.wait()
            async for item in self._items:
                if not self._wanted(item):
                    continue
                self._chunk.append(item)
                if len(self._chunk) == 1 or len(self._chunk) >= self._most:
                    self._filled.set()
                if len(self._chunk) >= self._most:
                    self._asked.clear()
                    await self._asked.wait()
        except Exception as error:  # noqa: BLE001 - raised again where the lists are taken
            self._error = error

    def _end(self) -> None:
        self._is_over = True
        self._filled.set()
