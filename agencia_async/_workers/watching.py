"""How orders are asked for that are watched here, while workers ask the panel."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from agencia_async._calls.channel import now
from agencia_async._concurrency.tasks import Tasks
from agencia_async._watch.polling import Asking, Outcomes
from agencia_async._workers.messages import read_answer, request
from agencia_async._workers.queue import Queue
from agencia_async.errors import ConfigurationError
from agencia_async.models import OrderStatus

_WINDOW = 0.02
"""Seconds for which an order that is added waits for others."""


@asynccontextmanager
async def asking_workers(
    queue: Queue, profile: str, *, size: int, most: int
) -> AsyncGenerator[Asking[OrderStatus], None]:
    """Ask for the orders of a profile, in chunks of this size, so many at once."""
    queue.check_open()
    tasks, accepted = Tasks(), asyncio.Event()
    accepted.set()
    looks = queue.looks(tasks)

    async def fetch(wire_ids: Sequence[str]) -> Outcomes[OrderStatus]:
        told = await queue.ask("status", request(profile, wire_ids), looks)
        items = read_answer(told, wire_ids, wire_ids, OrderStatus)
        for item in items:
            if isinstance(item.error, ConfigurationError):  # no pause would mend it
                raise item.error
        return {str(item.id): item.error or item.unwrap() for item in items}

    try:
        yield Asking(
            fetch=fetch,
            size=lambda: size,
            workers=most,
            window=_WINDOW,
            accepted=accepted,
            tasks=tasks,
            clock=now,
            enter=queue.check_open,
        )
    finally:
        looks.close()
        await tasks.aclose()
