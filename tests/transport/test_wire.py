import asyncio
import gzip
import logging
import socket
import traceback
import zlib
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
import respx

from agencia_async import ConfigurationError, ReplyError, TransportError
from agencia_async._protocol.reply import Reply
from agencia_async._transport.api_key import Secret
from agencia_async._transport.pool import Body, Lane, Lanes
from agencia_async._transport.wire import Wire, checked_url, open_wire
from tests.support import engines
from tests.support.engines import by_each_engine, tells_of_itself
from tests.support.peer import Request, peer
from tests.support.until import until

KEY = "s3cr&t key=ü"
LIMIT = 1000


def wire(
    url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    http_client: httpx.AsyncClient | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> Wire:
    return open_wire(
        httpx.URL(url),
        Secret(KEY),
        transport=transport or (None if http_client else engines.transport()),
        http_client=http_client,
        max_reply_bytes=LIMIT,
        user_agent="tests",
        clock=clock,
    )


async def send(it: Wire, form: str = "action=balance", *, timeout: float = 5.0, write: bool = False) -> Reply:  # noqa: ASYNC109
    return await it.send(form, timeout=timeout, write=write)


async def fails(it: Wire, *, timeout: float = 5.0) -> TransportError:  # noqa: ASYNC109
    """The error of a request, after checking that nothing of it shows the key."""
    with pytest.raises(TransportError) as caught:
        await send(it, timeout=timeout)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert KEY not in shown
    assert caught.value.__context__ is None
    return caught.value


async def echo(request: Request) -> None:
    request.reply(b'{"a": 1}')


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "begins with https://"),
        ("panel.example/api", "begins with https://"),
        ("ftp://panel.example", "begins with https://"),
        ("https://", "begins with https://"),
        ("https://user:pw@panel.example", "user name"),
        ("http://panel.example/api", "unencrypted"),
        ("http://127.0.0.1.example", "unencrypted"),
        ("https://panel.example:port", "no address"),
        (None, "no address"),
    ],
)
def test_an_address_that_will_not_do(url: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault) as caught:
        checked_url(url, allow_http=False)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "allow_http"),
    [
        ("https://panel.example/api/v2", False),
        ("http://127.0.0.1:80/", False),
        ("http://[::1]/", False),
        ("http://localhost/x?y=z", False),
        ("http://panel.localhost/", False),
        ("http://panel.example/", True),
    ],
)
def test_an_address_that_will_do(url: str, allow_http: bool) -> None:  # noqa: FBT001
    assert checked_url(f"{url}#part", allow_http=allow_http) == httpx.URL(url)


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n"])
def test_a_key_that_will_not_do_is_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="API key") as caught:
        Secret(key).check()
    assert repr(key) not in str(caught.value)


def test_a_secret_shows_itself_to_the_wire_alone() -> None:
    secret = Secret(KEY)
    assert repr(secret) == str(secret) == f"{secret}" == "'***'"
    assert secret.blot(f"a {KEY} b") == "a *** b"


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
async def test_a_connection_is_used_again_and_a_second_one_only_made_when_needed() -> None:
    async with peer(echo) as panel:
        it = wire(panel.url)
        await send(it)
        await send(it)
        assert panel.connections == 1
        await asyncio.gather(*(send(it) for _ in range(3)))
        assert panel.connections == 3
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize(("write", "connections"), [(False, 1), (True, 2)])
async def test_a_write_travels_on_no_connection_that_was_idle_for_long(write: bool, connections: int) -> None:  # noqa: FBT001
    now = 0.0
    async with peer(echo) as panel:
        it = wire(panel.url, clock=lambda: now)
        await send(it)
        now = 1.5
        await send(it, write=write)
        assert panel.connections == connections
        now = 2.0
        await send(it, write=True)
        assert panel.connections == connections
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("turns", [0, 9])
async def test_a_connection_that_the_panel_closed_is_used_no_more_noticed_or_not(
    write: bool,  # noqa: FBT001
    turns: int,
) -> None:
    kept: list[Request] = []

    async def keep(request: Request) -> None:
        kept.append(request)
        request.reply()

    async with peer(keep) as panel:
        it = wire(panel.url)
        await send(it)
        kept[0].writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        for _ in range(turns):  # of the event loop
            await asyncio.sleep(0)
        assert (await send(it, write=write)).status == 200
        assert (len(panel.forms), panel.connections) == (2, 2)
        await it.aclose()
        await until(lambda: not panel.open)


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
    assert "ConnectError" in error.message


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
    assert (error.sent, error.message) == ("no", "no connection within 0.05 s")
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
    assert error.message == "no whole reply within 0.05 s"


async def test_a_connection_that_cannot_be_made_in_time_has_sent_nothing() -> None:
    slow = Memory(lambda: httpx.Response(200))
    slow.connected = asyncio.Event()
    it = wire("http://127.0.0.1/", transport=slow)
    with pytest.raises(TransportError, match=r"^no connection within 0\.01 s$") as caught:
        await send(it, timeout=0.01)
    assert caught.value.sent == "no"
    assert slow.requests == []


async def too_large(request: Request) -> None:
    request.reply(b"x" * (LIMIT + 1))


async def bomb(request: Request) -> None:
    request.reply(gzip.compress(b"0" * 10_000_000), headers={"Content-Encoding": "gzip"})


