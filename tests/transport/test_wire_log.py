"""What the logger `agencia_async.wire` tells of a request and its reply."""

import asyncio
import html
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import quote

import httpx
import pytest

from agencia_async import AgenciaError, AsyncClient, DefaultOrder, RetryPolicy
from agencia_async._transport.wire import Wire
from agencia_async.sandbox import Panel, serve
from tests.support.engines import by_each_engine, transport
from tests.support.loopback import NO_TLS
from tests.support.peer import Request, peer
from tests.transport.scene import LIMIT, echo, fails, send, too_large, wire

KEY = "a1B2c3D4/e5+f6=a7b8c9d0e1f2a3b4"
WIRE = "agencia_async.wire"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG, WIRE):
        yield caplog


def told(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.name == WIRE]


@by_each_engine
async def test_a_request_and_its_reply_are_told_without_the_key(log: pytest.LogCaptureFixture) -> None:
    async with peer(echo) as panel:
        it = wire(panel.url)
        await send(it)
        await send(it, "action=status&order=1")
        await it.aclose()
    where = httpx.URL(panel.url).netloc.decode()
    assert told(log) == [
        f"request 1 to {where}: key=***&action=balance",
        'reply 1: HTTP 200, 8 bytes: {"a": 1}',
        f"request 2 to {where}: key=***&action=status&order=1",
        'reply 2: HTTP 200, 8 bytes: {"a": 1}',
    ]
    assert "s3cr" not in log.text


@pytest.mark.parametrize("own", ["transport", "http_client"])
async def test_what_is_sent_through_the_callers_own_is_told_as_well(
    own: str, log: pytest.LogCaptureFixture
) -> None:
    mock = httpx.MockTransport(lambda _: httpx.Response(201, content=b"[]"))
    async with httpx.AsyncClient(transport=mock) as client:
        ours = wire("https://panel.example/", transport=mock)
        await send(ours if own == "transport" else wire("https://panel.example/", http_client=client))
    assert told(log) == [
        "request 1 to panel.example:443: key=***&action=balance",
        "reply 1: HTTP 201, 2 bytes: []",
    ]


def test_it_is_off_by_default() -> None:
    assert not logging.getLogger(WIRE).isEnabledFor(logging.DEBUG)


async def test_nothing_is_made_of_it_while_it_is_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from agencia_async._transport.wire_log import WireLog

    for name in ("sent", "received", "failed"):
        monkeypatch.setattr(WireLog, name, None)
    with caplog.at_level(logging.INFO, WIRE):
        async with peer(echo) as panel:
            it = wire(panel.url)
            await send(it)
            await it.aclose()
    assert told(caplog) == []


@by_each_engine
async def test_a_reply_that_is_cut_off_is_told_by_why(log: pytest.LogCaptureFixture) -> None:
    async def cut(request: Request) -> None:
        request.writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a')
        await request.writer.drain()
        request.writer.close()

    async with peer(cut) as panel:
        it = wire(panel.url)
        error = await fails(it)
        await it.aclose()
    assert told(log)[1:] == [f"no reply 1: {error.message}"]


@by_each_engine
async def test_a_reply_that_is_too_large_is_told_by_why(log: pytest.LogCaptureFixture) -> None:
    async with peer(too_large) as panel:
        it = wire(panel.url)
        with pytest.raises(AgenciaError):
            await send(it)
        await it.aclose()
    assert told(log)[1:] == [f"no reply 1: the reply is larger than {LIMIT} bytes"]


