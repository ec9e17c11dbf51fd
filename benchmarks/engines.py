"""CPU time for each id, in batches of 100 over 20 connections: this library beside programs written by hand.

    python benchmarks/engines.py [ROUNDS]

The panel is a process of its own. All are measured in turns; only ratios within one run mean anything.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from urllib.parse import unquote_to_bytes, urlencode

import aiohttp
import httpx
import msgspec

from agencia_async import AsyncClient, OrderStatus, fast_transport

IDS = range(23_501, 43_501)
BATCH = 100
CONNECTIONS = 20
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
STATUS = dict(charge="0.27819", start_count="3572", status="Partial", remains="157", currency="USD")  # noqa: C408

Engine = Callable[[str], Awaitable[object]]


# --- the panel ------------------------------------------------------------------------------------------


class Panel(asyncio.Protocol):
    """Answers every request with a status for each of its ids."""

    row = json.dumps(STATUS).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if not end or len(rest) < int(length):
            return
        self.buffer = b""
        ids = unquote_to_bytes(rest).rpartition(b"=")[2].split(b",")
        body = b"{" + b",".join(b'"%b":%b' % (id_, self.row) for id_ in ids) + b"}"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)  # type: ignore[attr-defined]


async def serve() -> None:
    """Print the port and serve until killed."""
    server = await asyncio.get_running_loop().create_server(Panel, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# --- by hand --------------------------------------------------------------------------------------------

decoder = msgspec.json.Decoder(float_hook=Decimal)


def records(body: bytes) -> dict[str, OrderStatus]:
    """The same records, for a panel that never fails and has no accent."""
    return {
        id_: OrderStatus(
            charge=Decimal(row["charge"]),
            start_count=int(row["start_count"]),
            status=row["status"],
            remains=int(row["remains"]),
            currency=row["currency"],
        )
        for id_, row in decoder.decode(body).items()
    }


def forms() -> Iterator[bytes]:
    """The form of each batch."""
    ids = [str(id_) for id_ in IDS]
    for start in range(0, len(ids), BATCH):
        orders = ",".join(ids[start : start + BATCH])
        yield urlencode({"key": "KEY", "action": "status", "orders": orders}).encode()


async def share(post: Callable[[bytes], Awaitable[bytes]]) -> dict[str, OrderStatus]:
    """All records, through a bounded number of workers."""
    found: dict[str, OrderStatus] = {}
    todo = forms()

    async def work() -> None:
        for form in todo:
            found.update(records(await post(form)))

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return found


class Socket(asyncio.Protocol):
    """Hardly more than the bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, _, body = self.buffer.partition(b"\r\n\r\n")
        if len(body) == int(head.rpartition(b" ")[2]):
            self.buffer = b""
            self.reply.set_result(body)

    def post(self, form: bytes) -> asyncio.Future[bytes]:
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        head = b"POST /api/v2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(form)
        self.transport.write(head + form)  # type: ignore[attr-defined]
        return self.reply


async def bare_sockets(url: str) -> object:
    port = httpx.URL(url).port
    loop = asyncio.get_running_loop()
    free = [(await loop.create_connection(Socket, "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]

    async def post(form: bytes) -> bytes:
        socket = free.pop()
        body = await socket.post(form)
        free.append(socket)
        return body

    found = await share(post)
    for socket in free:
        socket.transport.close()
    return found


async def aiohttp_by_hand(url: str) -> object:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post(form: bytes) -> bytes:
            async with session.post(url, data=form, headers=HEADERS) as response:
                return await response.read()

        return await share(post)


async def httpx_by_hand(url: str) -> object:
    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:

        async def post(form: bytes) -> bytes:
            return (await client.post(url, content=form, headers=HEADERS)).content

        return await share(post)


# --- this library ---------------------------------------------------------------------------------------


async def default_engine(url: str) -> object:
    async with AsyncClient("KEY", base_url=url, max_concurrency=CONNECTIONS) as client:
        return await client.status_many(IDS)


async def fast_engine(url: str) -> object:
    async with AsyncClient(
        "KEY", base_url=url, max_concurrency=CONNECTIONS, transport=fast_transport()
    ) as client:
        return await client.status_many(IDS)


ENGINES: list[Engine] = [bare_sockets, aiohttp_by_hand, fast_engine, default_engine, httpx_by_hand]


async def measure(engine: Engine, url: str) -> float:
    """Microseconds of CPU for each id."""
    gc.collect()
    began = time.process_time()
    result = await engine(url)
    spent = time.process_time() - began
    assert len(result) == len(IDS)  # type: ignore[arg-type]
    return spent / len(IDS) * 1e6


def main() -> None:
    """Measure in turns, and print medians and their ratios to aiohttp by hand."""
    if sys.argv[1:] == ["--serve"]:
        asyncio.run(serve())
        return
    rounds = int(sys.argv[1]) if sys.argv[1:] else 11
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as panel:
        assert panel.stdout is not None
        url = f"http://127.0.0.1:{panel.stdout.readline().strip()}/api/v2"
        # The first round warms up.
        table = [[asyncio.run(measure(engine, url)) for engine in ENGINES] for _ in range(rounds + 1)][1:]
        panel.kill()
    hand = ENGINES.index(aiohttp_by_hand)
    for place, engine in enumerate(ENGINES):
        cost = statistics.median(row[place] for row in table)
        ratio = statistics.median(row[place] / row[hand] for row in table)
        print(f"{engine.__name__:16} {cost:6.2f} us   {ratio:5.2f} of aiohttp by hand")


if __name__ == "__main__":
    main()