@by_each_engine
@pytest.mark.parametrize("answer", [too_large, bomb])
async def test_a_reply_is_read_no_further_than_its_bound(answer: Callable[[Request], object]) -> None:
    async with peer(answer) as panel:  # type: ignore[arg-type]
        it = wire(panel.url)
        with pytest.raises(ReplyError, match=f"larger than {LIMIT} bytes"):
            await send(it)
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
async def test_a_compressed_reply_is_unpacked(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    async def packed(request: Request) -> None:
        request.reply(compress(b"0" * LIMIT), headers={"Content-Encoding": encoding})

    async with peer(packed) as panel:
        it = wire(panel.url)
        assert (await send(it)).body == b"0" * LIMIT
        await it.aclose()


@by_each_engine
async def test_a_reply_may_have_long_headers() -> None:
    async def policy(request: Request) -> None:
        request.reply(headers={"Content-Security-Policy": "x" * 50_000})

    async with peer(policy) as panel:
        it = wire(panel.url)
        assert (await send(it)).body == b"{}"
        await it.aclose()


@by_each_engine
@pytest.mark.parametrize(
    ("encoding", "fault"), [("gzip", "not compressed as it says"), ("br", "encoded as 'br'")]
)
async def test_a_reply_that_is_not_encoded_as_it_says(encoding: str, fault: str) -> None:
    async def wrong(request: Request) -> None:
        request.reply(b"plain", headers={"Content-Encoding": encoding})

    async with peer(wrong) as panel:
        it = wire(panel.url)
        with pytest.raises(ReplyError, match=fault):
            await send(it)
        await it.aclose()


@by_each_engine
async def test_a_cancelled_request_takes_its_connection_along() -> None:
    arrived = asyncio.Event()

    async def hang(request: Request) -> None:
        arrived.set()
        await request.hang()

    async with peer(hang) as panel:
        it = wire(panel.url)
        task = asyncio.create_task(send(it))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await it.aclose()
        await until(lambda: not panel.open)


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


@by_each_engine
async def test_a_lane_that_comes_back_after_closing_is_closed() -> None:
    arrived, go = asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> None:
        arrived.set()
        await go.wait()
        request.reply()

    async with peer(wait) as panel:
        it = wire(panel.url)
        task = asyncio.create_task(send(it))
        await arrived.wait()
        await it.aclose()
        go.set()
        assert (await task).status == 200
        await until(lambda: not panel.open)


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
        httpx.AsyncClient(headers={"X-Proxy": "yes", "User-Agent": "theirs"}) as client,
    ):
        it = wire(panel.url, http_client=client)
        assert (await send(it)).status == 200
        await it.aclose()
        assert not client.is_closed
    assert b"x-proxy: yes" in panel.heads[0].lower()
    assert b"user-agent: tests" in panel.heads[0].lower()


async def test_whatever_a_transport_raises_is_a_transport_error() -> None:
    def broken() -> httpx.Response:
        raise ZeroDivisionError(f"with {KEY} inside")

    error = await fails(wire("https://panel.example/", transport=Memory(broken)))
    assert (error.sent, error.message) == ("maybe", "ZeroDivisionError: with *** inside")


async def test_a_transport_that_cannot_be_read_asynchronously_is_told() -> None:
    class Sync(httpx.SyncByteStream):
        pass

    error = await fails(
        wire("https://panel.example/", transport=Memory(lambda: httpx.Response(200, stream=Sync())))
    )
    assert "cannot be read asynchronously" in error.message


async def test_lanes_stay_testable_with_respx() -> None:
    with respx.mock(assert_all_called=True) as router:
        route = router.post("https://panel.example/api/v2").respond(json={"balance": "1"})
        it = wire("https://panel.example/api/v2")
        assert (await send(it)).body == b'{"balance":"1"}'
        await it.aclose()
    assert route.calls.last.request.content == b"key=s3cr%26t+key%3D%C3%BC&action=balance"


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


async def test_a_lane_is_closed_when_its_reply_breaks_off() -> None:
    class Broken(Lane):
        sent = 0
        closed = False

        def is_open(self) -> bool:
            return True

        async def post(self, body: Body) -> Reply:
            self.sent += 1
            if self.sent > 1:
                raise httpx.ReadError(repr(body))
            return Reply(200, {}, b"{}")

        async def aclose(self) -> None:
            self.closed = True

    lane = Broken()
    lanes = Lanes(lambda: lane, lambda: 0.0)
    await lanes(Body(b"key=KEY"), write=False)
    assert not lane.closed
    with pytest.raises(httpx.ReadError):
        await lanes(Body(b"key=KEY"), write=False)
    assert lane.closed


@by_each_engine
@pytest.mark.parametrize("write", [False, True])
async def test_a_connection_that_the_panel_has_closed_is_not_used_again(write: bool) -> None:  # noqa: FBT001
    ended = asyncio.Event()

    async def last(request: Request) -> None:
        request.reply()
        request.writer.close()
        await request.writer.wait_closed()
        ended.set()

    async with peer(last) as panel:
        it = wire(panel.url)
        for number in range(1, 4):
            assert (await send(it, write=write)).status == 200
            await ended.wait()
            ended.clear()
            await asyncio.sleep(0)  # the event loop hears of it
            assert panel.connections == number
        await it.aclose()


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
    async with peer(packed) as panel, httpx.AsyncClient(event_hooks=hooks) as client:
        it = wire(panel.url, http_client=client)
        if size > LIMIT:
            with pytest.raises(ReplyError, match="larger than"):
                await send(it)
        else:
            assert (await send(it)).body == b"0" * size


@pytest.mark.parametrize("key", ["a1b2c3d4/e5+f6=a7b8c9d0e1f2a3b4"])
@pytest.mark.parametrize(
    "written", [str, lambda key: key.replace("/", "\\/"), lambda key: quote(key, safe="").lower()]
)
def test_a_key_is_blotted_in_any_writing_and_where_it_is_cut_off(
    key: str, written: Callable[[str], str]
) -> None:
    secret = Secret(key)
    assert secret.blot(f"no such key: {written(key)}.") == "no such key: ***."
    assert secret.blot(f"no such key: {written(key)[:20]}") == "no such key: ***"
