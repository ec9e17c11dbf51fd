"""Group commit: items that arrive while a group is in flight are processed together as the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from agencia_async._concurrency.tasks import Tasks, settle

T = TypeVar("T")
B = TypeVar("B")


class GroupCommit(Generic[B, T]):
    """Processes items in groups of at most `size`; those that arrive meanwhile form the next group."""

    def __init__(
        self, work: Callable[[Sequence[B]], Awaitable[Sequence[T]]], *, size: int, tasks: Tasks
    ) -> None:
        self._work = work
        self._size = size
        self._tasks = tasks
        self._waiting: list[tuple[B, asyncio.Future[T]]] = []
        self._group: list[tuple[B, asyncio.Future[T]]] = []
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: B) -> T:
        """The result for this item; if its caller is cancelled before its group starts, it is left out.

        Raises:
            Exception: what the work raised for the group.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = self._tasks.start(self._all(), may_end=lambda: False)
            self._task.add_done_callback(self._ended)
        return await future

    async def _all(self) -> None:
        while self._waiting:
            self._group, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
            self._group = [(item, future) for item, future in self._group if not future.done()]
            if self._group:
                await self._one()

    async def _one(self) -> None:
        answers: Sequence[T | Exception]
        try:
            answers = await self._work([item for item, _ in self._group])
        except Exception as error:  # noqa: BLE001 - raised again in each caller
            answers = [error] * len(self._group)
        for (_, future), answer in zip(self._group, answers, strict=True):
            settle([future], answer)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Cancel all waiting callers, if the event loop is shutting down."""
        if task.cancelled():
            for _, future in (*self._group, *self._waiting):
                future.cancel()
