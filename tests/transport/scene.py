"""A wire to a panel on loopback, and what is sent over it."""

import gzip
import traceback
from collections.abc import Callable

import httpx
import pytest

from agencia_async import TransportError
from agencia_async._protocol.reply import Reply
from agencia_async._transport.api_key import ApiKey
from agencia_async._transport.route import Route
from agencia_async._transport.wire import Wire, open_wire
from tests.support import engines
from tests.support.peer import Request

KEY = "s3cr&t key=ü"


LIMIT = 1000


def wire(  # noqa: PLR0913 - what differs between the tests
    url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    http_client: httpx.AsyncClient | None = None,
    clock: Callable[[], float] = lambda: 0.0,
    key: str = KEY,
    limit: int = LIMIT,
) -> Wire:
    return open_wire(
        httpx.URL(url),
        ApiKey(key),
        transport=transport or (None if http_client else engines.transport()),
        http_client=http_client,
        route=Route(),
        max_reply_bytes=limit,
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


async def too_large(request: Request) -> None:
    request.reply(b"x" * (LIMIT + 1))


async def bomb(request: Request) -> None:
    request.reply(gzip.compress(b"0" * 10_000_000), headers={"Content-Encoding": "gzip"})
