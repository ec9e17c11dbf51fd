"""Bulk calls: many ids in few requests, and exactly one item for each id."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Generic, TypeVar

from agencia_async._bulk.account_guard import AccountGuard
from agencia_async._bulk.batches import Batches, to_all
from agencia_async._bulk.chunks import Ids, batches, chunks, read_all
from agencia_async._concurrency.workers import WorkerPool
from agencia_async._models.bulk import bulk_item
from agencia_async._protocol.actions import Action
from agencia_async._protocol.outcomes import Outcomes, Values
from agencia_async.errors import AgenciaError, of_id
from agencia_async.models import BulkItem, BulkResult, Id

T = TypeVar("T")
B = TypeVar("B")
R = TypeVar("R")


class Bulk(Generic[T]):
    """One bulk call: splits its ids into requests, and stops if the account is rejected."""

    def __init__(self, action: Action[T], batches: Batches) -> None:
        self._action = action
        self._batches = batches
        self._guard = AccountGuard()
        self._in_flight = 0

    async def many(self, ids: Ids) -> BulkResult[T]:
        """All items, in the order of the input."""
        self._batches.sender.channel.enter()
        given, wire_ids = await read_all(ids)
        distinct = dict.fromkeys(wire_ids)
        answers: dict[str, T | AgenciaError] = {}
        are_values = True
        async with aclosing(self._run(chunks(distinct, self._size), self._fetch)) as answered:
            async for some in answered:
                answers.update(some)
                are_values = are_values and isinstance(some, Values)
        outcomes = [answers[wire_id] for wire_id in wire_ids]
        return BulkResult[T].of(given, outcomes if are_values else _own(given, outcomes))

    async def stream(self, ids: Ids) -> AsyncGenerator[BulkItem[T], None]:
        """The items one by one, as the replies arrive."""
        self._batches.sender.channel.enter()
        # Reading an order twice is harmless, refilling or cancelling it twice is not.
        once = self._action.retry_mode.is_write
        tasks = self._batches.tasks
        source = batches(ids, self._size, tasks=tasks, is_idle=self._is_idle, once=once)
        async with aclosing(self._run(source, self._items)) as answered:
            async for items in answered:
                for item in items:
                    yield item

    def _is_idle(self) -> bool:
        return not self._in_flight

    def _size(self) -> int:
        return self._batches.next_size(self._action)

    def _run(
        self, source: AsyncGenerator[B, None], work: Callable[[B], Awaitable[R]]
    ) -> AsyncGenerator[R, None]:
        batches = self._batches
        accepted = batches.sender.channel.accepted
        pool = WorkerPool(source, work, workers=batches.workers, may_start=accepted, tasks=batches.tasks)
        return pool.results()

    async def _items(self, batch: tuple[list[Id], list[str]]) -> Iterable[BulkItem[T]]:
        given, wire_ids = batch
        answers = await self._fetch(list(dict.fromkeys(wire_ids)))
        # `Values` contain no error, so no item needs a check.
        item: Callable[..., BulkItem[T]] = BulkItem if isinstance(answers, Values) else _item
        return map(item, given, map(answers.__getitem__, wire_ids))

    async def _fetch(self, wire_ids: list[str]) -> Outcomes[T]:
        """The outcome for each id of one request: its value, its own error, or the request's."""
        self._in_flight += 1
        try:
            return await self._guard.run(
                lambda: self._batches.send(self._action, wire_ids, urgent=False),
                lambda error: to_all(wire_ids, error),
            )
        finally:
            self._in_flight -= 1


def _own(given: Iterable[Id], outcomes: Iterable[T | AgenciaError]) -> list[T | AgenciaError]:
    """Outcomes as those of items: each error knows its id."""
    return [
        of_id(outcome, given_id) if isinstance(outcome, AgenciaError) else outcome
        for given_id, outcome in zip(given, outcomes, strict=True)
    ]


def _item(id: Id, outcome: T | AgenciaError) -> BulkItem[T]:  # noqa: A002 - the protocol's own word
    """The item of an id; its error knows the id."""
    return bulk_item(id, of_id(outcome, id) if isinstance(outcome, AgenciaError) else outcome)
