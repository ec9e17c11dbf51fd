"""Panels with a rate limit that they do not tell, polled by a real client in virtual time.

Nothing sleeps and nothing is sent: the event loop's clock jumps to the next timer, and the panel is a
transport. Half of the latency passes before the panel counts a request, half of it behind that, each give or
take a fifth.
"""

import asyncio
import itertools
import math
from collections import deque
from collections.abc import Callable
from random import Random

import httpx
from attrs import field, frozen

from agencia_async import AsyncClient, RateLimit
from tests.support.virtual import VirtualLoop

BODY = b'{"charge":"0.27819","start_count":"3572","status":"Partial","remains":"157","currency":"USD"}'
REFUSAL = b'{"error":"Too many requests"}'


Admits = Callable[[float], bool]


def sliding(requests: int, per: float, _random: Random) -> Admits:
    """So many in any time of that length."""
    recent: deque[float] = deque()

    def admits(now: float) -> bool:
        while recent and now - recent[0] >= per:
            recent.popleft()
        if len(recent) >= requests:
            return False
        recent.append(now)
        return True

    return admits


def fixed(requests: int, per: float, random: Random) -> Admits:
    """So many in each time of that length, by the panel's clock."""
    begun, window, taken = random.uniform(0, per), -1.0, 0

    def admits(now: float) -> bool:
        nonlocal window, taken
        if (now + begun) // per != window:
            window, taken = (now + begun) // per, 0
        taken += 1
        return taken <= requests

    return admits


def begun(requests: int, per: float, _random: Random) -> Admits:
    """So many in each time of that length, which begins with the first request after the last one."""
    until, taken = -math.inf, 0

    def admits(now: float) -> bool:
        nonlocal until, taken
        if now >= until:
            until, taken = now + per, 0
        taken += 1
        return taken <= requests

    return admits


def bucket(requests: int, per: float, _random: Random) -> Admits:
    """So many at once, and one more each time that a token has dropped in."""
    tokens, last = float(requests), 0.0

    def admits(now: float) -> bool:
        nonlocal tokens, last
        tokens, last = min(requests, tokens + (now - last) * requests / per), now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return admits


@frozen
class Hidden:
    """A panel that admits `requests` in `per` seconds, and how it is polled.

    Attributes:
        kind: how it counts.
        says: `bare` answers 429, `text` answers 200 with an error; all else is the `Retry-After` of a 429.
    """

    kind: Callable[[int, float, Random], Admits]
    requests: int
    per: float
    says: str = "bare"
    connections: int = 10
    latency: float = 0.05
    limit: RateLimit | None = None

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.per


@frozen
class Seen:
    """What a panel saw, as times, and how many ids failed."""

    hidden: Hidden
    taken: list[float] = field(factory=list)
    refused: list[float] = field(factory=list)
    failed: list[str] = field(factory=list)

    def used(self, seconds: float) -> float:
        """The share of the limit that was used in the first seconds."""
        return sum(one < seconds for one in self.taken) / (self.hidden.rate * seconds)

    def refusals(self, seconds: float = math.inf, since: float = 0.0) -> float:
        """The share of the requests that were refused in that time."""
        no, yes = (sum(since <= one < seconds for one in times) for times in (self.refused, self.taken))
        return no / max(1, no + yes)


class Panel(httpx.AsyncBaseTransport):
    """Counts what it admits and what it refuses."""

    def __init__(self, hidden: Hidden, seen: Seen, seed: int) -> None:
        self._random = Random(seed)
        self._admits = hidden.kind(hidden.requests, hidden.per, self._random)
        self._hidden = hidden
        self._seen = seen

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Count it when half of the latency has passed."""
        await request.aread()
        await self._travel()
        now = asyncio.get_running_loop().time()
        admitted = self._admits(now)
        (self._seen.taken if admitted else self._seen.refused).append(now)
        await self._travel()
        return httpx.Response(200, content=BODY) if admitted else self._refusal()

    async def _travel(self) -> None:
        await asyncio.sleep(self._hidden.latency / 2 * self._random.uniform(0.8, 1.2))

    def _refusal(self) -> httpx.Response:
        says = self._hidden.says
        headers = {} if says in {"bare", "text"} else {"Retry-After": says}
        return httpx.Response(200 if says == "text" else 429, headers=headers, content=REFUSAL)


def poll(hidden: Hidden, seconds: float, seed: int) -> Seen:
    """Poll it for so long."""
    seen = Seen(hidden)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(_poll(Panel(hidden, seen, seed), seen, seconds))
    return seen


async def _poll(panel: Panel, seen: Seen, seconds: float) -> None:
    hidden = seen.hidden
    async with AsyncClient(
        "KEY",
        base_url="https://panel.test/",
        transport=panel,
        batch_size=1,
        max_concurrency=hidden.connections,
        rate_limit=hidden.limit,
    ) as client:
        items = client.status_iter(itertools.count(1))
        try:
            async with asyncio.timeout(seconds):
                async for item in items:
                    seen.failed.extend([str(item.error)] if item.error else [])
        except TimeoutError:
            await items.aclose()
