"""Orders as background tasks, with taskiq: taskiq worker taskiq_orders:broker."""

import os
from decimal import Decimal
from typing import Any

from taskiq import Context, InMemoryBroker, TaskiqDepends, TaskiqEvents, TaskiqState

from agencia_async import AsyncClient, Order
from agencia_async.journal import Journal

MAX_CHARGE = Decimal(50)

broker = InMemoryBroker()  # in production: taskiq_redis.RedisStreamBroker("redis://...")


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def start(state: TaskiqState) -> None:
    """Open one client and one journal for each worker process."""
    state.client = AsyncClient.from_env()
    state.journal = Journal(os.environ["SHOP_JOURNAL"])


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def stop(state: TaskiqState) -> None:
    """Wait for the orders in flight, and close."""
    await state.journal.aclose()
    await state.client.aclose()


@broker.task  # one attempt: no `retry_on_error`
async def place(reference: str, order: dict[str, Any], context: Context = TaskiqDepends()) -> dict[str, Any]:
    """Place an order; if the queue delivers the task again, the journal has its answer."""
    journal: Journal = context.state.journal
    entry = await journal.place(
        context.state.client, reference, Order.from_dict(order), max_charge=MAX_CHARGE
    )
    return entry.to_dict()
