"""What orders really cost, net of refunds: python refunds.py paid.csv > settled.csv."""

import asyncio
import csv
import sys
from decimal import Decimal
from pathlib import Path

from agencia_async import AsyncClient

COLUMNS = ["order_id", "state", "delivered", "refunded", "net"]


async def settle(path: Path) -> None:
    """Print a row for each order of the file, whose columns are order_id, quantity and paid."""
    with path.open(newline="") as file:
        paid = {row["order_id"]: row for row in csv.DictReader(file)}
    writer = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    async with AsyncClient.from_env() as client:
        for item in await client.status_many(paid):
            row = paid[str(item.id)]
            if not item.ok:
                print(f"{item.id}: {item.error}", file=sys.stderr)
                continue
            status = item.unwrap()
            settled = status.settlement(quantity=int(row["quantity"]), paid=Decimal(row["paid"]))
            writer.writerow({"order_id": item.id, "state": status.state, **settled.to_dict()})


if __name__ == "__main__":
    asyncio.run(settle(Path(sys.argv[1])))
