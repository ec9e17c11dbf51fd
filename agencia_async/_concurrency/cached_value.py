"""A value that is kept for a while."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from agencia_async._concurrency.single_flight import SingleFlight
from agencia_async._concurrency.tasks import Tasks

T = TypeVar("T")


class CachedValue(Generic[T]):
    """A value that is kept for a while, and fetched anew by one request however many ask for it."""

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], *, clock: Callable[[], float], tasks: Tasks
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._tasks = tasks
        self._last: tuple[float, T] | None = None
        self._errand: SingleFlight[T] | None = None

    async def get(self, max_age: float) -> T:
        """The value, fetched at most `max_age` seconds ago or else now.

        Raises:
            AgenciaError: it could not be fetched.
        """
        if self._last is not None and self._clock() - self._last[0] <= max_age:
            return self._last[1]
        while self._errand is not None and self._errand.is_cancelled:
            await self._errand.ended()
        if self._errand is None:
            self._errand = SingleFlight(self._fetched, self._tasks, done=self._forget)
        return await self._errand.result()

    def _forget(self) -> None:
        self._errand = None

    async def _fetched(self, _: SingleFlight[T]) -> T:
        asked = self._clock()
        value = await self._fetch()
        self._last = asked, value
        return value
