"""A panel that is away for a while, or that a web server limits; a process of its own.

    python benchmarks/outage_server.py '{"how": "refused", "start": 0.5, "end": 5.5}'

It prints the address that it listens on and ends with its standard input. Its time starts with the first
request. Settings:

    how     what a request gets while it is away: `502`, `reset` or `refused`
    start   seconds until it goes away; whatever is in flight at that moment is lost
    end     seconds until it is back
    rate    requests a second that nginx lets through (`limit_req`); what comes beyond gets a 503 (no limit)
    burst   how many more it lets through at once

GET tells what came of the requests. Every reply takes 50 ms, a 503 of the limit 5.
"""

import asyncio
import gc
import json
import math
import socket
import struct
import sys
from urllib.parse import parse_qs

from server import Connection, Panel, http

_LATENCY, _LIMITED = 0.05, 0.005
_GONE = http(b"<html><head><title>502 Bad Gateway</title></head></html>", b"502 Bad Gateway")
_BUSY = http(
    b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>",
    b"503 Service Temporarily Unavailable",
)
_BALANCE = http(b'{"balance":"100.00","currency":"USD"}')
_RESET = struct.pack("ii", 1, 0)


class AwayPanel:
    """What becomes of each request, and when it came."""

    def __init__(
        self,
        how: str = "502",
        start: float = math.inf,
        end: float = math.inf,
        rate: float = 0,
        burst: int = 0,
    ) -> None:
        self.how, self._start, self._end = how, start, end
        self._rate, self._burst = rate, burst
        self._excess = self._last = -math.inf
        self._panel = Panel("/")
        self.began: float | None = None
        self.told: dict[str, list[float]] = {"ok": [], "away": [], "limited": []}
        self._bought: list[str] = []

    def begin(self, now: float) -> None:
        """Its time starts with the first request."""
        if self.began is None:
            self.began, self._last = now, now
            loop = asyncio.get_running_loop()
            if self.how == "refused" and self._start < math.inf:
                loop.call_at(now + self._start, self.leave)
                loop.call_at(now + self._end, self.come_back)

    def leave(self) -> None:
        """Refuse connections."""
        self._server.close()
        for connection in [*AwayConnection.open]:
            connection.reset()

    def come_back(self) -> None:
        """Accept connections again."""
        self._coming = asyncio.ensure_future(self.listen(self._port))

    async def listen(self, port: int = 0) -> str:
        """Accept connections; the address."""
        loop = asyncio.get_running_loop()
        connection = AwayConnection
        self._server = await loop.create_server(lambda: connection(self), "127.0.0.1", port, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{self._port}"

    def is_away(self, now: float) -> bool:
        """Whether requests are lost now."""
        return self.began is not None and self._start <= now - self.began < self._end

    def admits(self, now: float) -> bool:
        """Whether nginx lets a request through; what it rejects does not count."""
        if not self._rate:
            return True
        excess = max(0.0, self._excess - self._rate * (now - self._last) + 1)
        if excess > self._burst:
            return False
        self._excess, self._last = excess, now
        return True

    def note(self, kind: str, arrived: float) -> None:
        """A request that came then ended so."""
        self.told[kind].append(arrived - (self.began or arrived))

    def answer(self, body: bytes, now: float) -> bytes:
        """The reply to a form."""
        if b"action=balance" in body:
            return _BALANCE
        if b"action=add" in body:
            self._bought.append(parse_qs(body.decode())["link"][0])
        return self._panel.answer(body, now)

    def counted(self) -> bytes:
        """When requests came, by what became of them, and the links that were bought, by order."""
        return http(json.dumps({**self.told, "bought": self._bought}).encode())


class AwayConnection(Connection):
    """A connection to such a panel."""

    open: set["AwayConnection"] = set()  # noqa: RUF012 - of all

    def __init__(self, panel: AwayPanel) -> None:
        super().__init__({}, asyncio.get_running_loop())
        self._panel = panel

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """One more is open."""
        super().connection_made(transport)
        self.open.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """One less is."""
        self.open.discard(self)

    def reset(self) -> None:
        """Reset the connection."""
        held = self._transport.get_extra_info("socket")
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def _answer(self, method: bytes, path: bytes, body: bytes) -> None:  # noqa: ARG002 - there is one panel
        if method != b"POST":
            self._write(self._panel.counted())
            return
        now = self._loop.time()
        self._panel.begin(now)
        if not self._panel.admits(now):
            self._panel.note("limited", now)
            self._loop.call_later(_LIMITED, self._write, _BUSY)
        else:
            self._loop.call_later(_LATENCY, self._finish, now, body)

    def _finish(self, arrived: float, body: bytes) -> None:
        now = self._loop.time()
        if self._panel.is_away(arrived) or self._panel.is_away(now):
            self._panel.note("away", arrived)
            if self._panel.how == "502":
                self._write(_GONE)
            elif not self._transport.is_closing():
                self.reset()
        elif not self._transport.is_closing():
            self._write(self._panel.answer(body, now))
            self._panel.note("ok", arrived)


async def main() -> None:
    """Serve until the standard input ends."""
    panel = AwayPanel(**json.loads(sys.argv[1]))
    gc.disable()
    print(await panel.listen(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
