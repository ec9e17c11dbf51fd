"""The ways to poll orders that are measured beside each other.

Each takes an address and ids, asks for all of them in batches of 100, over 20 connections where it can
hold more than one, and returns how many rows came and the sum of their `remains`. What a contestant
needs is imported when it is called for, and what is not there is a `Missing`.
"""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

KEY = "a-key-of-32-characters-or-so-long"
CONNECTIONS = 20
BATCH = 100

Sum = tuple[int, int]
Poll = Callable[[str, Iterable[int]], Sum]
Ask = Callable[[str], Awaitable[Mapping[str, Any]]]


class Missing(Exception):  # noqa: N818 - no error, but the reason why something is skipped
    """Why a contestant cannot take part."""


@frozen
class Row:
    """A status with types, as one writes it by hand."""

    charge: Decimal
    start_count: int
    status: str
    remains: int
    currency: str


def need(module: str) -> ModuleType:
    """A module, or the reason why it is not there."""
    try:
        return import_module(module)
    except ImportError as error:
        raise Missing(f"{module} is not here: {error}") from None


def need_name(module: str, name: str) -> Any:  # noqa: ANN401 - whatever it is
    """What a module of this library calls by a name, should this version have it."""
    try:
        return getattr(need(module), name)
    except AttributeError:
        raise Missing(f"{module} has no {name}") from None


def client(url: str, engine: str, **options: Any) -> Any:  # noqa: ANN401 - an AsyncClient of any version
    """A client of this library with one of its engines."""
    if engine == "fast":
        options["transport"] = need_name("agencia_async", "fast_transport")()
    options.setdefault("max_concurrency", CONNECTIONS)
    return need_name("agencia_async", "AsyncClient")(KEY, base_url=url, **options)


# --- what is the same for all that is written by hand -------------------------------------------------


