"""Statuses asked for by many machines, through a streaQ queue on Redis; needs the extra `workers`.

`polling = register(worker)` adds tasks to a worker of streaQ. Who imports it asks with `polling.status` or
watches with `polling.watch`, and one of the processes that run `streaq run jobs:worker` asks the panel.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from agencia_async._bulk.chunks import Ids, batches
from agencia_async._checks import check_policy, check_whole
from agencia_async._client.watching import LEAST, MOST, UNKNOWN_FOR, Snapshot, changes_of, watch_rules
from agencia_async._concurrency.tasks import Tasks
from agencia_async._concurrency.workers import WorkerPool
from agencia_async._watch.snapshot import ORDERS
from agencia_async._watch.watcher import Watcher, WatchTerms
from agencia_async._workers.clients import Asked, Clients
from agencia_async._workers.messages import read_answer, request
from agencia_async._workers.queue import Queue
from agencia_async._workers.watching import asking_workers
from agencia_async.models import BulkItem, Change, Id, OrderStatus, RefillStatus

if TYPE_CHECKING:
    from streaq import Worker

__all__ = ["Polling", "register"]

T = TypeVar("T", OrderStatus, RefillStatus)


def register(worker: "Worker[Any]", *, chunk_size: int = 100, max_chunks: int = 32) -> "Polling":
    """Add the polling tasks to a worker of streaQ, before it runs.

    The worker must exchange plain data: `serializer=json.dumps, deserializer=json.loads`, or others that take
    and give the same.

    Args:
        worker: the worker, which keeps its own tasks.
        chunk_size: ids in one task, >= 1. 100 are one request at most panels.
        max_chunks: tasks in flight for one call of `status` or `refill_status`, >= 1.

    Raises:
        ConfigurationError: the worker pickles, does not run on asyncio, or is registered already.
    """
    check_whole("chunk_size", chunk_size)
    check_whole("max_chunks", max_chunks)
    queue, clients = Queue(worker), Clients()
    queue.add("status", partial(clients.answer, "status"))
    queue.add("refill_status", partial(clients.answer, "refill_status"))
    worker.lifespan = clients.around(worker.lifespan)
    return Polling(queue, chunk_size, max_chunks)


class Polling:
    """Asks the workers of a queue; what `register` returns. Used inside `async with worker:`."""

    def __init__(self, queue: Queue, chunk_size: int, max_chunks: int) -> None:
        self._queue = queue
        self._chunk_size = chunk_size
        self._max_chunks = max_chunks

    def status(self, ids: Ids, *, profile: str) -> AsyncGenerator[BulkItem[OrderStatus], None]:
        """The statuses of any number of orders, as the workers answer, in constant memory.

        The input is read lazily. Each id ends in one item. What a worker cannot do (it has no such profile,
        or is of another version) is the error of the ids of its task, as is an account that is refused.

        Args:
            ids: any iterable or async iterable.
            profile: a profile of the workers' configuration, whose key stays there.

        Raises:
            ConfigurationError: the worker is not connected.
            InvalidInputError: an id is invalid, once it is reached.
            TransportError: the Redis of the queue has not answered for a minute.
        """
        return self._ask("status", OrderStatus, ids, profile)

    def refill_status(self, ids: Ids, *, profile: str) -> AsyncGenerator[BulkItem[RefillStatus], None]:
        """The statuses of any number of refills; as `status`."""
        return self._ask("refill_status", RefillStatus, ids, profile)

    def watch(  # noqa: PLR0913 - as `AsyncClient.watch`
        self,
        ids: Ids,
        *,
        profile: str,
        min_interval: float = LEAST,
        max_interval: float = MOST,
        unknown_for: float = UNKNOWN_FOR,
        known: Snapshot | None = None,
    ) -> AsyncGenerator[Change[OrderStatus], None]:
        """Watch any number of orders to their end, as `AsyncClient.watch` does; the workers ask the panel.

        When an order is asked for is decided here, so it ends with this program. A worker that dies, and a
        panel or a Redis that is away, end nothing.

        Args:
            ids: the ids of the orders.
            profile: a profile of the workers' configuration, whose key stays there.
            min_interval: as for `AsyncClient.watch`, and so are the next three.
            max_interval: see there.
            unknown_for: see there.
            known: see there.

        Raises:
            AuthenticationError: the account was rejected.
            ConfigurationError: an argument is invalid, the worker is not connected, or one that answers has
                no such profile or is of another version.
        """
        terms = (min_interval, max_interval, unknown_for, known)
        return changes_of(ids, partial(self.watcher, *terms, profile=profile))

    @asynccontextmanager
    async def watcher(  # noqa: PLR0913 - as `AsyncClient.watcher`
        self,
        min_interval: float = LEAST,
        max_interval: float = MOST,
        unknown_for: float = UNKNOWN_FOR,
        known: Snapshot | None = None,
        *,
        profile: str,
        follow: bool = False,
    ) -> AsyncGenerator[Watcher[OrderStatus], None]:
        """The object behind `watch`, for an `async with`: it has `add`, `discard`, `snapshot` and `stats`.

        Args:
            min_interval: as for `watch`, and so are the next three.
            max_interval: see there.
            unknown_for: see there.
            known: see there.
            profile: see there.
            follow: do not end the loop when every order has ended, but wait for more to be added.
        """
        check_policy("follow", follow, bool)
        rules = watch_rules(min_interval, max_interval, unknown_for)
        size, most = self._chunk_size, self._max_chunks
        async with (
            asking_workers(self._queue, profile, size=size, most=most) as asking,
            Watcher(WatchTerms(asking, ORDERS, rules, known, follow=follow)) as watcher,
        ):
            yield watcher

    async def _ask(
        self, what: Asked, record: type[T], ids: Ids, profile: str
    ) -> AsyncGenerator[BulkItem[T], None]:
        self._queue.check_open()
        tasks, may_start, in_flight = Tasks(), asyncio.Event(), set[int]()
        may_start.set()
        looks = self._queue.looks(tasks)

        async def work(chunk: tuple[list[Id], list[str]]) -> list[BulkItem[T]]:
            given, wire_ids = chunk
            in_flight.add(id(chunk))
            try:
                told = await self._queue.ask(what, request(profile, wire_ids), looks)
            finally:
                in_flight.discard(id(chunk))
            return read_answer(told, given, wire_ids, record)

        chunks = batches(ids, lambda: self._chunk_size, tasks=tasks, is_idle=lambda: not in_flight)
        pool = WorkerPool(chunks, work, workers=self._max_chunks, may_start=may_start, tasks=tasks)
        try:
            async with aclosing(pool.results()) as answers:
                async for items in answers:
                    for item in items:
                        yield item
        finally:
            looks.close()
            await tasks.aclose()
