import asyncio
import gc
import json
import logging
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from urllib.parse import urlencode, urlsplit

import pytest

from agencia_async.sandbox import Panel, serve
from agencia_async.sandbox.faults import FAULTS

from .scene import LINK, form, turn_until

ADD = form("add", service=1, link=LINK, quantity=100)
BALANCE = form("balance")
TOLD = {"balance": "1000", "currency": "USD"}


class Line:
    """One connection to a served panel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def write(self, fields: dict[str, str]) -> None:
        body = urlencode(fields).encode()
        self.writer.write(b"POST /api/v2 HTTP/1.1\r\nhost: panel\r\ncontent-length: %d\r\n\r\n" % len(body))
        self.writer.write(body)

    async def head(self) -> tuple[int, int]:
        """The status and the content length of the next reply."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(line for line in lines if line.startswith(b"content-length:"))
        return int(lines[0].split()[1]), int(length.split()[1])

    async def ask(self, fields: dict[str, str]) -> object:
        self.write(fields)
        _, length = await self.head()
        return json.loads(await self.reader.readexactly(length))


@asynccontextmanager
async def line(url: str) -> AsyncGenerator[Line, None]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_a_connection_is_kept_for_more_requests(panel: Panel) -> None:
    async with serve(panel) as url, line(url) as caller:
        assert url == panel.url
        assert (urlsplit(url).hostname, urlsplit(url).path) == ("127.0.0.1", "/api/v2")
        assert [await caller.ask(BALANCE) for _ in range(3)] == [TOLD] * 3
    assert panel.url is None


async def test_many_connections_at_once(panel: Panel) -> None:
    panel.faults.latency = 0.05

    async def once(url: str) -> object:
        async with line(url) as caller:
            return await caller.ask(BALANCE)

    async with serve(panel) as url:
        assert await asyncio.gather(*[once(url) for _ in range(150)]) == [TOLD] * 150
    assert panel.asgi.peak > 100


@pytest.fixture
def silence(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Generator[None, None, None]:
    """Nothing is logged or printed while the test runs."""
    caplog.set_level(logging.INFO)
    yield
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("silence")
async def test_a_reset_comes_before_acting(panel: Panel) -> None:
    panel.faults.script("reset_before")
    async with serve(panel) as url, line(url) as caller:
        caller.write(ADD)
        with pytest.raises(ConnectionResetError):
            await caller.reader.read()
        async with line(url) as other:
            assert await other.ask(BALANCE) == TOLD
    assert panel.ledger == []


@pytest.mark.usefixtures("silence")
async def test_a_drop_comes_after_acting(panel: Panel) -> None:
    panel.faults.script("drop_after")
    async with serve(panel) as url, line(url) as caller:
        caller.write(ADD)
        assert await caller.reader.read() == b""
    assert [entry.action for entry in panel.ledger] == ["add"]


@pytest.mark.usefixtures("silence")
async def test_a_cut_reply_ends_in_the_middle(panel: Panel) -> None:
    panel.faults.script("cut_reply")
    async with serve(panel) as url, line(url) as caller:
        caller.write(ADD)
        assert await caller.head() == (200, 15)
        assert await caller.reader.read() == b'{"order'
    assert len(panel.ledger) == 1


async def test_answers_that_are_none_leave_the_connection_open(panel: Panel) -> None:
    panel.faults.script("rate_limit", "gateway_page", "empty_reply", None)
    async with serve(panel) as url, line(url) as caller:
        heads = []
        for _ in range(3):
            caller.write(BALANCE)
            status, length = await caller.head()
            await caller.reader.readexactly(length)
            heads.append((status, length > 0))
        assert heads == [(429, True), (502, True), (200, False)]
        assert await caller.ask(BALANCE) == TOLD


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("fault", ["trailing_newline", "trailing_reply"])
async def test_bytes_stand_behind_a_reply(panel: Panel, fault: str) -> None:
    panel.faults.script(fault)
    async with serve(panel) as url, line(url) as caller:
        assert await caller.ask(ADD) == {"order": 23501}
        behind = FAULTS[fault].behind
        assert await caller.reader.readexactly(len(behind)) == behind
        assert await caller.ask(BALANCE) == {"balance": "999.91000", "currency": "USD"}
    assert [(entry.action, entry.result) for entry in panel.ledger] == [("add", 23501)]


@pytest.mark.usefixtures("silence")
async def test_a_connection_that_the_caller_closes_gets_nothing_behind_its_reply(panel: Panel) -> None:
    panel.faults.script("trailing_reply")
    async with serve(panel) as url, line(url) as caller:
        body = urlencode(ADD).encode()
        caller.writer.write(b"POST / HTTP/1.1\r\nhost: panel\r\nconnection: close\r\n")
        caller.writer.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
        assert (await caller.reader.read()).endswith(b'\r\n\r\n{"order":23501}')


async def test_what_is_no_http_is_answered_in_silence(
    panel: Panel, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serve(panel) as url, line(url) as caller:
        caller.writer.write(b"\x00 nonsense\r\n\r\n")
        assert (await caller.reader.read()).startswith(b"HTTP/1.1 400")
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("silence")
async def test_leaving_does_not_wait_for_those_who_do(panel: Panel) -> None:
    before = asyncio.all_tasks()
    async with serve(panel) as url, line(url) as idle, line(url) as hanging, line(url) as half:
        await idle.ask(BALANCE)
        half.writer.write(b"POST /api/v2 HTTP/1.1\r\nhost: panel\r\ncontent-length: 9\r\n\r\nkey=")
        panel.faults.latency = 3600
        hanging.write(ADD)
        await turn_until(lambda: bool(panel.ledger))
        late = asyncio.create_task(asyncio.open_connection("127.0.0.1", urlsplit(url).port))
        await asyncio.sleep(0)
    _, writer = (await asyncio.gather(late))[0]
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    assert panel.asgi.active == 0
    assert asyncio.all_tasks() == before
    gc.collect()


async def test_a_connection_accepted_at_the_last_moment_is_ended_too(panel: Panel) -> None:
    with socket.socket() as caller:
        async with serve(panel) as url:
            caller.connect(("127.0.0.1", urlsplit(url).port))
        caller.setblocking(False)
        try:
            ended = await asyncio.get_running_loop().sock_recv(caller, 1) == b""
        except ConnectionResetError:
            ended = True
        assert ended


async def test_no_signal_handler_is_installed(panel: Panel) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    async with serve(panel):
        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


async def test_an_address_in_use_is_an_error(panel: Panel) -> None:
    async with serve(panel) as url:
        with pytest.raises(OSError, match="in use"):
            await serve(Panel(), port=urlsplit(url).port or 0).__aenter__()


async def test_it_serves_ipv6_too(panel: Panel) -> None:
    async with serve(panel, "::1") as url, line(url) as caller:
        assert url.startswith("http://[::1]:")
        assert await caller.ask(BALANCE) == TOLD


async def test_without_uvicorn_it_says_what_to_install(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ImportError, match=r'pip install "\.\[sandbox\]"'):
        await serve(panel).__aenter__()
    assert panel.url is None
