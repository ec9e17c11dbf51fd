"""A cached value with a maximum age."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from agencia_async._concurrency.single_flight import SingleFlight
from agencia_async._concurrency.tasks import Tasks

T = TypeVar("T")


class CachedValue(Generic[T]):
    """A cached value; concurrent callers share one request (single-flight) to refresh it."""

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], *, clock: Callable[[], float], tasks: Tasks
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._tasks = tasks
        self._last: list[tuple[float, T]] = []  # shared by all who fetch it
        self._flight: SingleFlight[T] | None = None

    def fetched_by(self, fetch: Callable[[], Awaitable[T]]) -> "CachedValue[T]":
        """The same value, which is fetched in another way; a request in flight is not shared."""
        other = CachedValue(fetch, clock=self._clock, tasks=self._tasks)
        other._last = self._last
        return other

    async def get(self, max_age: float) -> T:
        """The value, at most `max_age` seconds old; else it is fetched now.

        Raises:
            AgenciaError: it could not be fetched.
        """
        if self._last and self._clock() - self._last[0][0] <= max_age:
            return self._last[0][1]
        while self._flight is not None and self._flight.is_cancelled:
            await self._flight.ended()
        if self._flight is None:
            self._flight = SingleFlight(self._fetched, self._tasks, done=self._forget)
        return await self._flight.result()

    def _forget(self) -> None:
        self._flight = None

    async def _fetched(self, _: SingleFlight[T]) -> T:
        asked = self._clock()
        value = await self._fetch()
        self._last[:] = [(asked, value)]
        return value
