"""Work that many wait for: done once however many ask, and not lost when one of them is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, closed
from agencia_async.errors import twin

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Work that any number of callers wait for, and that cannot be called off while it is pinned.

    It is called off when its last caller is cancelled or the client is closed: at once, or when it fails
    in a way that it would go on from after it was pinned.
    """

    def __init__(
        self,
        work: Callable[["SingleFlight[T]"], Awaitable[T]],
        tasks: Tasks,
        *,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self.is_cancelled = False
        self._callers = 0
        self._is_shielded = False
        self._tasks = tasks
        self._ended = asyncio.Event()
        self._value: tuple[T] | None = None
        self._error: Exception | None = None
        self._reason: Exception | None = None
        self._task = tasks.start(self._run(work), may_end=lambda: not self._is_shielded)
        # A task that is cancelled before its first step runs none of its code: only this tells of it.
        self._task.add_done_callback(lambda _: done())
        self._task.add_done_callback(lambda _: self._ended.set())

    async def result(self) -> T:
        """What the work returns.

        Raises:
            ConfigurationError: it was called off before it could begin in earnest.
            Exception: whatever the work raised, to each caller.
        """
        self._callers += 1
        try:
            await self._ended.wait()
        finally:
            self._callers -= 1
            self._end_if_unwanted()
        if self._error is not None:
            raise twin(self._error)
        if self._value is not None:
            return self._value[0]
        raise self._reason or (closed() if self._tasks.closed else asyncio.CancelledError())

    def cancel(self, reason: Exception) -> None:
        """End it as soon as it may end; its callers get the reason, unless it ends by itself."""
        self._reason = reason
        self._end_if_unwanted()

    async def ended(self) -> None:
        """Wait for the end, whatever it is."""
        await self._ended.wait()

    @contextmanager
    def shielded(self) -> Generator[None]:
        """For the block, the work goes on whoever is cancelled or closed."""
        self._is_shielded = True
        try:
            yield
        except BaseException:
            self._is_shielded = False
            self._end_if_unwanted()
            raise
        self._is_shielded = False

    async def _run(self, work: Callable[["SingleFlight[T]"], Awaitable[T]]) -> None:
        try:
            self._value = (await work(self),)
        except Exception as error:  # noqa: BLE001 - raised again in each caller
            self._error = error

    def _end_if_unwanted(self) -> None:
        unwanted = self._tasks.closed or self._reason is not None or not self._callers
        if unwanted and not (self.is_cancelled or self._is_shielded or self._ended.is_set()):
            self.is_cancelled = True
            self._task.cancel()
