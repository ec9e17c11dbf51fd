"""Single-flight: work that is done once for any number of callers, and survives their cancellation."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, closed, copied

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Work that any number of callers wait for, and that cannot be cancelled while it is shielded.

    It is cancelled when its last caller is cancelled or the client is closed: at once, or, if it is
    shielded then, when the shielded block raises.
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
        # A task that is cancelled before its first step runs none of its code: only this sees it.
        self._task.add_done_callback(lambda _: done())
        self._task.add_done_callback(lambda _: self._ended.set())

    async def result(self) -> T:
        """What the work returns.

        Raises:
            ConfigurationError: it was cancelled because the client was closed.
            Exception: whatever the work raised, to each caller.
        """
        self._callers += 1
        try:
            await self._ended.wait()
        finally:
            self._callers -= 1
            self._end_if_unwanted()
        if self._error is not None:
            raise copied(self._error)
        if self._value is not None:
            return self._value[0]
        raise self._reason or (closed() if self._tasks.closed else asyncio.CancelledError())

    def cancel(self, reason: Exception) -> None:
        """Cancel it as soon as it is not shielded; its callers get the reason, unless it finishes first."""
        self._reason = reason
        self._end_if_unwanted()

    async def ended(self) -> None:
        """Wait until it is over, whatever the outcome."""
        await self._ended.wait()

    @contextmanager
    def shielded(self) -> Generator[None]:
        """For the block, neither cancelled callers nor closing the client cancel the work."""
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