def batches(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids in lists of 100."""
    source = iter(ids)
    return iter(lambda: list(itertools.islice(source, BATCH)), [])


def form(ids: Iterable[int]) -> dict[str, str]:
    """What is posted for a batch."""
    return {"key": KEY, "action": "status", "orders": ",".join(map(str, ids))}


def typed(rows: Mapping[str, Any]) -> Sum:
    """Make a record of each row, and look at it."""
    count = remains = 0
    for row in rows.values():
        record = Row(
            Decimal(row["charge"]),
            int(row["start_count"]),
            row["status"],
            int(row["remains"]),
            row["currency"],
        )
        count += 1
        remains += record.remains
    return count, remains


def untyped(rows: Mapping[str, Any]) -> Sum:
    """Look at the rows as they are."""
    return len(rows), sum(int(row["remains"]) for row in rows.values())


def total(sums: Iterable[Sum]) -> Sum:
    """All of them together."""
    count = remains = 0
    for more, further in sums:
        count += more
        remains += further
    return count, remains


def in_a_loop(ask: Callable[[list[int]], Mapping[str, Any]], ids: Iterable[int]) -> Sum:
    """One batch after the other."""
    return total(untyped(ask(batch)) for batch in batches(ids))


async def by_workers(worker: Callable[[Iterator[list[int]]], Awaitable[Sum]], ids: Iterable[int]) -> Sum:
    """Twenty workers that take batches from one iterator."""
    source = batches(ids)
    return total(await asyncio.gather(*(worker(source) for _ in range(CONNECTIONS))))


# --- this library -------------------------------------------------------------------------------------


def _hooks() -> list[Any]:
    """An OpenTelemetry hook, with the SDK; what exporters do with the spans and metrics is left out."""
    metrics, trace = need("opentelemetry.sdk.metrics"), need("opentelemetry.sdk.trace")
    export = need("opentelemetry.sdk.trace.export")
    exporter = type("Nowhere", (export.SpanExporter,), {"export": lambda *_: export.SpanExportResult.SUCCESS})
    tracers = trace.TracerProvider()
    tracers.add_span_processor(export.BatchSpanProcessor(exporter()))
    meters = metrics.MeterProvider([need("opentelemetry.sdk.metrics.export").InMemoryMetricReader()])
    hook = need_name("agencia_async.instrumentation.opentelemetry", "OpenTelemetryHook")
    return [hook(tracers, meters)]


def _ours(engine: str, *, many: bool = False, traced: bool = False) -> Poll:
    options = {"hooks": _hooks()} if traced else {}

    async def stream(url: str, ids: Iterable[int]) -> Sum:
        count = remains = 0
        async with client(url, engine, **options) as panel:
            async for item in panel.status_iter(ids):
                count += 1
                remains += item.unwrap().remains
        return count, remains

    async def at_once(url: str, ids: Iterable[int]) -> Sum:
        async with client(url, engine) as panel:
            result = await panel.status_many(ids)
        return len(result), sum(item.unwrap().remains for item in result)

    poll = at_once if many else stream
    return lambda url, ids: asyncio.run(poll(url, ids))


# --- by hand ------------------------------------------------------------------------------------------


def _sockets(url: str, ids: Iterable[int]) -> Sum:
    """HTTP/1.1 written to streams: the least that can be done in plain Python."""
    address = urlsplit(url)
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
    ).encode()

    async def worker(source: Iterator[list[int]]) -> Sum:
        count = remains = 0
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for batch in source:
            body = f"key={KEY}&action=status&orders={'%2C'.join(map(str, batch))}".encode()
            writer.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
            reply = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(reply.partition(b"content-length:")[2].split(None, 1)[0])
            more, further = typed(json.loads(await reader.readexactly(length)))
            count += more
            remains += further
        writer.close()
        await writer.wait_closed()
        return count, remains

    return asyncio.run(by_workers(worker, ids))


def _aiohttp(read: Callable[[Mapping[str, Any]], Sum]) -> Poll:
    aiohttp = need("aiohttp")

    async def poll(url: str, ids: Iterable[int]) -> Sum:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def worker(source: Iterator[list[int]]) -> Sum:
                sums = []
                for batch in source:
                    async with session.post(url, data=form(batch)) as reply:
                        sums.append(read(await reply.json(content_type=None)))
                return total(sums)

            return await by_workers(worker, ids)

    return lambda url, ids: asyncio.run(poll(url, ids))


def _httpx() -> Poll:
    httpx = need("httpx")

    async def poll(url: str, ids: Iterable[int]) -> Sum:
        free = asyncio.Semaphore(CONNECTIONS)
        async with httpx.AsyncClient() as session:

            async def one(batch: list[int]) -> Sum:
                async with free:
                    return untyped((await session.post(url, data=form(batch))).json())

            return total(await asyncio.gather(*map(one, batches(ids))))

    return lambda url, ids: asyncio.run(poll(url, ids))


def _requests() -> Poll:
    requests = need("requests")

    def poll(url: str, ids: Iterable[int]) -> Sum:
        with requests.Session() as session:
            return in_a_loop(lambda batch: session.post(url, data=form(batch)).json(), ids)

    return poll


# --- other clients of this protocol -------------------------------------------------------------------


def _smmpy() -> Poll:
    smmpy = need("smmpy")
    return lambda url, ids: in_a_loop(smmpy.smm(url, KEY).get_multi_status, ids)


def _safesmm() -> Poll:
    safesmm = need("safesmm")
    return lambda url, ids: in_a_loop(safesmm.SafeSMM(KEY, api_url=url).multi_status, ids)


def _babismm() -> Poll:
    babismm = need("smm")
    return lambda url, ids: in_a_loop(babismm.SMM(url, KEY).get_multi_status, ids)


def _socproof() -> Poll:
    """Asynchronous, for one panel; the address is an attribute of the class."""
    soc_proof = need("soc_proof")

    async def poll(url: str, ids: Iterable[int]) -> Sum:
        panel = soc_proof.SocProofAPI(KEY)
        panel.BASE_URL = url

        async def worker(source: Iterator[list[int]]) -> Sum:
            rows = [row for batch in source for row in await panel.get_status(batch)]
            return len(rows), sum(row.remains for row in rows)

        return await by_workers(worker, ids)

    return lambda url, ids: asyncio.run(poll(url, ids))


ALL: dict[str, Callable[[], Poll]] = {
    "default engine": lambda: _ours("default"),
    "default engine, status_many": lambda: _ours("default", many=True),
    "default engine, OpenTelemetry": lambda: _ours("default", traced=True),
    "fast engine": lambda: _ours("fast"),
    "fast engine, OpenTelemetry": lambda: _ours("fast", traced=True),
    "raw sockets, typed": lambda: _sockets,
    "aiohttp, typed": lambda: _aiohttp(typed),
    "aiohttp": lambda: _aiohttp(untyped),
    "httpx and gather": _httpx,
    "requests in a loop": _requests,
    "smmpy": _smmpy,
    "safesmm": _safesmm,
    "babismm": _babismm,
    "py-socproof": _socproof,
}
IN_A_LOOP = {"requests in a loop", "smmpy", "safesmm", "babismm"}
"""Those that have one request under way at a time."""
