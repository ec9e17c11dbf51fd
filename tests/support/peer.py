"""A peer on loopback whose every byte the test decides."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import parse_qsl

from tests.support.loopback import listening

Form = dict[str, str]
Answer = Callable[["Request"], Awaitable[None]]
Greet = Callable[[asyncio.StreamWriter], None]


class Request:
    """One request that arrived, and the connection to answer it on."""

    def __init__(
        self, form: Form, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.form = form
        self.number = number
        """The how manieth of its connection, from 1."""
        self.reader = reader
        self.writer = writer

    async def hang(self) -> None:
        """Answer nothing until the other side has gone."""
        await self.reader.read()
        self.writer.close()

    def reply(
        self, body: bytes | str = b"{}", status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Answer with a whole reply."""
        content = body.encode() if isinstance(body, str) else body
        fields = {"Content-Type": "application/json", "Content-Length": str(len(content))} | (headers or {})
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in fields.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + content)

    def abort(self) -> None:
        """Break the connection."""
        self.writer.transport.abort()


class Peer:
    """What arrived so far."""

    def __init__(self, answer: Answer, greet: Greet) -> None:
        self.url = ""
        self.forms: list[Form] = []
        self.heads: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.in_flight = 0
        self.most_at_once = 0
        self._answer = answer
        self._greet = greet

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        self.connections += 1
        self.open += 1
        try:
            self._greet(writer)
            number = 0
            while not writer.is_closing():
                number += 1
                await self._request(reader, writer, number)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        form = dict(parse_qsl((await reader.readexactly(length)).decode(), keep_blank_values=True))
        self.heads.append(head)
        self.forms.append(form)
        self.in_flight += 1
        self.most_at_once = max(self.most_at_once, self.in_flight)
        try:
            await self._answer(Request(form, reader, writer, number))
        finally:
            self.in_flight -= 1


@asynccontextmanager
async def peer(
    answer: Answer, greet: Greet = lambda _writer: None, context: ssl.SSLContext | None = None
) -> AsyncIterator[Peer]:
    """A peer that answers each request as told, and greets each connection; encrypted with a context."""
    it = Peer(answer, greet)
    async with listening(it.serve, context) as port:
        it.url = f"{'https' if context else 'http'}://127.0.0.1:{port}/api/v2"
        yield it


@contextmanager
def peer_in_thread(answer: Answer, context: ssl.SSLContext | None = None) -> Generator[Peer]:
    """A peer in an event loop of its own, which outlives those of the test."""
    ready, done = threading.Event(), threading.Event()
    there: list[Peer] = []

    async def run() -> None:
        async with peer(answer, context=context) as it:
            there.append(it)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    ready.wait()
    try:
        yield there[0]
    finally:
        done.set()
        thread.join()
