"""One run at a panel that is away, in a process of its own: arguments and results are JSON.

python benchmarks/outage_client.py '{"what": "poll", "url": "http://127.0.0.1:80", "ids": 60000}'
"""

import asyncio
import json
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contestants import client

SLOTS = 10
BINS = 10
"""Of a second, for the course of a run."""
_FIRST = 23_501
Measured = dict[str, Any]


def _disable_breaker() -> None:
    """Retry by the same policy, as if the breaker were not there."""
    from agencia_async._limits import breaker

    breaker._THRESHOLD = breaker._THRESHOLD_OF_FEW = math.inf  # type: ignore[assignment]  # noqa: SLF001


async def poll(  # noqa: PLR0913 - how it is run
    url: str, ids: int, engine: str, *, slots: int = SLOTS, breaker: bool = True, later: int = 0
) -> Measured:
    """Poll that many ids, and then make so many single calls; `course` is how many were answered when."""
    if not breaker:
        _disable_breaker()
    loop = asyncio.get_running_loop()
    course: Counter[int] = Counter()
    errors: Counter[str] = Counter()
    async with client(url, engine, max_concurrency=slots) as panel:
        began = loop.time()
        async for item in panel.status_iter(range(_FIRST, _FIRST + ids)):
            if item.ok:
                course[int((loop.time() - began) * BINS)] += 1
            else:
                errors[f"{item.error.sent}: {item.error}"] += 1
        wall = loop.time() - began
        await asyncio.gather(*(panel.balance() for _ in range(later)), return_exceptions=True)
        told = {"wall": wall, "later": loop.time() - began - wall, "sent": panel.requests_sent}
    if course.total() + errors.total() != ids:
        raise SystemExit("an id has no item")
    return {**told, "course": course, "failed": errors.total(), "errors": errors}


async def place(url: str, orders: int, engine: str) -> Measured:
    """Place that many orders through a journal; by link their states and ids, as the journal has them."""
    from agencia_async import DefaultOrder
    from agencia_async.journal import Journal

    def wanted() -> Iterator[tuple[str, Any]]:
        for number in range(orders):
            link = f"https://example.com/p/{number}"
            yield link, DefaultOrder(service=1, link=link, quantity=100)

    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Journal(str(Path(folder) / "orders.db")) as journal,
            client(url, engine, max_concurrency=SLOTS) as panel,
        ):
            began = loop.time()
            items = [item async for item in journal.place_iter(panel, wanted())]
            wall = loop.time() - began
            entries = {entry.reference: entry async for entry in journal.entries()}
    if len(items) != orders:
        raise SystemExit("an order has no item")
    found = {link: (str(entry.state), entry.order_id) for link, entry in entries.items()}
    return {"wall": wall, "entries": found}


def main() -> None:
    """Run what the argument names."""
    wanted = json.loads(sys.argv[1])
    run = {"poll": poll, "place": place}[wanted.pop("what")]
    print(json.dumps(asyncio.run(run(**wanted))))


if __name__ == "__main__":
    main()
