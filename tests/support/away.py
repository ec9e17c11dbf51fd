"""A panel in virtual time that is away for a while, limits like a web server, or takes orders in vain."""

import asyncio
import json
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import parse_qsl

import httpx

ROW = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
NGINX = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>"


def never(_now: float) -> bool:
    """At no time."""
    return False


class AwayPanel(httpx.AsyncBaseTransport):
    """Answers after 50 ms, give or take a fifth.

    Attributes:
        sent: when each request came, its action, and what became of it: "ok", "away" or "limited".
        bought: the links of the orders that were taken.
        busy: when it asks to wait until it is not.
        collisions: how many orders were answered by nothing, as another one was in flight.
    """

    def __init__(  # noqa: PLR0913 - all that goes wrong
        self,
        away: Callable[[float], bool] = never,
        how: str = "502",
        *,
        limit: tuple[float, int] | None = None,
        fails: Callable[[float], bool] = never,
        busy: Callable[[float], bool] = never,
        collides: bool = False,
        latency: float = 0.05,
    ) -> None:
        """Away as told, and then a status, "reset" or "refused"; `limit` a second, and a burst.

        While it `fails`, orders are answered with a page. If it `collides`, it answers an order with nothing
        while another one is in flight, though it takes it.
        """
        self.busy, self._collides, self._latency = busy, collides, latency
        self._adding = self.collisions = 0
        self._away, self._how, self._limit, self._fails = away, how, limit, fails
        self._random = Random(1)
        self._tokens = float(limit[1] + 1) if limit else 0.0
        self._filled = 0.0
        self.sent: list[tuple[float, str, str]] = []
        self.bought: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = b"".join([part async for part in request.stream])  # type: ignore[union-attr]
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._away(now):
            self.sent.append((now, form["action"], "away"))
            if self._how == "refused":
                raise httpx.ConnectError("refused")
            await asyncio.sleep(self._latency)
            return self._gone()
        if not self._admits(now):
            self.sent.append((now, form["action"], "limited"))
            await asyncio.sleep(0.005)
            return httpx.Response(503, text=NGINX)
        if self.busy(now):
            wait = next(later for later in range(4000) if not self.busy(now + later))
            return httpx.Response(
                429, headers={"Retry-After": str(wait)}, json={"error": "Too many requests"}
            )
        self._adding += form["action"] == "add"
        is_alone = self._adding < 2 or not self._collides
        await asyncio.sleep(self._latency * self._random.uniform(0.8, 1.2))
        self._adding -= form["action"] == "add"
        is_lost = self._away(loop.time()) and self._how != "refused"
        self.sent.append((now, form["action"], "away" if is_lost else "ok"))
        if is_lost:
            return self._gone()
        answer = self._answer(form, loop.time())
        if is_alone or form["action"] != "add":
            return answer
        self.collisions += 1
        return httpx.Response(200)

    def count(self, kind: str, since: float = 0.0) -> int:
        """How many requests came to that end."""
        return sum(at >= since and told == kind for at, _, told in self.sent)

    def _gone(self) -> httpx.Response:
        if self._how == "reset":
            raise httpx.ReadError("reset")
        name = "Internal Server Error" if self._how == "500" else "Bad gateway"
        return httpx.Response(int(self._how), text=f"<html><h1>{name}</h1></html>")

    def _admits(self, now: float) -> bool:
        if self._limit is None:
            return True
        rate, burst = self._limit
        self._tokens = min(burst + 1, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _answer(self, form: dict[str, str], now: float) -> httpx.Response:
        if form["action"] == "balance":
            return httpx.Response(200, json={"balance": "5", "currency": "USD"})
        if form["action"] == "add":
            if self._fails(now):
                return httpx.Response(200, text="<html><h1>Maintenance</h1></html>")
            self.bought.append(form["link"])
            return httpx.Response(200, json={"order": len(self.bought)})
        rows = dict.fromkeys(_ids(form), ROW)
        return httpx.Response(200, content=json.dumps(rows if "orders" in form else ROW))


def _ids(form: dict[str, str]) -> Iterator[str]:
    yield from form.get("orders", form.get("order", "")).split(",")
