"""Bytes that stand behind a reply, or that came while a connection was idle, are never the next reply."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from agencia_async import AsyncClient, DefaultOrder, OutcomeUnknownError, fast_transport
from tests.support.loopback import NO_TLS
from tests.support.peer import Peer, Request, peer

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)

WAYS: dict[str, Callable[[], dict[str, object]]] = {
    "default": dict,
    "fast": lambda: {"transport": fast_transport()},
    "transport": lambda: {"transport": httpx.AsyncHTTPTransport(verify=NO_TLS)},
    "http_client": lambda: {"http_client": httpx.AsyncClient(verify=NO_TLS)},
    "a wrapped transport": lambda: {"transport": Wrapped(httpx.AsyncHTTPTransport(verify=NO_TLS))},
    "a client of a wrapped transport": lambda: {
        "http_client": httpx.AsyncClient(transport=Wrapped(httpx.AsyncHTTPTransport(verify=NO_TLS)))
    },
}


class Wrapped(httpx.AsyncBaseTransport):
    """A transport of the caller's, into which nobody can look."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def reply(order: int) -> bytes:
    body = b'{"order": %d}' % order
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


GARBAGE = "the rest of a body whose length counted characters"
BEHIND = {
    "a second reply": reply(6666),
    "a line break": b"\r\n",
    GARBAGE: b'"}',
    "a 408": b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "half a reply": reply(6666)[:30],
}


@asynccontextmanager
async def client_of(panel: Peer, way: str) -> AsyncIterator[AsyncClient]:
    options = WAYS[way]()
    async with AsyncClient("KEY", base_url=panel.url, **options) as client:  # type: ignore[arg-type]
        yield client
    if isinstance(own := options.get("http_client"), httpx.AsyncClient):
        await own.aclose()


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("way", WAYS)
async def test_what_stands_behind_a_reply_is_not_the_next_one(way: str, behind: str) -> None:
    adds = 0

    async def answer(request: Request) -> None:
        nonlocal adds
        if request.form["action"] == "balance":  # after an unknown outcome
            return request.reply('{"balance": "1"}')
        adds += 1
        request.writer.write(reply(1000 + adds) + (BEHIND[behind] if adds == 1 else b""))
        return None

    async with peer(answer) as panel, client_of(panel, way) as client:
        if (way, behind) == ("fast", GARBAGE):  # aiohttp's parser takes it for a fault of the reply itself
            with pytest.raises(OutcomeUnknownError, match="Bad status line"):
                await client.add(ORDER)
        else:
            assert await client.add(ORDER) == 1001
        assert [await client.add(ORDER) for _ in range(2)] == [1002, 1003]
        assert len(panel.forms) == 3 + ((way, behind) == ("fast", GARBAGE))


@pytest.mark.parametrize("turns", [0, 5])
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("way", WAYS)
async def test_what_comes_while_a_connection_is_idle_is_not_the_next_reply(
    way: str, behind: str, turns: int
) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def answer(request: Request) -> None:
        writers.append(request.writer)
        request.writer.write(reply(1000 + len(panel.forms)))

    async with peer(answer) as panel, client_of(panel, way) as client:
        assert await client.add(ORDER) == 1001
        writers[0].write(BEHIND[behind])
        await writers[0].drain()
        for _ in range(turns):  # in which the event loop may read it
            await asyncio.sleep(0)
        assert [await client.add(ORDER) for _ in range(2)] == [1002, 1003]
        assert len(panel.forms) == 3


@pytest.mark.parametrize("way", ["default", "fast", "transport", "http_client"])
async def test_a_connection_on_which_nothing_else_came_is_kept(way: str) -> None:
    async def answer(request: Request) -> None:
        request.writer.write(reply(1000 + len(panel.forms)))

    async with peer(answer) as panel, client_of(panel, way) as client:
        assert [await client.add(ORDER) for _ in range(3)] == [1001, 1002, 1003]
        assert panel.connections == 1