async def test_a_request_that_is_cancelled_is_told(log: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def hang(request: Request) -> None:
        begun.set()
        await request.hang()

    async with peer(hang) as panel:
        it = wire(panel.url)
        sending = asyncio.create_task(send(it))
        await begun.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await it.aclose()
    assert told(log)[1:] == ["no reply 1: CancelledError"]


# --- what a panel says is foreign text ------------------------------------------------------------------


def answering(body: bytes, limit: int = LIMIT) -> Wire:
    mock = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    return wire("https://panel.example/", transport=mock, key=KEY, limit=limit)


async def shown(body: bytes, log: pytest.LogCaptureFixture) -> str:
    """What is told of a body."""
    await send(answering(body))
    return told(log)[-1].partition(" bytes: ")[2]


async def test_a_page_is_on_one_line_without_control_characters(log: pytest.LogCaptureFixture) -> None:
    page = "<html>\r\n\x1b[31m\tÇa va \u202eabc\u2028 \x85\x00</html>".encode()
    assert await shown(page, log) == r"<html>\r\n\x1b[31m\tÇa va \u202eabc\u2028 \x85\x00</html>"


async def test_what_is_no_utf_8_is_shown_as_far_as_it_can_be(log: pytest.LogCaptureFixture) -> None:
    assert await shown(b"caf\xe9", log) == "caf\ufffd"


@pytest.mark.parametrize("sign", ["xyz", "ü", "\x00", "€", "\u202e"])
async def test_at_most_500_bytes_are_shown(sign: str, log: pytest.LogCaptureFixture) -> None:
    told_of_it = await shown((sign * 333).encode(), log)
    assert 490 < len(told_of_it.encode()) <= 500
    assert told_of_it.endswith("...")


async def test_what_fits_is_shown_whole(log: pytest.LogCaptureFixture) -> None:
    assert await shown(b"x" * 500, log) == "x" * 500


async def test_a_long_form_is_cut_as_well(log: pytest.LogCaptureFixture) -> None:
    await send(answering(b"{}"), "action=add&comments=" + "c" * 10**6)
    form = told(log)[0].partition(": ")[2]
    assert len(form) == 500
    assert form.startswith("key=***&action=add&comments=ccc")
    assert form.endswith("c...")


# --- the key --------------------------------------------------------------------------------------------


def numbered(form: str) -> Callable[[str], str]:
    return lambda key: "".join(form.format(ord(sign)) for sign in key)


NOTATIONS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "form": lambda key: quote(key, safe=""),
    "lower form": lambda key: quote(key, safe="").lower(),
    "json": lambda key: json.dumps(key).replace("/", "\\/"),
    "html": html.escape,
    "every sign of a form": numbered("%{:02X}"),
    "every sign in json": numbered("\\u{:04x}"),
    "every sign in javascript": numbered("\\x{:02X}"),
    "every sign in html": numbered("&#{};"),
    "every sign in hexadecimal html": numbered("&#x{:X};"),
    "capitals": str.upper,
    "a form in a form": lambda key: quote(quote(key, safe="")),
    "utf-16": lambda key: key.encode("utf-16-le").decode(),
}


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("before", [0, 470, 490])
async def test_the_key_is_shown_in_no_notation(
    notation: str, before: int, log: pytest.LogCaptureFixture
) -> None:
    echoed = NOTATIONS[notation](KEY)
    line = await shown(b"x" * before + echoed.encode() + b"<p>", log)
    for start in range(len(KEY) - 7):
        part = NOTATIONS[notation](KEY[start : start + 8])
        assert part not in line
        assert "".join(map(repr, part)) not in line
    assert "a1B2c3D4" not in html.unescape(line)


async def test_a_page_full_of_keys_shows_none(log: pytest.LogCaptureFixture) -> None:
    many = [KEY * 32, KEY * 3000]
    for body in many:
        await send(answering(body.encode(), limit=10**6))
    assert told(log)[1].endswith(f"bytes: {'***' * 32}")
    assert told(log)[3].partition(" bytes: ")[2] == "***" * 165 + "**..."


@pytest.mark.parametrize("length", [8, 12, 20])
async def test_a_key_that_is_cut_off_is_not_shown(length: int, log: pytest.LogCaptureFixture) -> None:
    assert await shown(f"no such key: {KEY[:length]}".encode(), log) == "no such key: ***"


async def test_a_short_key_may_be_a_word_in_other_letters(log: pytest.LogCaptureFixture) -> None:
    it = wire("https://panel.example/", transport=httpx.MockTransport(lambda _: _said("Bad KEY")), key="KEY")
    await send(it)
    assert told(log) == [
        "request 1 to panel.example:443: key=***&action=balance",
        "reply 1: HTTP 200, 7 bytes: Bad ***",
    ]


def _said(text: str) -> httpx.Response:
    return httpx.Response(200, content=text.encode())


async def test_a_key_in_another_field_is_not_shown(log: pytest.LogCaptureFixture) -> None:
    await send(answering(b"{}"), f"action=add&link={quote(f'https://example.com/?key={KEY}')}")
    assert KEY not in told(log)[0]
    assert "a1B2c3D4" not in told(log)[0]


# --- the whole client -----------------------------------------------------------------------------------


@pytest.fixture
async def panel(each_engine: str) -> AsyncIterator[Panel]:
    assert each_engine
    it = Panel(key=KEY, seed=1)
    async with serve(it):
        yield it


async def test_pages_and_refusals_and_faults_are_told(panel: Panel, log: pytest.LogCaptureFixture) -> None:
    assert panel.url
    once = RetryPolicy(attempts=1)
    async with AsyncClient(KEY, base_url=panel.url, transport=transport(), retry=once) as client:
        panel.refuse("balance", f"no such key {KEY}", status=403)
        with pytest.raises(AgenciaError):
            await client.balance()
        order = DefaultOrder(service=1, link="https://example.com/p/1", quantity=1000)
        placed = await client.add(order)
        panel.faults.gateway_page = 1
        with pytest.raises(AgenciaError):
            await client.balance()
    lines = told(log)
    assert lines[1] == 'reply 1: HTTP 403, 55 bytes: {"error":"no such key ***"}'
    assert "&link=https%3A%2F%2Fexample.com%2Fp%2F1&" in lines[2]
    assert lines[3].endswith(f'{{"order":{placed}}}')
    assert "<html>" in lines[5]
    assert KEY not in log.text


async def test_a_client_of_httpx_may_log_as_well(log: pytest.LogCaptureFixture) -> None:
    async with peer(echo) as panel, httpx.AsyncClient(verify=NO_TLS) as client:
        it = wire(panel.url, http_client=client, key=KEY)
        await send(it)
    assert told(log)[1] == 'reply 1: HTTP 200, 8 bytes: {"a": 1}'
