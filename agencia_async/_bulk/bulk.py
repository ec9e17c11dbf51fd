"""Bulk calls: many ids in few requests, and exactly one item for each id."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, TypeVar

from agencia_async._bulk.account_guard import AccountGuard
from agencia_async._bulk.chunks import Ids, batches, chunks, read_all
from agencia_async._bulk.splitting import send_batch, to_all
from agencia_async._calls.sender import Sender
from agencia_async._concurrency.tasks import Tasks
from agencia_async._concurrency.workers import WorkerPool
from agencia_async._protocol.actions import Action
from agencia_async._protocol.calls import RetryMode
from agencia_async._protocol.outcomes import Outcomes, Values
from agencia_async.models import BulkItem, BulkResult, Id, bulk_item

if TYPE_CHECKING:
    from agencia_async.errors import AgenciaError

T = TypeVar("T")
B = TypeVar("B")
R = TypeVar("R")


class Bulk(Generic[T]):
    """One bulk call: splits its ids into requests, and stops if the account is rejected."""

    def __init__(
        self,
        action: Action[T],
        sender: Sender,
        *,
        workers: int,
        tasks: Tasks,
    ) -> None:
        self._action = action
        self._sender = sender
        self._workers = workers
        self._tasks = tasks
        self._guard = AccountGuard()

    async def many(self, ids: Ids) -> BulkResult[T]:
        """All items, in the order of the input."""
        self._sender.channel.enter()
        given, wire_ids = await read_all(ids)
        distinct = dict.fromkeys(wire_ids)
        answers: dict[str, T | AgenciaError] = {}
        async with aclosing(self._run(chunks(distinct, self._size), self._fetch)) as answered:
            async for some in answered:
                answers.update(some)
        return BulkResult[T].of(given, [answers[wire_id] for wire_id in wire_ids])

    async def stream(self, ids: Ids) -> AsyncGenerator[BulkItem[T], None]:
        """The items one by one, as the replies arrive."""
        self._sender.channel.enter()
        # Reading an order twice is harmless, refilling or cancelling it twice is not.
        once = self._action.retry_mode is not RetryMode.ALWAYS
        source = batches(ids, self._size, once=once)
        async with aclosing(self._run(source, self._items)) as answered:
            async for items in answered:
                for item in items:
                    yield item

    def _size(self) -> int:
        return self._sender.channel.most_ids

    def _run(
        self, source: AsyncGenerator[B, None], work: Callable[[B], Awaitable[R]]
    ) -> AsyncGenerator[R, None]:
        pool = WorkerPool(
            source, work, workers=self._workers, may_start=self._sender.channel.accepted, tasks=self._tasks
        )
        return pool.results()

    async def _items(self, batch: tuple[list[Id], list[str]]) -> Iterable[BulkItem[T]]:
        given, wire_ids = batch
        answers = await self._fetch(list(dict.fromkeys(wire_ids)))
        # `Values` contain no error, so no item needs a check.
        item: Callable[..., BulkItem[T]] = BulkItem if isinstance(answers, Values) else bulk_item
        return map(item, given, map(answers.__getitem__, wire_ids))

    async def _fetch(self, wire_ids: list[str]) -> Outcomes[T]:
        """The outcome for each id of one request: its value, its own error, or the request's."""
        return await self._guard.run(
            lambda: send_batch(self._sender, self._action, wire_ids, urgent=False),
            lambda error: to_all(wire_ids, error),
        )
