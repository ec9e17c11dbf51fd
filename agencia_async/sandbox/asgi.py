"""The panel as an ASGI application: reads a form and writes the reply, or ends the connection."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, cast

from agencia_async.sandbox.faults import Answer
from agencia_async.sandbox.forms import form_of
from agencia_async.sandbox.reply import PanelReply, error_reply

MAX_BODY: Final = 1024 * 1024
TRANSPORT: Final = "agencia_async.transport"  # the key of the asyncio transport in the scope's state

Message = Mapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[dict[str, object]], Awaitable[None]]

_NOT_POST = error_reply("Incorrect request", 405, ((b"allow", b"POST"),))
_TOO_LARGE = error_reply("Request too large", 413)
_NO_LINGER = struct.pack("ii", 1, 0)  # closing then sends a RST


class Application:
    """An ASGI 3 application around a panel, for `serve`, any other server, and in-process transports.

    Connection faults close the connection if the server puts its asyncio transport into `scope["state"]`, as
    `serve` does. With other servers, the application raises `ConnectionResetError` instead.

    Attributes:
        active: the number of requests in flight.
        peak: the maximum number of requests that were in flight.
    """

    def __init__(self, answer: Callable[[Mapping[str, str]], Answer]) -> None:
        self.active: int = 0
        self.peak: int = 0
        self._answer = answer

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "lifespan":
            return await _live(receive, send)
        if scope["type"] != "http":
            raise NotImplementedError(f"unsupported scope type: {scope['type']}")
        self.active += 1
        self.peak = max(self.peak, self.active)
        try:
            await self._exchange(scope, receive, send)
        finally:
            self.active -= 1

    async def _exchange(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            return await _write(send, _NOT_POST)
        body = await _read(receive)
        if body is None:
            return None
        if len(body) > MAX_BODY:
            return await _write(send, _TOO_LARGE)
        return await _give(self._answer(form_of(body, _content_type(scope))), scope, receive, send)


def _content_type(scope: Message) -> str:
    headers = cast("Iterable[tuple[bytes, bytes]]", scope.get("headers", ()))
    return next((value.decode("latin-1") for name, value in headers if name == b"content-type"), "")


async def _live(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _read(receive: Receive) -> bytes | None:
    """The body, or enough of it to see that it is too large; None if the client has disconnected."""
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += cast("bytes", message.get("body", b""))
        if not message.get("more_body", False):
            break
    return body


async def _give(answer: Answer, scope: Message, receive: Receive, send: Send) -> None:
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.wire == "whole":
        return await _write_all(scope, send, answer)
    if answer.wire == "half":
        await _start(send, answer.reply)
        half = answer.reply.body[: len(answer.reply.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    return await _hang_up(scope, receive, with_reset=answer.wire == "reset")


async def _write_all(scope: Message, send: Send, answer: Answer) -> None:
    await _write(send, answer.reply)
    transport = _transport(scope)
    if answer.behind and transport is not None:
        transport.write(answer.behind)


async def _write(send: Send, reply: PanelReply) -> None:
    await _start(send, reply)
    await send({"type": "http.response.body", "body": reply.body})


async def _start(send: Send, reply: PanelReply) -> None:
    headers = [*reply.headers, (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})


async def _hang_up(scope: Message, receive: Receive, *, with_reset: bool) -> None:
    transport = _transport(scope)
    if transport is None:
        raise ConnectionResetError("the panel closed the connection")
    if with_reset:
        socket_of(transport).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    else:
        transport.close()
    await receive()  # the disconnect: before that, the server would log a missing reply as an error


def socket_of(transport: asyncio.BaseTransport) -> socket.socket:
    """The socket under a transport, to set its options."""
    return cast("socket.socket", transport.get_extra_info("socket"))


def _transport(scope: Message) -> asyncio.Transport | None:
    state = cast("Mapping[str, object]", scope.get("state", {}))
    return cast("asyncio.Transport | None", state.get(TRANSPORT))
