"""Single calls that come at about the same time, fetched together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, closed, settle

T = TypeVar("T")


class Coalescer(Generic[T]):
    """Lets single calls that come at about the same time travel together.

    Each caller has a future of its own: one that is cancelled touches no other, and a batch that
    nobody waits for any more is not sent.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[str]], Awaitable[Mapping[str, T | Exception]]],
        *,
        size: int,
        window: float,
        tasks: Tasks,
    ) -> None:
        self._fetch = fetch
        self._size = size
        self._window = window
        self._tasks = tasks
        self._waiting: dict[str, list[asyncio.Future[T]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def get(self, key: str) -> T:
        """The value of a key, fetched together with those asked for within the window.

        Raises:
            AgenciaError: the key's own error, or that of the whole batch.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.setdefault(key, []).append(future)
        if len(self._waiting) >= self._size:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._window, self._flush)
        return await future

    def close(self) -> None:
        """Send nothing more; those who wait get a `ConfigurationError`."""
        if self._timer is not None:
            self._timer.cancel()
        for futures in self._waiting.values():
            settle(futures, closed())
        self._waiting.clear()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        wanted = {
            key: futures for key, futures in waiting.items() if not all(future.done() for future in futures)
        }
        if wanted:
            task = self._tasks.start(self._deliver(wanted))
            # A task that is cancelled before its first step runs none of its code: only this tells of it.
            task.add_done_callback(lambda _: _settle_all(wanted, dict.fromkeys(wanted, closed())))

    async def _deliver(self, wanted: dict[str, list[asyncio.Future[T]]]) -> None:
        answers: Mapping[str, T | Exception]
        try:
            answers = await self._fetch(list(wanted))
        except Exception as error:  # noqa: BLE001 - raised again in each caller
            answers = dict.fromkeys(wanted, error)
        _settle_all(wanted, answers)


def _settle_all(
    wanted: Mapping[str, Sequence[asyncio.Future[T]]], answers: Mapping[str, T | Exception]
) -> None:
    for key, futures in wanted.items():
        settle(futures, answers[key])
