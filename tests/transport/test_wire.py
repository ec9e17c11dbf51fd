import asyncio
import errno
import gzip
import logging
import re
import ssl
import traceback
from collections.abc import Callable

import httpx
import pytest
import respx
import trustme

from agencia_async import ReplyError, TransportError
from agencia_async._protocol.reply import Reply
from agencia_async._transport.exchange import Body
from agencia_async._transport.foreign import ForeignError
from tests.support.engines import by_each_engine, tells_of_itself
from tests.support.loopback import NO_TLS
from tests.support.peer import Request, peer
from tests.support.until import until
from tests.transport.scene import KEY, LIMIT, echo, fails, send, wire


@by_each_engine
async def test_a_form_is_sent_with_the_key_and_the_reply_comes_back() -> None:
    async with peer(echo) as panel:
        it = wire(panel.url)
        reply = await send(it)
        assert (reply.status, reply.body) == (200, b'{"a": 1}')
        assert reply.headers["content-type"] == "application/json"
        await it.aclose()
    assert panel.forms == [{"key": KEY, "action": "balance"}]
    head = panel.heads[0].decode().lower()
    assert head.startswith("post /api/v2 http/1.1\r\n")
    assert "content-type: application/x-www-form-urlencoded\r\n" in head
    assert "user-agent: tests\r\n" in head
    assert "cookie" not in head


@by_each_engine
async def test_cookies_and_redirects_are_not_followed() -> None:
    async def redirect(request: Request) -> None:
        request.reply(b"", 307, {"Set-Cookie": "a=b", "Location": "http://127.0.0.1:1/"})

    async with peer(redirect) as panel:
        it = wire(panel.url)
        assert (await send(it)).status == 307
        await send(it)
        await it.aclose()
    assert len(panel.forms) == 2
    assert b"Cookie" not in panel.heads[1]


