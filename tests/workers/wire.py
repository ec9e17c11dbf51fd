"""The way from a worker to Redis, which a test cuts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.support.loopback import listening


class Wire:
    """Passes on what goes to a Redis and comes from it."""

    def __init__(self, redis: str) -> None:
        self.connections = 0
        self.url = ""
        self._port = urlsplit(redis).port
        self._open: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []
        self._passing: list[asyncio.Future[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until one of its ends is closed."""
        self.connections += 1
        upstream, onward = await asyncio.open_connection("127.0.0.1", self._port)
        self._open.append((writer, onward))
        both = [asyncio.ensure_future(_copy(reader, onward)), asyncio.ensure_future(_copy(upstream, writer))]
        self._passing += both
        try:
            await asyncio.Event().wait()
        finally:
            for each in both:
                each.cancel()
            writer.close()
            onward.close()

    def cut(self) -> None:
        """Reset all connections."""
        for ends in self._open:
            for end in ends:
                end.transport.abort()
        self._open.clear()

    def silence(self) -> None:
        """Pass on nothing more, and tell nobody: as a firewall does that forgets connections."""
        for each in self._passing:
            each.cancel()
        self._passing.clear()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
    writer.close()


@asynccontextmanager
async def wiring(redis: str) -> AsyncIterator[Wire]:
    """A way to a Redis while the block runs."""
    it = Wire(redis)
    async with listening(it.serve) as port:
        parts = urlsplit(redis)
        it.url = parts._replace(netloc=f":{parts.password}@127.0.0.1:{port}").geturl()
        yield it
