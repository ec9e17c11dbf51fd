"""Every fault of the wire by every action, on a real socket: what it ends in and what it shows."""

import asyncio
import functools
import gzip
import json
import logging
import pickle
import time
import traceback
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

import pytest
from attrs import frozen

from agencia_async import (
    AgenciaError,
    AsyncClient,
    ConfigurationError,
    DefaultOrder,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    ReplyError,
    RetryPolicy,
    TransportError,
)
from tests.support.engines import by_each_engine, tells_of_itself, transport
from tests.support.peer import Request, peer

KEY = "c4n4ry5ecret"
PAGE = f"<html><title>Just a moment...</title>{KEY}</html>"
LIMIT = 100_000

GOOD = {
    "balance": '{"balance": "1.5", "currency": "USD"}',
    "services": "[]",
    "add": '{"order": 5}',
    "status": '{"status": "Pending"}',
    "refill": '{"refill": "1"}',
    "refill_status": '{"status": "Completed"}',
    "cancel": '[{"order": 1, "cancel": 1}]',
}
WRITES = {"add", "refill", "cancel"}
CALLS: dict[str, Callable[[AsyncClient], Awaitable[object]]] = {
    "balance": lambda client: client.balance(),
    "services": lambda client: client.services(),
    "add": lambda client: client.add(DefaultOrder(service=1, link="https://example.com/", quantity=1)),
    "status": lambda client: client.status(1),
    "refill": lambda client: client.refill(1),
    "refill_status": lambda client: client.refill_status(1),
    "cancel": lambda client: client.cancel(1),
}


async def closed(request: Request) -> None:
    request.writer.close()


async def reset(request: Request) -> None:
    request.abort()


async def half_a_head(request: Request) -> None:
    request.writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
    request.writer.close()


async def half_a_body(request: Request) -> None:
    request.reply(b"", headers={"Content-Length": "500"})
    request.writer.write(b'{"order": 5')
    request.writer.close()


async def hang(request: Request) -> None:
    await request.hang()


async def drip(request: Request) -> None:
    request.reply(b"", headers={"Content-Length": "500"})
    while True:
        request.writer.write(b" ")
        await request.writer.drain()
        await asyncio.sleep(0.01)


async def endless(request: Request) -> None:
    request.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        request.writer.write(b"2710\r\n" + b" " * 10_000 + b"\r\n")
        await request.writer.drain()


async def flood(request: Request) -> None:
    request.writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-Flood: 1\r\n" * 50_000)
    await request.hang()


@functools.cache
def packed() -> bytes:
    """200 KB that become 200 MB."""
    return gzip.compress(bytes(200_000_000), 6)


async def bomb(request: Request) -> None:
    request.reply(packed(), headers={"Content-Encoding": "gzip"})


async def keep_alive(request: Request) -> None:
    """The first request of a connection is answered, the second one is refused."""
    if request.number == 1:
        request.reply(GOOD[request.form["action"]])
    else:
        request.abort()


def reply(status: int, body: str | bytes, **headers: str) -> Callable[[Request], Awaitable[None]]:
    async def answer(request: Request) -> None:
        request.reply(body, status, {name.replace("_", "-"): value for name, value in headers.items()})

    return answer


@frozen
class Fault:
    """What the peer does, whether it may have acted, and what a read and a write end in (None: a value)."""

    answer: Callable[[Request], Awaitable[None]]
    acted: bool
    read: type[AgenciaError] | None
    write: type[AgenciaError] | None = OutcomeUnknownError


FAULTS = {
    "closed after reading": Fault(closed, True, TransportError),
    "reset after reading": Fault(reset, True, TransportError),
    "half a head": Fault(half_a_head, True, TransportError),
    "half a body": Fault(half_a_body, True, TransportError),
    "hang": Fault(hang, True, TransportError),
    "drip": Fault(drip, True, TransportError),
    "endless body": Fault(endless, True, ReplyError),
    "header flood": Fault(flood, True, TransportError),
    "redirect": Fault(reply(307, "", Location="https://other.example/"), True, TransportError),
    "429 without a time": Fault(reply(429, PAGE), False, RateLimitedError, RateLimitedError),
    "429 in seconds": Fault(reply(429, "{}", Retry_After="60"), False, RateLimitedError, RateLimitedError),
    "429 with a date": Fault(
        reply(429, "{}", Retry_After=formatdate(time.time() + 3600, usegmt=True)),
        False,
        RateLimitedError,
        RateLimitedError,
    ),
    "429 with nonsense": Fault(
        reply(429, "{}", Retry_After="soon"), False, RateLimitedError, RateLimitedError
    ),
    "500": Fault(reply(500, f'{{"error": "Oops, {KEY}"}}'), True, TransportError),
    "502 page": Fault(reply(502, PAGE), True, TransportError),
    "520": Fault(reply(520, ""), True, TransportError),
    "challenge page": Fault(reply(200, PAGE), True, TransportError),
    "empty": Fault(reply(200, ""), True, ReplyError),
    "null": Fault(reply(200, "null"), True, ReplyError),
    "nonsense": Fault(reply(200, f'{{"what": "{KEY}"'), True, ReplyError),
    "bad gzip": Fault(reply(200, b"\x1f\x8bnonsense", Content_Encoding="gzip"), True, ReplyError),
    "bomb": Fault(bomb, True, ReplyError),
    "closed at the moment of sending": Fault(keep_alive, False, None),
}


