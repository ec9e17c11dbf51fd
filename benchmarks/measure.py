"""One measurement in a process of its own: what to measure as JSON in, what was measured as JSON out.

    python benchmarks/measure.py '{"what": "poll", "who": "aiohttp", "url": "http://127.0.0.1:80", "ids": 9}'

A contestant that cannot take part gives `{"missing": "the reason"}`.
"""

import asyncio
import gc
import itertools
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import contestants
from contestants import BATCH, Missing, client, need_name
from server import SERVICES, remains

FIRST = 23_501
WARM = 2 * BATCH
Measured = dict[str, Any]


def peak() -> float:
    """The most memory that this process has had, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


class Clock:
    """Seconds on the wall and of CPU since it was made."""

    def __init__(self) -> None:
        gc.collect()
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> Measured:
        """Both, by name."""
        return {"wall": time.perf_counter() - self._wall, "cpu": time.process_time() - self._cpu}


# --- polling ------------------------------------------------------------------------------------------


def poll(who: str, url: str, ids: int) -> Measured:
    """Poll that many orders; what is loaded late or cached is so by a short run before."""
    run = contestants.ALL[who]()
    run(f"{url}/warm", range(FIRST, FIRST + WARM))
    marks: list[float] = []

    def mark() -> Iterator[int]:
        marks.append(peak())
        yield from ()

    begin, end = FIRST, FIRST + ids
    tenth = begin + ids // 10
    source = itertools.chain(mark(), range(begin, tenth), mark(), range(tenth, end))
    clock = Clock()
    found = run(url, source)
    told = clock.read()
    wanted = (ids, sum(map(remains, range(begin, end))))
    if found != wanted:
        raise SystemExit(f"{who} brought {found} instead of {wanted}")
    return {**told, "peak": peak(), "growth": peak() - marks[0], "growth_after_tenth": peak() - marks[1]}


def singles(engine: str, url: str, ids: int) -> Measured:
    """As many single `status` calls at the same time."""

    async def main() -> Measured:
        async with client(url, engine) as panel:
            await asyncio.gather(*map(panel.status, range(FIRST, FIRST + WARM)))
            clock = Clock()
            found = await asyncio.gather(*map(panel.status, range(FIRST, FIRST + ids)))
            told = clock.read()
        if sum(status.remains for status in found) != sum(map(remains, range(FIRST, FIRST + ids))):
            raise SystemExit("not all was answered")
        return told

    return asyncio.run(main())


# --- keeping to a limit -------------------------------------------------------------------------------


def paced(url: str, seconds: float, limit: int | None = None, redis: str | None = None) -> Measured:
    """Poll without end, as fast as the client thinks that it may, for so long."""

    async def main() -> Measured:
        failed = 0
        loop = asyncio.get_running_loop()
        async with _limit(limit, redis) as rate_limit, client(url, "default", rate_limit=rate_limit) as panel:
            until = loop.time() + seconds
            async with aclosing(panel.status_iter(itertools.count(FIRST))) as items:
                async for item in items:
                    failed += not item.ok
                    if loop.time() > until:
                        break
        return {"failed": failed}

    return asyncio.run(main())


@asynccontextmanager
async def _limit(limit: int | None, redis: str | None) -> AsyncIterator[object]:
    """The limit that the client is told: none, its own, or one that is shared by processes."""
    if limit is None:
        yield None
    elif redis is None:
        yield need_name("agencia_async", "RateLimit")(limit, per=1)
    else:
        need_name("redis", "Redis")
        yield need_name("agencia_async", "RedisRateLimit")(redis, limit, per=1)


# --- reading a catalogue ------------------------------------------------------------------------------


def catalogue(who: str, url: str) -> Measured:
    """For how long at a time the event loop stands still while 3 MB of services are read."""

    async def main() -> Measured:
        async with _services(who, url) as read:
            await read()  # the server makes its catalogue, too
            clock = Clock()
            held, services = await _held(read)
        if len(services) != SERVICES:
            raise SystemExit(f"{who} read {len(services)} services")
        return {**clock.read(), "held": held}

    return asyncio.run(main())


@asynccontextmanager
async def _services(who: str, url: str) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    if who != "aiohttp":
        async with client(url, who.removesuffix(" engine")) as panel:
            yield panel.services
        return
    async with contestants.need("aiohttp").ClientSession() as session:

        async def read() -> list[dict[str, Any]]:
            async with session.post(url, data={"key": contestants.KEY, "action": "services"}) as reply:
                return list(await reply.json(content_type=None))

        yield read


async def _held(read: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """The longest delay of a timer that should fire each millisecond, and what was read meanwhile."""
    loop = asyncio.get_running_loop()
    interval = 0.001
    longest = 0.0

    def tick(due: float) -> None:
        nonlocal longest, timer
        now = loop.time()
        longest = max(longest, now - due)
        timer = loop.call_at(now + interval, tick, now + interval)

    timer = loop.call_at(loop.time(), tick, loop.time())
    await asyncio.sleep(0.05)
    longest = 0.0
    value = await read()
    await asyncio.sleep(0.01)
    timer.cancel()
    return longest, value


# --- placing orders -----------------------------------------------------------------------------------


def place(url: str, orders: int, at_once: int, *, journal: bool) -> Measured:
    """Place orders, some at once, with a journal on SQLite or without."""
    keep = need_name("agencia_async.journal", "Journal") if journal else None
    order = need_name("agencia_async", "DefaultOrder")(service=1, link="https://example.com/p", quantity=1000)

    async def main(folder: str) -> Measured:
        async with client(url, "default", max_concurrency=at_once) as panel:
            if keep is None:
                return await _place(lambda _: panel.add(order), orders, at_once)
            async with keep(str(Path(folder) / "orders.db")) as book:
                return await _place(lambda name: book.place(panel, name, order), orders, at_once)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(main(folder))


async def _place(one: Callable[[str], Awaitable[object]], orders: int, at_once: int) -> Measured:
    for number in range(at_once):
        await one(f"warm-{number}")
    took: list[float] = []
    names = iter(range(orders))

    async def worker() -> None:
        for number in names:
            began = time.perf_counter()
            await one(f"invoice-{number}")
            took.append(time.perf_counter() - began)

    clock = Clock()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return {**clock.read(), "median": statistics.median(took)}


WHAT: dict[str, Callable[..., Measured]] = {
    "poll": poll,
    "singles": singles,
    "paced": paced,
    "catalogue": catalogue,
    "place": place,
}


def main() -> None:
    """Measure what the argument names."""
    wanted = json.loads(sys.argv[1])
    try:
        told = WHAT[wanted.pop("what")](**wanted)
    except Missing as missing:
        told = {"missing": str(missing)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
