"""A proxy on loopback, for tunnels (CONNECT) and for plain requests."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.support.loopback import listening


class LoopbackProxy:
    """What it was asked for, by the first lines of the requests; `answers` come instead of its service."""

    def __init__(self, answers: list[bytes]) -> None:
        self.port = 0
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        self._answers = answers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until one of its ends is closed."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        self.asked.append(head.partition(b"\r\n")[0].decode())
        try:
            if self._answers:
                writer.write(self._answers.pop(0))
            else:
                await self._pass_on(head, reader, writer)
        finally:
            writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = self.asked[-1].split()
        port = urlsplit(f"//{target}" if method == "CONNECT" else target).port
        upstream, onward = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            onward.write(head.replace(target.encode(), urlsplit(target).path.encode(), 1))
        try:
            await asyncio.gather(_copy(reader, onward), _copy(upstream, writer))
        finally:
            onward.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def proxying(*answers: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[LoopbackProxy]:
    """A proxy that gives the answers, one for each connection, and then does what it is asked."""
    it = LoopbackProxy([*answers])
    async with listening(it.serve, context) as it.port:
        yield it