@pytest.fixture(autouse=True)
def _debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def shown(error: BaseException) -> str:
    """Whatever anybody can see of an error."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(told.format()) + repr(pickle.dumps(error)) + repr(vars(error))


async def outcome(
    url: str,
    action: str,
    *,
    warm: bool = False,
    timeout: float = 10.0,  # noqa: ASYNC109 - the client's own
) -> AgenciaError | None:
    """What the call ends in: its error, or None for a value."""
    policy = RetryPolicy(attempts=2, first_wait=0, deadline=20)
    async with AsyncClient(
        KEY,
        base_url=url,
        transport=transport(),
        timeout=timeout,
        retry=policy,
        max_reply_bytes=LIMIT,
        batch_window=0,
    ) as client:
        if warm:
            await client.balance()
        try:
            await CALLS[action](client)
        except AgenciaError as error:
            return error
        return None


def check(
    error: AgenciaError | None, expected: type[AgenciaError] | None, caplog: pytest.LogCaptureFixture
) -> None:
    if error is None:
        assert expected is None
    else:
        assert type(error) is expected, repr(error)
        assert KEY not in shown(error)
        assert len(str(error)) < 400
    assert caplog.records or not tells_of_itself()
    assert KEY not in caplog.text


@by_each_engine
@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_ends_as_documented(name: str, action: str, caplog: pytest.LogCaptureFixture) -> None:
    fault = FAULTS[name]
    async with peer(fault.answer) as panel:
        timeout = 0.3 if fault.answer in {hang, drip, flood} else 10.0
        error = await outcome(panel.url, action, warm=fault.answer is keep_alive, timeout=timeout)
    check(error, fault.write if action in WRITES else fault.read, caplog)
    if fault.acted:
        assert error is not None
        assert error.sent != "no"
        assert len(panel.forms) == (1 if action in WRITES else 2)


def greeted_with_reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def greeted_with_close(writer: asyncio.StreamWriter) -> None:
    writer.close()


@by_each_engine
@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize("greet", [greeted_with_reset, greeted_with_close])
async def test_a_connection_that_breaks_before_reading(
    greet: Callable[[asyncio.StreamWriter], None], action: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with peer(hang, greet) as panel:
        error = await outcome(panel.url, action)
    assert error is not None
    # Where the end was seen before anything was written, that is proof: it is tried again.
    is_proof = error.sent == "no" and error.attempts == 2
    check(error, OutcomeUnknownError if action in WRITES and not is_proof else TransportError, caplog)
    assert panel.forms == []


@by_each_engine
@pytest.mark.parametrize("action", CALLS)
async def test_a_refused_connection_is_no_request(action: str, caplog: pytest.LogCaptureFixture) -> None:
    async with peer(hang) as panel:
        pass
    error = await outcome(panel.url, action)
    check(error, TransportError, caplog)
    assert error is not None
    assert (error.sent, error.attempts) == ("no", 2)


@by_each_engine
@pytest.mark.parametrize("action", ["status", "add"])
async def test_a_cancelled_call_shows_no_key(action: str) -> None:
    """A cancellation passes through the very frames that write the form."""
    arrived = asyncio.Event()

    async def answer(request: Request) -> None:
        arrived.set()
        await request.hang()

    async with (
        peer(answer) as panel,
        AsyncClient(KEY, base_url=panel.url, transport=transport(), batch_window=0) as client,
    ):
        task = asyncio.ensure_future(CALLS[action](client))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert KEY not in shown(caught.value)


@pytest.mark.parametrize(
    "options", [{"timeout": -1}, {"base_url": "http://panel.example/"}, {"refusals": {"(": PanelError}}]
)
def test_a_refused_setting_shows_no_key(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AsyncClient(KEY, **options)
    told = traceback.TracebackException.from_exception(
        caught.value.with_traceback(inner(caught.value)), capture_locals=True
    )
    assert KEY not in "".join(told.format())


def inner(error: BaseException) -> Any:  # noqa: ANN401 - a traceback
    """The traceback below the test's own frame, whose variables hold the key."""
    return error.__traceback__.tb_next if error.__traceback__ else None


@by_each_engine
@pytest.mark.parametrize("key", ["a&b=c d", 'quo"te', "<tag>", "ключ"])
async def test_a_key_of_any_letters_is_blotted_in_any_writing(key: str) -> None:
    async def echo(request: Request) -> None:
        request.reply(json.dumps({"error": f"no such key: {request.form['key']}"}))

    async with peer(echo) as panel:
        with pytest.raises((AgenciaError, ConfigurationError)) as caught:
            async with AsyncClient(key, base_url=panel.url, transport=transport()) as client:
                await client.balance()
    assert key not in str(caught.value)
