import asyncio
import ssl
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from agencia_async import AsyncClient, DefaultOrder, OutcomeUnknownError, RetryPolicy, fast_transport
from agencia_async._bulk.chunks import each
from agencia_async._transport.aiohttp_engine import AiohttpTransport, _Content
from agencia_async._transport.exchange import Endpoint
from agencia_async._transport.route import Route
from tests.support.peer import Request, peer
from tests.support.until import until

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)


async def test_a_write_on_a_connection_that_the_panel_drops_is_sent_once() -> None:
    async def once(request: Request) -> None:
        if request.number > 1:
            request.abort()
        else:
            request.reply('{"balance": "1"}')

    async with peer(once) as panel:
        client = AsyncClient(
            "KEY", base_url=panel.url, transport=fast_transport(), retry=RetryPolicy(first_wait=0)
        )
        async with client:
            await client.balance()
            with pytest.raises(OutcomeUnknownError):
                await client.add(ORDER)
    assert [form["action"] for form in panel.forms] == ["balance", "add"]
    assert panel.connections == 1


async def test_it_is_a_transport_for_any_client_of_httpx() -> None:
    async def answer(request: Request) -> None:
        request.reply('{"a": 1}', headers={"Set-Cookie": "a=b"})

    async with peer(answer) as panel:
        transport = fast_transport()
        reply = await transport.handle_async_request(
            httpx.Request("POST", panel.url, data={"b": "2"}, headers={"X-Mine": "yes"})
        )
        assert (reply.status_code, await reply.aread()) == (200, b'{"a": 1}')
        await transport.handle_async_request(httpx.Request("POST", panel.url, data={}))
        assert panel.connections == 1
        assert b"cookie" not in panel.heads[1].lower()
        assert b"X-Mine: yes" in panel.heads[0]
        await transport.aclose()
        await until(lambda: not panel.open)
    assert panel.forms[0] == {"b": "2"}
    await fast_transport().aclose()


@pytest.mark.parametrize("content", [each([b""]), iter([b""])])
async def test_a_body_of_unknown_length_is_refused(content: AsyncIterator[bytes]) -> None:
    request = httpx.Request("POST", "http://127.0.0.1/", content=content)
    with pytest.raises(httpx.UnsupportedProtocol, match="known length"):
        await fast_transport().handle_async_request(request)


async def test_its_errors_are_those_of_httpx() -> None:
    async def half(request: Request) -> None:
        request.reply("", headers={"Content-Length": "5"})
        request.writer.close()

    transport = fast_transport()
    async with peer(half) as panel:
        reply = await transport.handle_async_request(httpx.Request("POST", panel.url, data={"b": "2"}))
        with pytest.raises(httpx.ReadError):
            await reply.aread()
        await reply.aclose()
    with pytest.raises(httpx.ConnectError):
        await transport.handle_async_request(httpx.Request("POST", panel.url, data={"b": "2"}))
    await transport.aclose()


async def test_all_lanes_trust_the_same() -> None:
    context = httpx.create_ssl_context(trust_env=False)
    own, given = AiohttpTransport(Route()), AiohttpTransport(Route(None, context))

    async def trusted(engine: AiohttpTransport, url: str) -> object:
        connection = engine.connections(Endpoint(httpx.URL(url), httpx.Headers()))()
        await connection.aclose()
        return vars(vars(connection)["_http"])["_ssl"]

    contexts = [await trusted(engine, "https://panel.example/") for engine in (own, own, given)]
    assert isinstance(contexts[0], ssl.SSLContext)
    assert contexts[0] is contexts[1]
    assert contexts[2] is context
    assert await trusted(given, "http://127.0.0.1/") is True


async def test_a_hundred_cancelled_requests_leave_no_connection() -> None:
    async def hang(request: Request) -> None:
        await request.hang()

    async with (
        peer(hang) as panel,
        AsyncClient("KEY", base_url=panel.url, transport=fast_transport(), max_concurrency=100) as client,
    ):
        tasks = [asyncio.create_task(client.balance()) for _ in range(100)]
        await until(lambda: panel.in_flight == 100)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await until(lambda: not panel.open)


async def test_what_was_never_connected_can_be_discarded() -> None:
    endpoint = Endpoint(httpx.URL("http://127.0.0.1:9/"), httpx.Headers())
    connection = AiohttpTransport(Route()).connections(endpoint)()
    connection.discard()
    connection.discard()  # it has no connector any more


def test_a_body_shows_itself_to_nobody() -> None:
    assert _Content(httpx.ByteStream(b"key=KEY"), 7).decode() == ""


def test_without_aiohttp_the_error_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "agencia_async._transport.aiohttp_engine")
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ImportError, match=r'pip install "\.\[fast\]"'):
        fast_transport()
