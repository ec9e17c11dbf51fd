"""Request the cancellation of orders that have not begun: python cancel_orders.py 23501 23502."""

import asyncio
import sys

from agencia_async import AsyncClient, OrderState, OutcomeUnknownError

WAITING = {OrderState.PENDING}


async def cancel(orders: list[str]) -> None:
    """Cancel those that are still waiting, and say what came of each."""
    async with AsyncClient.from_env() as client:
        statuses = await client.status_many(orders)
        waiting = [order for order, status in statuses.ok.items() if status.state in WAITING]
        async for item in client.cancel_iter(waiting):
            if item.ok:
                print(f"{item.id}: requested")  # the refund comes later, or never: look at its status
            elif isinstance(item.error, OutcomeUnknownError):
                print(f"{item.id}: perhaps requested, look at its status")
            else:
                print(f"{item.id}: {item.error}")
    for order, status in statuses.ok.items():
        if status.state not in WAITING:
            print(f"{order}: {status.state}, too late")
    for order, error in statuses.failed.items():
        print(f"{order}: {error}")


if __name__ == "__main__":
    asyncio.run(cancel(sys.argv[1:]))
