"""Places orders, prints the outcomes: `python -m tests.promises.journal.child URL DATABASE SEED COUNT`."""

import asyncio
import json
import random
import sys

from agencia_async import AsyncClient
from agencia_async.journal import Journal

from .scene import order, told


async def main(url: str, database: str, seed: str, count: str) -> None:
    references = [f"r{number}" for number in range(int(count))]
    random.Random(seed).shuffle(references)
    outcomes: dict[str, object] = {}
    async with AsyncClient("sandbox-key", base_url=url) as client, Journal(database) as journal:
        async for item in journal.place_iter(client, [(name, order(name)) for name in references]):
            state = told(item.error)
            outcomes[str(item.id)] = item.unwrap().order_id if state == "placed" else state
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
