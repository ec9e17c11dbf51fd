"""Sockets of asyncio for httpcore, against a server on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore
import httpx
import pytest
import trustme

from agencia_async._transport import asyncio_stream, sockets
from agencia_async._transport.asyncio_stream import AsyncioBackend, AsyncioStream
from agencia_async._transport.exchange import Endpoint
from agencia_async._transport.httpcore_engine import HttpcoreConnection
from tests.support.loopback import Serve, listening
from tests.support.until import until

MUCH = 2**23


@asynccontextmanager
async def connected(serve: Serve) -> AsyncIterator[AsyncioStream]:
    async with listening(serve) as port:
        backend = AsyncioBackend()
        await backend.connect_tcp("127.0.0.1", port)
        assert backend.stream is not None
        try:
            yield backend.stream
        finally:
            await backend.stream.aclose()


async def read_all(stream: AsyncioStream, size: int) -> int:
    total = 0
    while part := await stream.read(size):
        assert len(part) <= size
        total += len(part)
    return total


async def test_what_is_not_read_waits_in_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio_stream, "_MOST_BUFFERED", 1000)

    async def much(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * MUCH)
        await writer.drain()
        writer.close()

    async with connected(much) as stream:
        await until(lambda: len(stream._received) > 1000)  # noqa: SLF001 - what is held here has no public face
        assert len(stream._received) < MUCH // 4  # noqa: SLF001
        assert await read_all(stream, 700) == MUCH
        assert stream.get_extra_info("is_readable")


async def test_a_write_waits_for_a_slow_reader() -> None:
    go, got = asyncio.Event(), list[int]()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        got.append(len(await reader.readexactly(MUCH)))
        writer.close()

    async with connected(slow) as stream:
        writing = asyncio.create_task(stream.write(b"x" * MUCH))
        await until(lambda: not stream._writable.is_set())  # noqa: SLF001
        assert not writing.done()
        go.set()
        await writing
        assert await stream.read(10) == b""
    assert got == [MUCH]


async def test_a_reset_is_told_to_who_reads_and_to_who_writes() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.transport.abort()

    async with connected(reset) as stream:
        await stream.write(b"")
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"x" * MUCH)
        with pytest.raises(httpcore.ReadError):
            await stream.read(1)
        with pytest.raises(httpcore.WriteError, match="closed"):
            await stream.write(b"x")


async def test_what_was_never_connected_can_be_closed() -> None:
    await AsyncioStream().aclose()
    AsyncioStream().discard()
    endpoint = Endpoint(httpx.URL("http://127.0.0.1:9/"), httpx.Headers())
    HttpcoreConnection(endpoint, ssl.create_default_context()).discard()


async def test_a_connection_becomes_an_encrypted_one() -> None:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("panel.example").configure_cert(theirs)
    authority.configure_trust(ours)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(theirs)
        writer.write(await reader.readexactly(2))
        try:
            await reader.read()
        finally:
            writer.close()

    async with connected(echo) as stream:
        encrypted = await stream.start_tls(ours, "panel.example")
        assert encrypted.get_extra_info("ssl_object").version().startswith("TLS")
        await encrypted.write(b"hi")
        assert await encrypted.read(10) == b"hi"


async def test_a_host_may_have_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def several(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1", "127.0.0.2"]

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.close()

    async with listening(wait) as port:
        assert "127.0.0.1" in await asyncio_stream._addresses("localhost", port)  # noqa: SLF001
        monkeypatch.setattr(asyncio_stream, "_addresses", several)
        backend = AsyncioBackend()
        await backend.connect_tcp("127.0.0.1", port)
        assert backend.stream is not None
        assert not backend.stream.get_extra_info("is_readable")
        monkeypatch.setattr(sockets, "_poll", None)
        assert not backend.stream.get_extra_info("is_readable")
        await backend.stream.aclose()
