"""The panel that all contestants ask: one process, as cheap for each request as asyncio allows.

    python benchmarks/server.py

It prints the address that it listens on and ends with its standard input. Each path below the address is
a panel of its own, made when it is first asked for; its settings stand in the path, as in
`/17/latency-50/limit-20/refusal-text`:

    latency   milliseconds before each answer (0)
    limit     requests in any one second; what comes beyond is refused (no limit)
    window    `sliding`: in any second; `fixed`: in each second counted from the first request
    batches   `none`: only one id in a request is known, in the field for one
    refusal   `bare`: a 429; `after`: a 429 with `Retry-After: 1`; `text`: a 200 with an error in it

GET tells what a panel has counted. Ids are whole numbers, and every id is known.
"""

import asyncio
import gc
import json
import re
import sys
from collections import deque
from functools import cache
from urllib.parse import unquote_to_bytes

SERVICES = 10_000
_STATES = ("Pending", "Processing", "In progress", "Completed", "Partial", "Canceled")
_KINDS = 97
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_SECOND = 1.0


def remains(number: int) -> int:
    """What is still to be delivered of an order."""
    return 157 + number % _KINDS


def _row(kind: int) -> bytes:
    status = {
        "charge": f"{(27819 + 1009 * kind) / 100_000:.5f}",
        "start_count": str(3572 + 13 * kind),
        "status": _STATES[kind % len(_STATES)],
        "remains": str(remains(kind)),
        "currency": "USD",
    }
    return json.dumps(status, separators=(",", ":")).encode()


_ROWS = [_row(kind) for kind in range(_KINDS)]


@cache
def _catalogue() -> bytes:
    """Some 3 MB of services."""
    words = "Instagram Followers | Real accounts | Refill 30 days | Start 0-1 hour | Speed 10K a day | "
    services = [
        {
            "service": number,
            "name": f"{words * 2}number {number}",
            "type": "Default",
            "category": f"Instagram | Followers and likes {number // 50}",
            "rate": f"{number / 1000:.3f}",
            "min": "50",
            "max": "10000",
            "refill": number % 2 == 0,
            "cancel": number % 3 == 0,
        }
        for number in range(1, SERVICES + 1)
    ]
    return json.dumps(services, separators=(",", ":")).encode()


def http(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    """A whole reply."""
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
    return head % (status, headers, len(body)) + body


_ERROR = b'{"error":"Too many requests"}'
_UNKNOWN = b'{"error":"Order not found"}'
_REFUSALS = {
    "bare": http(_ERROR, b"429 Too Many Requests"),
    "after": http(_ERROR, b"429 Too Many Requests", b"Retry-After: 1\r\n"),
    "text": http(_ERROR),
}


class Panel:
    """What is behind one path: its limit, its orders, and what it has counted."""

    def __init__(self, path: str) -> None:
        settings = dict(part.split("-", 1) for part in path.split("/") if "-" in part)
        self.latency = float(settings.get("latency", 0)) / 1000
        self._limit = int(settings.get("limit", 0))
        self._fixed = settings.get("window") == "fixed"
        self._refusal = _REFUSALS[settings.get("refusal", "bare")]
        self._recent: deque[float] = deque()
        self._batches = settings.get("batches") != "none"
        self._requests = self._orders = 0
        self.in_flight = self.peak = 0
        self._taken: list[float] = []
        self._refused: list[float] = []

    def answer(self, body: bytes, now: float) -> bytes:
        """The reply to a form that arrived now."""
        self._requests += 1
        if self._limit and not self._admits(now):
            self._refused.append(now)
            return self._refusal
        self._taken.append(now)
        fields = dict(pair.split(b"=", 1) for pair in body.split(b"&"))
        action = fields[b"action"]
        if action == b"status":
            return http(_status(fields) if self._batches or b"order" in fields else _UNKNOWN)
        if action == b"services":
            return http(_catalogue())
        if action == b"add":
            self._orders += 1
            return http(b'{"order":%d}' % self._orders)
        return http(b'{"error":"Incorrect request"}')

    def _admits(self, now: float) -> bool:
        """Is there room in the window? What was refused takes none."""
        recent = self._recent
        if self._fixed:
            if recent and now - recent[0] >= _SECOND:
                recent.clear()
        else:
            while recent and now - recent[0] >= _SECOND:
                recent.popleft()
        if len(recent) >= self._limit:
            return False
        recent.append(now)
        return True

    def counted(self) -> bytes:
        """How many requests came, and when."""
        told = {
            "requests": self._requests,
            "orders": self._orders,
            "peak": self.peak,
            "taken": self._taken,
            "refused": self._refused,
        }
        return json.dumps(told).encode()


def _status(fields: dict[bytes, bytes]) -> bytes:
    if b"order" in fields:
        return _ROWS[int(fields[b"order"]) % _KINDS]
    ids = fields[b"orders"].replace(b"%2C", b",")
    if b"%" in ids:
        ids = unquote_to_bytes(ids)
    rows = [b'"%b":%b' % (number, _ROWS[int(number) % _KINDS]) for number in ids.split(b",")]
    return b"{" + b",".join(rows) + b"}"


class Connection(asyncio.Protocol):
    """Reads just enough of HTTP/1.1 to tell one request from the next."""

    panels: dict[bytes, Panel]

    def __init__(self, panels: dict[bytes, Panel], loop: asyncio.AbstractEventLoop) -> None:
        self._panels = panels
        self._loop = loop
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        data = self._rest + data
        while (end := data.find(b"\r\n\r\n") + 4) > 3:  # noqa: PLR2004 - found
            length = _LENGTH.search(data, 0, end)
            whole = end + int(length[1]) if length else end
            if len(data) < whole:
                break
            method, path, _ = data.split(b" ", 2)
            self._answer(method, path, data[end:whole])
            data = data[whole:]
        self._rest = data

    def _answer(self, method: bytes, path: bytes, body: bytes) -> None:
        panel = self._panels.get(path)
        if panel is None:
            panel = self._panels[path] = Panel(path.decode())
        if method != b"POST":
            self._write(http(panel.counted()))
            return
        panel.in_flight += 1
        panel.peak = max(panel.peak, panel.in_flight)
        reply = panel.answer(body, self._loop.time())
        if panel.latency:
            self._loop.call_later(panel.latency, self._end, panel, reply)
        else:
            self._end(panel, reply)

    def _end(self, panel: Panel, reply: bytes) -> None:
        panel.in_flight -= 1
        self._write(reply)

    def _write(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)  # type: ignore[attr-defined]


async def main() -> None:
    """Serve until the standard input ends."""
    loop = asyncio.get_running_loop()
    panels: dict[bytes, Panel] = {}
    server = await loop.create_server(lambda: Connection(panels, loop), "127.0.0.1", 0, backlog=1024)
    gc.disable()
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
