"""Work that many wait for: done once however many ask, and not lost when one of them is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

from agencia_async._concurrency.workers import Tasks, closed
from agencia_async.errors import twin

T = TypeVar("T")


class Errand(Generic[T]):
    """Work that any number of callers wait for, and that cannot be called off while it is pinned.

    It is called off when its last caller is cancelled or the client is closed: at once, or when it fails
    in a way that it would go on from after it was pinned.
    """

    def __init__(
        self,
        work: Callable[["Errand[T]"], Awaitable[T]],
        tasks: Tasks,
        *,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self.is_off = False
        self._callers = 0
        self._is_pinned = False
        self._tasks = tasks
        self._over = asyncio.Event()
        self._value: tuple[T] | None = None
        self._error: Exception | None = None
        self._reason: Exception | None = None
        self._task = tasks.start(self._run(work), may_end=lambda: not self._is_pinned)
        # A task that is cancelled before its first step runs none of its code: only this tells of it.
        self._task.add_done_callback(lambda _: done())
        self._task.add_done_callback(lambda _: self._over.set())

    async def result(self) -> T:
        """What the work returns.

        Raises:
            ConfigurationError: it was called off before it could begin in earnest.
            Exception: whatever the work raised, to each caller.
        """
        self._callers += 1
        try:
            await self._over.wait()
        finally:
            self._callers -= 1
            self._end_if_unwanted()
        if self._error is not None:
            raise twin(self._error)
        if self._value is not None:
            return self._value[0]
        raise self._reason or (closed() if self._tasks.closed else asyncio.CancelledError())

    def call_off(self, reason: Exception) -> None:
        """End it as soon as it may end; its callers get the reason, unless it ends by itself."""
        self._reason = reason
        self._end_if_unwanted()

    async def over(self) -> None:
        """Wait for the end, whatever it is."""
        await self._over.wait()

    @contextmanager
    def pinned(self) -> Generator[None]:
        """For the block, the work goes on whoever is cancelled or closed."""
        self._is_pinned = True
        try:
            yield
        except BaseException:
            self._is_pinned = False
            self._end_if_unwanted()
            raise
        self._is_pinned = False

    async def _run(self, work: Callable[["Errand[T]"], Awaitable[T]]) -> None:
        try:
            self._value = (await work(self),)
        except Exception as error:  # noqa: BLE001 - raised again in each caller
            self._error = error

    def _end_if_unwanted(self) -> None:
        unwanted = self._tasks.closed or self._reason is not None or not self._callers
        if unwanted and not (self.is_off or self._is_pinned or self._over.is_set()):
            self.is_off = True
            self._task.cancel()


class Kept(Generic[T]):
    """A value that is kept for a while, and fetched anew by one request however many ask for it."""

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], *, clock: Callable[[], float], tasks: Tasks
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._tasks = tasks
        self._last: tuple[float, T] | None = None
        self._errand: Errand[T] | None = None

    async def get(self, max_age: float) -> T:
        """The value, fetched at most `max_age` seconds ago or else now.

        Raises:
            AgenciaError: it could not be fetched.
        """
        if self._last is not None and self._clock() - self._last[0] <= max_age:
            return self._last[1]
        while self._errand is not None and self._errand.is_off:
            await self._errand.over()
        if self._errand is None:
            self._errand = Errand(self._fetched, self._tasks, done=self._forget)
        return await self._errand.result()

    def _forget(self) -> None:
        self._errand = None

    async def _fetched(self, _: Errand[T]) -> T:
        asked = self._clock()
        value = await self._fetch()
        self._last = asked, value
        return value
