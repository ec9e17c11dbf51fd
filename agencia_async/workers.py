"""Polling by many machines, through a streaQ queue on Redis; needs the extra `workers`.

`polling = register(worker)` adds tasks to a worker of streaQ. A program calls `polling.status` or
`polling.watch`, and one of the processes that run `streaq run jobs:worker` sends the requests to the panel.
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
from agencia_async.errors import ConfigurationError
from agencia_async.models import BulkItem, Change, Id, OrderStatus, RefillStatus

if TYPE_CHECKING:
    from streaq import Worker

__all__ = ["Polling", "register"]

T = TypeVar("T", OrderStatus, RefillStatus)


def register(worker: "Worker[Any]", *, chunk_size: int = 100, max_chunks: int = 32) -> "Polling":
    """Add the polling tasks to a worker of streaQ, before it runs.

    The worker must exchange plain data: `serializer=json.dumps, deserializer=json.loads`, or compatible
    functions.

    Args:
        worker: the worker; its own tasks are kept.
        chunk_size: ids per task, >= 1. At most panels, 100 ids are one request.
        max_chunks: the maximum number of tasks in flight for one call of `status` or `refill_status`, >= 1.

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
    """Polls through the workers of a queue; `register` returns it. Use it inside `async with worker:`."""

    def __init__(self, queue: Queue, chunk_size: int, max_chunks: int) -> None:
        self._queue = queue
        self._chunk_size = chunk_size
        self._max_chunks = max_chunks

    def status(self, ids: Ids, *, profile: str) -> AsyncGenerator[BulkItem[OrderStatus], None]:
        """The statuses of any number of orders, as the workers answer.

        The input is read lazily. There is one item for each id. If a worker cannot do a task (it has no such
        profile, it has another version, or the account is rejected), the items of that task have an error.

        Args:
            ids: any iterable or async iterable.
            profile: a profile of the workers' configuration. The API key stays there.

        Raises:
            ConfigurationError: the worker is not connected, or `profile` is not a name.
            InvalidInputError: an id is invalid, once it is reached.
            TransportError: the Redis of the queue has not answered for a minute.
        """
        return self._ask("status", OrderStatus, ids, profile)

    def refill_status(self, ids: Ids, *, profile: str) -> AsyncGenerator[BulkItem[RefillStatus], None]:
        """The statuses of any number of refills, as `status` does for orders."""
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
        """Watch any number of orders until they end, as `AsyncClient.watch` does; the workers poll the panel.

        This program decides when each order is polled, so watching stops when the program ends. It continues
        after the crash of a worker, and after an outage of the panel or of Redis.

        Args:
            ids: the ids of the orders.
            profile: a profile of the workers' configuration. The API key stays there.
            min_interval: as for `AsyncClient.watch`.
            max_interval: as for `AsyncClient.watch`.
            unknown_for: as for `AsyncClient.watch`.
            known: as for `AsyncClient.watch`.

        Raises:
            AuthenticationError: the account was rejected.
            ConfigurationError: an argument is invalid, the worker is not connected, or a worker that answers
                has no such profile or has another version.
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
            min_interval: as for `watch`.
            max_interval: as for `watch`.
            unknown_for: as for `watch`.
            known: as for `watch`.
            profile: as for `watch`.
            follow: when every order has ended, wait for more to be added instead of ending the loop.
        """
        check_policy("follow", follow, bool)
        _check_profile(profile)
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
        _check_profile(profile)
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


def _check_profile(profile: object) -> None:
    """Check for a name: without one, a worker would take what its environment says."""
    check_policy("profile", profile, str)
    if not profile:
        raise ConfigurationError("profile must not be empty")