async def refuse() -> str:
    """An address where nobody listens."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}/"


@by_each_engine
async def test_a_refused_connection_has_sent_nothing() -> None:
    error = await fails(wire(await refuse()))
    assert error.sent == "no"
    assert error.message.startswith("connection refused (127.0.0.1:")
    assert error.is_of_network


@by_each_engine
async def test_a_refused_connection_tells_where_and_why() -> None:
    url = await refuse()
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        for it in (wire(url), wire(url, http_client=client), wire(url, transport=httpx.AsyncHTTPTransport())):
            error = await fails(it)
            await it.aclose()
            assert error.message == f"connection refused (127.0.0.1:{httpx.URL(url).port})"
            assert isinstance(error.__cause__, ConnectionRefusedError)
            assert (error.__cause__.errno, error.__cause__.__traceback__) == (errno.ECONNREFUSED, None)
            assert "0x" not in error.message


@by_each_engine
async def test_a_certificate_that_is_not_trusted_is_told_and_is_no_outage() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for it in (wire(url), wire(url, transport=httpx.AsyncHTTPTransport(trust_env=False))):
            error = await fails(it)
            await it.aclose()
            assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
            assert "certificate verify failed: unable to get local issuer certificate" in error.message
            assert (error.sent, error.is_of_network) == ("no", False)


async def test_a_cause_that_holds_the_key_is_left_out() -> None:
    def broken() -> httpx.Response:
        raise httpx.ReadError("broken") from OSError(5, f"with {KEY} inside")

    error = await fails(wire("https://panel.example/", transport=Memory(broken)))
    assert error.message == "ReadError (panel.example:443): OSError: [Errno 5] with *** inside"
    assert error.__cause__ is None


async def test_a_break_without_a_cause_tells_where() -> None:
    def broken() -> httpx.Response:
        raise httpx.RemoteProtocolError("")

    error = await fails(wire("http://panel.example/", transport=Memory(broken)))
    assert error.message == "RemoteProtocolError (panel.example:80)"


@by_each_engine
async def test_a_failed_tls_handshake_has_sent_nothing() -> None:
    async def no_tls(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what?\n")
        writer.close()

    async with await asyncio.start_server(no_tls, "127.0.0.1", 0) as server:
        error = await fails(wire(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
    assert error.sent == "no"


@by_each_engine
async def test_a_hanging_tls_handshake_has_sent_nothing_and_leaves_no_socket() -> None:
    async with peer(echo) as panel:  # waits for the end of a head that never comes
        error = await fails(wire(panel.url.replace("http:", "https:")), timeout=0.05)
        await until(lambda: not panel.open)
    assert error.sent == "no"
    assert re.fullmatch(r"no connection within 0\.05 s \(127\.0\.0\.1:\d+\)", error.message)
    assert panel.connections == 1


@by_each_engine
@pytest.mark.parametrize(
    "act",
    [
        Request.abort,
        lambda request: request.writer.close(),
        lambda request: request.writer.write(b"HTTP/1.1 20"),
    ],
)
async def test_a_connection_that_breaks_after_the_request_may_have_sent_it(
    act: Callable[[Request], None],
) -> None:
    async def broken(request: Request) -> None:
        act(request)
        request.writer.close()

    async with peer(broken) as panel:
        it = wire(panel.url)
        error = await fails(it)
        assert error.sent == "maybe"
        assert panel.forms == [{"key": KEY, "action": "balance"}]
        await it.aclose()


@by_each_engine
async def test_a_reply_that_drips_ends_with_the_attempts_time() -> None:
    async def drip(request: Request) -> None:
        request.writer.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while True:
            request.writer.write(b"H")
            await request.writer.drain()
            await asyncio.sleep(0.005)

    async with peer(drip) as panel:
        error = await fails(wire(panel.url), timeout=0.05)
    assert error.sent == "maybe"
    assert re.fullmatch(r"no whole reply within 0\.05 s \(127\.0\.0\.1:\d+\)", error.message)


async def test_a_connection_that_cannot_be_made_in_time_has_sent_nothing() -> None:
    slow = Memory(lambda: httpx.Response(200))
    slow.connected = asyncio.Event()
    it = wire("http://127.0.0.1/", transport=slow)
    with pytest.raises(TransportError, match=r"^no connection within 0\.01 s \(127\.0\.0\.1:80\)$") as caught:
        await send(it, timeout=0.01)
    assert caught.value.sent == "no"
    assert slow.requests == []


@by_each_engine
async def test_a_reply_may_have_long_headers() -> None:
    async def policy(request: Request) -> None:
        request.reply(headers={"Content-Security-Policy": "x" * 50_000})

    async with peer(policy) as panel:
        it = wire(panel.url)
        assert (await send(it)).body == b"{}"
        await it.aclose()


async def test_a_request_that_is_cancelled_once_more_in_its_closing_shows_no_key() -> None:
    class Slow(Memory):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            form = await request.aread()
            try:
                return await super().handle_async_request(httpx.Request("POST", request.url, content=form))
            finally:
                await self.connected.wait()

    transport = Slow(lambda: httpx.Response(200))
    transport.connected = asyncio.Event()
    task = asyncio.create_task(send(wire("https://panel.example/", transport=transport)))
    for _ in range(2):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "s3cr" not in shown


class Memory(httpx.AsyncBaseTransport):
    """A transport without a network that remembers what it was given."""

    def __init__(self, response: Callable[[], httpx.Response]) -> None:
        self.response = response
        self.requests: list[bytes] = []
        self.connected = asyncio.Event()
        self.connected.set()
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.connected.wait()
        self.requests.append(await request.aread())
        return self.response()

    async def aclose(self) -> None:
        self.closed = True


async def test_the_callers_transport_is_used_and_closed() -> None:
    transport = Memory(lambda: httpx.Response(200, json={}))
    it = wire("https://panel.example/", transport=transport)
    assert (await send(it)).body == b"{}"
    await it.aclose()
    assert transport.requests == [b"key=s3cr%26t+key%3D%C3%BC&action=balance"]
    assert transport.closed


async def test_the_callers_client_is_used_with_its_headers_and_not_closed() -> None:
    async with (
        peer(echo) as panel,
        httpx.AsyncClient(verify=NO_TLS, headers={"X-Proxy": "yes", "User-Agent": "theirs"}) as client,
    ):
        it = wire(panel.url, http_client=client)
        assert (await send(it)).status == 200
        await it.aclose()
        assert not client.is_closed
    assert b"x-proxy: yes" in panel.heads[0].lower()
    assert b"user-agent: tests" in panel.heads[0].lower()


async def test_whatever_the_network_does_in_a_transport_is_a_transport_error() -> None:
    def broken() -> httpx.Response:
        raise ConnectionResetError(f"with {KEY} inside")

    error = await fails(wire("https://panel.example/", transport=Memory(broken)))
    assert (error.sent, error.message) == (
        "maybe",
        "ConnectionResetError (panel.example:443): with *** inside",
    )


async def test_a_mistake_in_an_engine_is_no_outage_of_the_network() -> None:
    async def mistaken(_body: Body, *, write: bool, limit: int) -> Reply:
        raise LookupError(f"{write} {limit}")

    it = wire("https://panel.example/")
    it._exchange = mistaken  # type: ignore[assignment]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    error = await fails(it)
    assert isinstance(error, TransportError)
    assert (error.is_of_network, error.sent) == (False, "no")
    assert "LookupError" in error.message


async def test_a_transport_that_cannot_be_read_asynchronously_is_told() -> None:
    class Sync(httpx.SyncByteStream):
        pass

    it = wire("https://panel.example/", transport=Memory(lambda: httpx.Response(200, stream=Sync())))
    with pytest.raises(ForeignError) as caught:
        await send(it)
    assert "cannot be read asynchronously" in str(caught.value.original)


async def test_connections_stay_testable_with_respx() -> None:
    with respx.mock(assert_all_called=True) as router:
        route = router.post("https://panel.example/api/v2").respond(json={"balance": "1"})
        it = wire("https://panel.example/api/v2")
        assert (await send(it)).body == b'{"balance":"1"}'
        await it.aclose()
    assert route.calls.last.request.content == b"key=s3cr%26t+key%3D%C3%BC&action=balance"


async def test_who_stands_in_for_the_transport_of_httpx_is_asked_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(_transport: object, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=await request.aread())

    it = wire("https://panel.example/api/v2")
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    assert (await send(it)).body == b"key=s3cr%26t+key%3D%C3%BC&action=balance"
    await it.aclose()


@by_each_engine
async def test_no_logger_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with peer(echo) as panel:
            it = wire(panel.url)
            await send(it)
            await it.aclose()
    assert caplog.records or not tells_of_itself()
    assert KEY not in caplog.text
    assert "s3cr" not in caplog.text


def test_a_form_shows_itself_to_nobody() -> None:
    assert repr(Body(b"key=KEY")) == "<7 bytes>"


def unreachable() -> httpx.Response:
    raise httpx.ConnectError("refused")


async def test_a_failure_to_connect_proves_that_nothing_was_sent_where_there_was_one_attempt() -> None:
    mock = httpx.MockTransport(lambda _request: unreachable())
    assert (await fails(wire("https://panel.example/", transport=mock))).sent == "no"
    with respx.mock() as router:
        router.post("https://panel.example/").mock(side_effect=httpx.ConnectError)
        assert (await fails(wire("https://panel.example/"))).sent == "no"
    own = Memory(unreachable)  # reads the form, and may have tried before
    assert (await fails(wire("https://panel.example/", transport=own))).sent == "maybe"
    async with httpx.AsyncClient(transport=own) as client:
        assert (await fails(wire("https://panel.example/", http_client=client))).sent == "maybe"


@pytest.mark.parametrize("size", [10, LIMIT + 1])
async def test_a_hook_of_the_callers_client_may_have_read_the_reply(size: int) -> None:
    async def packed(request: Request) -> None:
        request.reply(gzip.compress(b"0" * size), headers={"Content-Encoding": "gzip"})

    hooks = {"response": [httpx.Response.aread]}
    async with peer(packed) as panel, httpx.AsyncClient(verify=NO_TLS, event_hooks=hooks) as client:
        it = wire(panel.url, http_client=client)
        if size > LIMIT:
            with pytest.raises(ReplyError, match="larger than"):
                await send(it)
        else:
            assert (await send(it)).body == b"0" * size
