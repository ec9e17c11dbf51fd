"""A stand-in for Redis whose every answer the test decides."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from tests.support.loopback import listening

Command = list[str]
Answer = Callable[[Command], bytes | None]
"""The answer to a command, as it is sent; None leaves it without one."""

FINE = b"+OK\r\n"


class StandIn:
    """What was said to it."""

    def __init__(self, answer: Answer) -> None:
        self.commands: list[Command] = []
        self.url = ""
        self._answer = answer
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def spoken(self) -> list[str]:
        """The first words of all commands, but for those with which a connection begins."""
        return [first for first, *_ in self.commands if first not in {"AUTH", "CLIENT", "SELECT"}]

    def send(self, answer: bytes) -> None:
        """Say something, on all connections that are open."""
        for writer in self._open:
            writer.write(answer)

    def hang_up(self) -> None:
        """Break all connections that are open."""
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.commands.append(await _command(reader))
                opening = self.commands[-1][0] in {"AUTH", "CLIENT", "SELECT"}
                answer = FINE if opening else self._answer(self.commands[-1])
                if answer is not None:
                    writer.write(answer)
        self._open.remove(writer)
        writer.close()


async def _command(reader: asyncio.StreamReader) -> Command:
    words = []
    for _ in range(int((await reader.readuntil(b"\r\n"))[1:])):
        length = int((await reader.readuntil(b"\r\n"))[1:])
        words.append((await reader.readexactly(length + 2))[:-2].decode())
    return words


def numbers(*values: int) -> bytes:
    """A list of numbers, as it is sent."""
    return b"".join([b"*%d\r\n" % len(values), *(b":%d\r\n" % value for value in values)])


@asynccontextmanager
async def standin(answer: Answer) -> AsyncIterator[StandIn]:
    """A stand-in on loopback while the block runs."""
    it = StandIn(answer)
    async with listening(it.serve) as port:
        it.url = f"redis://someone:pa55word@127.0.0.1:{port}/3"
        yield it
