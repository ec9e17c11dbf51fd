"""Sockets of asyncio for httpcore, which can tell whether anything came that nobody asked for.

Bytes behind a reply, or on an idle connection, would be read as the next reply (RFC 9112, section 6.3).
They may wait in the kernel, or in a buffer of this process; `is_readable` is about both.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, cast

import httpcore

from agencia_async._transport.causes import origin, told
from agencia_async._transport.sockets import discard, has_unread

_MOST_BUFFERED = 2**18
"""Bytes that wait here before the kernel is left to hold the rest."""
_HAPPY_EYEBALLS = 0.25
"""Seconds to the attempt at a host's next address (RFC 8305)."""


class AsyncioStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection; time-outs are the caller's, by cancellation."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._ended = False
        self._fault: Exception | None = None
        self._reading: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    # --- what the event loop calls --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        self._received += data
        if len(self._received) > _MOST_BUFFERED:
            self._open().pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The other side sends no more."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._ended, self._fault = True, exc
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        """The other side does not keep up."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()

    def _wake(self) -> None:
        if self._reading is not None and not self._reading.done():
            self._reading.set_result(None)

    # --- what httpcore calls --------------------------------------------------------------------------

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        """What came, at least one byte of it; nothing at the end."""
        del timeout
        if not self._received and not self._ended:
            self._reading = asyncio.get_running_loop().create_future()
            await self._reading
        if not self._received:
            if self._fault is not None:
                raise httpcore.ReadError(str(self._fault)) from origin(self._fault)
            return b""
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if len(self._received) <= _MOST_BUFFERED and not self._ended:
            self._open().resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        """Send all of it."""
        del timeout
        if not buffer:
            return
        if self._open().is_closing():
            raise httpcore.WriteError("the connection is closed")
        self._open().write(buffer)
        await self._writable.wait()
        if self._fault is not None:
            raise httpcore.WriteError(str(self._fault)) from origin(self._fault)

    async def aclose(self) -> None:
        """Close the connection now: what is encrypted would wait for the other side's farewell."""
        if self._transport is not None:
            self.discard()
            await asyncio.sleep(0)  # to let the socket go

    def discard(self) -> None:
        """The same without waiting, even if the event loop is closed."""
        if self._transport is not None:
            discard(self._transport)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
    ) -> httpcore.AsyncNetworkStream:
        """The same connection, encrypted."""
        del timeout
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(self._open(), self, ssl_context, server_hostname=server_hostname)
        except (OSError, ssl.SSLError) as error:
            failure = httpcore.ConnectError(told(error))
            failure.__cause__ = origin(error)
        else:
            self._transport = encrypted
            return self
        await self.aclose()
        raise failure

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's
        """`is_readable`: did anything come that nobody asked for? Otherwise what asyncio knows."""
        if info == "is_readable":
            return bool(self._received) or self._ended or has_unread(self._open())
        return self._open().get_extra_info(info)

    def _open(self) -> asyncio.Transport:
        assert self._transport is not None, "there is no connection yet"  # noqa: S101 - httpcore connects first
        return self._transport


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Connects, and keeps the stream: httpcore forgets one that is cancelled in its TLS handshake."""

    def __init__(self) -> None:
        self.stream: AsyncioStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncioStream:
        """A connection, as httpcore asks for it."""
        del timeout, local_address, socket_options  # none of them is ever given
        return await self.connect(host, port)

    async def connect(self, host: str, port: int) -> AsyncioStream:
        """A connection to an address."""
        loop = asyncio.get_running_loop()
        try:
            addresses = await _addresses(host, port)
            if len(addresses) == 1:  # a race of one would lose its socket when it is cancelled at the end
                _, self.stream = await loop.create_connection(AsyncioStream, addresses[0], port)
            else:
                _, self.stream = await loop.create_connection(
                    AsyncioStream, host, port, happy_eyeballs_delay=_HAPPY_EYEBALLS
                )
        except (OSError, socket.gaierror) as error:
            failure = httpcore.ConnectError(told(error))
            failure.__cause__ = origin(error)
        else:
            return self.stream
        raise failure


async def _addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, which may be one itself."""
    with suppress(ValueError):
        return [str(ip_address(host))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
