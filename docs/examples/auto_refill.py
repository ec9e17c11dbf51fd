"""Ask once a day for refills of completed orders: python auto_refill.py orders.txt refills.csv."""

import asyncio
import csv
import sys
from pathlib import Path

from agencia_async import AsyncClient, NotAllowedError, OrderState


async def refill(client: AsyncClient, orders: list[str], refills: Path) -> None:
    """Ask for a refill of each completed order, and append what the panel grants."""
    statuses = await client.status_many(orders)
    completed = [order for order, status in statuses.ok.items() if status.state is OrderState.COMPLETED]
    with refills.open("a", newline="") as file:
        writer = csv.writer(file)
        async for item in client.refill_iter(completed):
            if item.ok:
                writer.writerow([item.id, item.value])
                file.flush()
            elif not isinstance(item.error, NotAllowedError):  # no refill for this service, or not so soon
                print(f"{item.id}: {item.error}")


async def report(client: AsyncClient, refills: Path) -> None:
    """Print what has become of the refills."""
    with refills.open(newline="") as file:
        order_of = {refill: order for order, refill in csv.reader(file) if refill}
    async for item in client.refill_status_iter(order_of):
        state = item.unwrap().state if item.ok else item.error
        print(f"refill {item.id} of order {order_of[str(item.id)]}: {state}")


async def main(orders: list[str], refills: Path) -> None:
    """Ask, then report."""
    async with AsyncClient.from_env() as client:
        await refill(client, orders, refills)
        await report(client, refills)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text().split(), Path(sys.argv[2])))
