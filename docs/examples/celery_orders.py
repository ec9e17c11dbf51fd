"""Orders as background tasks, with Celery: celery --app celery_orders worker."""

import asyncio
import os
from decimal import Decimal
from typing import Any

from celery import Celery

from agencia_async import AsyncClient, Order
from agencia_async.journal import Journal

MAX_CHARGE = Decimal(50)

app = Celery("orders", broker=os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379"))


@app.task(acks_late=True, max_retries=0)
def place(reference: str, order: dict[str, Any]) -> dict[str, Any]:
    """Place an order; if the queue delivers the task again, the journal has its answer."""
    return asyncio.run(_place(reference, Order.from_dict(order)))


async def _place(reference: str, order: Order) -> dict[str, Any]:
    """A client and a journal belong to one event loop, and each task has its own."""
    async with AsyncClient.from_env() as client, Journal(os.environ["SHOP_JOURNAL"]) as journal:
        entry = await journal.place(client, reference, order, max_charge=MAX_CHARGE)
        return entry.to_dict()
