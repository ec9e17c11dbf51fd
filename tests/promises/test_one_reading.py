"""The form of a write is handed out once, however often a caller's own transport tries to send it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx
import pytest

from agencia_async import AsyncClient, DefaultOrder, OutcomeUnknownError
from tests.support.loopback import NO_TLS
from tests.support.peer import Request, peer

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)
TRIES = 3


async def straight(request: httpx.Request) -> httpx.Request:
    return request


async def read_before(request: httpx.Request) -> httpx.Request:
    """As one that logs what it sends."""
    assert b"action=" in await request.aread()
    assert await request.aread() == request.content
    return request


async def copied(request: httpx.Request) -> httpx.Request:
    return httpx.Request(request.method, request.url, headers=request.headers, stream=request.stream)


HOW = [straight, read_before, copied]
Prepare = Callable[[httpx.Request], Awaitable[httpx.Request]]


class Repeating(httpx.AsyncBaseTransport):
    """Tries again when no reply came."""

    def __init__(self, prepare: Prepare) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=NO_TLS)
        self._prepare = prepare

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(TRIES - 1):
            with suppress(httpx.TransportError):
                return await self._inner.handle_async_request(await self._prepare(request))
        return await self._inner.handle_async_request(await self._prepare(request))

    async def aclose(self) -> None:
        await self._inner.aclose()


async def bought_and_lost(request: Request) -> None:
    request.abort()


async def answered(request: Request) -> None:
    request.reply('{"order": 5, "balance": "1"}')


@pytest.mark.parametrize("prepare", HOW)
@pytest.mark.parametrize("wrapped", [False, True])
async def test_an_order_is_sent_once(prepare: Prepare, wrapped: bool) -> None:  # noqa: FBT001
    async with peer(bought_and_lost) as panel, httpx.AsyncClient(transport=Repeating(prepare)) as own:
        transport = None if wrapped else Repeating(prepare)
        http_client = own if wrapped else None
        async with AsyncClient(
            "KEY", base_url=panel.url, transport=transport, http_client=http_client
        ) as client:
            with pytest.raises(OutcomeUnknownError, match="a second time") as caught:
                await client.add(ORDER)
    assert caught.value.sent == "maybe"
    assert [form["action"] for form in panel.forms] == ["add"]


@pytest.mark.parametrize("prepare", HOW)
async def test_what_is_sent_once_arrives(prepare: Prepare) -> None:
    async with (
        peer(answered) as panel,
        AsyncClient("KEY", base_url=panel.url, transport=Repeating(prepare)) as client,
    ):
        assert await client.add(ORDER) == 5
    assert len(panel.forms) == 1


@pytest.mark.parametrize("prepare", HOW)
async def test_a_read_may_be_sent_as_often_as_the_transport_likes(prepare: Prepare) -> None:
    async def answer(request: Request) -> None:
        await (answered if len(panel.forms) == TRIES else bought_and_lost)(request)

    async with (
        peer(answer) as panel,
        AsyncClient("KEY", base_url=panel.url, transport=Repeating(prepare)) as client,
    ):
        assert (await client.balance()).balance == 1
    assert len(panel.forms) == TRIES
