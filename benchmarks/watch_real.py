"""Watching with a real client: over loopback, and with 100,000 orders in one process. Used by `watch.py`."""

import asyncio
import gc
import json
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import httpx

from agencia_async import AsyncClient
from tests.support.loopback import listening

REAL, SECONDS, LEAST = 3_000, 12.0, 0.2
MANY, WAITS = 100_000, 1_000
_MIB = 2**20


class Orders:
    """Orders that end one after the other, and how often they were asked for."""

    def __init__(self, count: int, seconds: float) -> None:
        self.seconds = seconds / count
        self.began = time.monotonic()
        self.requests = 0

    def end_of(self, key: int) -> float:
        """Seconds from the start."""
        return (key + 1) * self.seconds

    def answer(self, body: str) -> dict[str, object]:
        form = parse_qs(body)
        keys = (form.get("orders") or form["order"])[0].split(",")
        self.requests += 1
        age = time.monotonic() - self.began
        rows = {key: self._row(age >= self.end_of(int(key))) for key in keys}
        return rows if "orders" in form else rows[keys[0]]

    @staticmethod
    def _row(is_over: bool) -> dict[str, str]:  # noqa: FBT001
        status = "Completed" if is_over else "In progress"
        return {"charge": "1.5", "start_count": "1", "status": status, "remains": "0", "currency": "USD"}


@asynccontextmanager
async def served(orders: Orders) -> AsyncIterator[str]:
    """A small HTTP server on loopback."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length: ")[1].split("\r\n")[0])
                body = json.dumps(orders.answer((await reader.readexactly(length)).decode())).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with listening(serve) as port:
        yield f"http://127.0.0.1:{port}/"


async def watched() -> tuple[int, float, int]:
    """Requests, mean delay as a share of the age, and how many ends were told more or less than once."""
    orders, ends, delay = Orders(REAL, SECONDS), dict.fromkeys(range(REAL), 0), 0.0
    async with served(orders) as url, AsyncClient("KEY", base_url=url) as client:
        orders.began = time.monotonic()
        async for change in client.watch(range(REAL), min_interval=LEAST):
            if change.is_final:
                key = int(change.id)
                ends[key] += 1
                delay += max(0.0, time.monotonic() - orders.began - orders.end_of(key)) / orders.end_of(key)
    return orders.requests, delay / REAL, sum(times != 1 for times in ends.values())


async def polled() -> int:
    """The requests of a poll at a fixed interval."""
    orders, left = Orders(REAL, SECONDS), list(range(REAL))
    async with served(orders) as url, AsyncClient("KEY", base_url=url) as client:
        orders.began = time.monotonic()
        looks = 0
        while left:
            result = await client.status_many(left)
            left = [key for key in left if not result[key].is_final]
            looks += 1
            await asyncio.sleep(max(0.0, orders.began + looks * LEAST - time.monotonic()))
    return orders.requests


class Still(httpx.AsyncBaseTransport):
    """A panel in this process whose orders never end."""

    def __init__(self) -> None:
        self.orders = Orders(1, 1e12)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self.orders.answer((await request.aread()).decode()))


def _resident() -> float:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / _MIB


async def many() -> tuple[float, float, float]:
    """MiB for 100,000 orders, the share of a core between looks, and seconds of a look at the schedule."""
    panel = Still()
    async with AsyncClient("KEY", base_url="http://localhost/", transport=panel) as client:
        await client.status_many(range(2_000))
        gc.collect()
        before = _resident()
        async with client.watcher(min_interval=3600.0) as watcher:
            watcher.add(*range(MANY))
            while watcher.stats().untold < MANY:  # noqa: ASYNC110 - it is measured afterwards
                await asyncio.sleep(0.1)
            gc.collect()
            size = _resident() - before
            began = time.process_time()
            await asyncio.sleep(3)
            busy = (time.process_time() - began) / 3
            schedule = watcher._register.schedule  # noqa: SLF001
            began = time.perf_counter()
            for _ in range(100):
                schedule.take(1e12, 100)
            look = (time.perf_counter() - began) / 100
    return size, busy, look


async def waits() -> float:
    """Requests of 1,000 concurrent waits for each look."""
    orders = Orders(1, 8.0)
    async with served(orders) as url, AsyncClient("KEY", base_url=url) as client:
        orders.seconds, orders.end_of = 8.0, lambda _: 8.0  # type: ignore[method-assign]
        orders.began = time.monotonic()
        await asyncio.gather(*(client.wait(key) for key in range(WAITS)))
    return orders.requests / 3  # at 0, 5 and 10 s


async def measured(*, real: bool, many: bool, waits: bool) -> list[tuple[str, ...]]:
    """The rows of the table."""
    rows: list[tuple[str, ...]] = []
    if real:
        rows += _real(await polled(), *await watched())
    if many:
        rows += _many(*await globals()["many"]())
    if waits:
        each = await globals()["waits"]()
        rows.append(("1,000 waits, requests for each look", "", "", f"{each:.1f}", _held(each, 12, "")))
    return rows


def _real(fixed: int, requests: int, delay: float, wrong: int) -> Iterator[tuple[str, ...]]:
    yield (f"a fixed poll each {LEAST} s", f"{fixed:,}", "", "", "")
    yield ("watch, 3,000 orders over 12 s", f"{requests:,}", f"{delay:.1%}", "", _held(delay, 0.25, ""))
    yield ("  of the first", "", "", f"{requests / fixed:.2f}", _held(requests / fixed, 0.55, ""))
    yield ("  ends not told exactly once", "", "", str(wrong), _held(wrong, 0, ""))


def _many(size: float, busy: float, look: float) -> Iterator[tuple[str, ...]]:
    yield ("100,000 orders, memory", "", "", f"{size:.0f} MiB", _held(size, 120, " MiB"))
    yield ("  between looks", "", "", f"{busy:.1%} of a core", _held(busy, 0.05, ""))
    yield ("  what is due", "", "", f"{1000 * look:.2f} ms", _held(1000 * look, 5, " ms"))


def _held(value: float, goal: float, unit: str) -> str:
    return f"<= {goal}{unit} {'yes' if value <= goal else 'NO'}"
