"""A panel in virtual time whose orders go through their states as the test decides."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx

from agencia_async import AsyncClient, Change, OrderStatus

Row = Mapping[str, object]
Tell = Callable[[str, float], Row | None]
"""What the panel says of an order at a time; None leaves it out."""

WRONG = {"error": "Incorrect order ID"}


def time() -> float:
    return asyncio.get_running_loop().time()


def row(status: str, remains: int = 0, charge: str = "1.50") -> Row:
    return {
        "charge": charge,
        "start_count": "10",
        "status": status,
        "remains": str(remains),
        "currency": "USD",
    }


def ends_at(seconds: float) -> Tell:
    """Each order is in progress, and completed after so many seconds."""
    return lambda _, now: row("Completed") if now >= seconds else row("In progress", 100)


def ends_as_numbered(key: str, now: float) -> Row:
    """Each order ends after as many seconds as its number."""
    return row("Completed") if now >= float(key) else row("In progress", 100)


class WatchedPanel(httpx.AsyncBaseTransport):
    """Answers for each id as told, after 50 ms.

    `times` are those of all requests, `asked` those of requests for ids, with the ids. While `away` it
    answers a 502. `refuse` is what it answers instead of all.
    """

    def __init__(
        self,
        tell: Tell = ends_as_numbered,
        *,
        away: Callable[[float], bool] = lambda _: False,
        latency: float = 0.05,
    ) -> None:
        self.tell = tell
        self.away = away
        self.latency = latency
        self.refuse: Row | None = None
        self.asked: list[tuple[float, list[str]]] = []
        self.times: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl((await request.aread()).decode()))
        now = time()
        self.times.append(now)
        ids = next((form[name] for name in form if name in {"order", "orders", "refill", "refills"}), "")
        if ids:
            self.asked.append((now, ids.split(",")))
        await asyncio.sleep(self.latency)
        if self.away(now):
            return httpx.Response(502, text="<html><h1>Bad gateway</h1></html>")
        if self.refuse is not None:
            return httpx.Response(200, json=self.refuse)
        if form["action"] == "balance":
            return httpx.Response(200, json={"balance": "5", "currency": "USD"})
        return httpx.Response(200, json=self._answer(form, ids.split(","), time()))

    def _answer(self, form: Mapping[str, str], ids: list[str], now: float) -> object:
        rows = {key: told for key in ids if (told := self.tell(key, now)) is not None}
        if form["action"] == "refill_status" and "refills" in form:
            return [{"refill": key, **told} for key, told in rows.items()]
        return rows if form["action"] + "s" in form or "orders" in form else rows.get(ids[0], {})

    @property
    def sizes(self) -> list[int]:
        return [len(ids) for _, ids in self.asked]

    def client(self, **options: Any) -> AsyncClient:  # noqa: ANN401 - of the client
        return AsyncClient("KEY", base_url="https://panel.example/", transport=self, **options)


def told(change: Change[OrderStatus]) -> tuple[object, str]:
    """The id of a change, and the status or the error."""
    return change.id, change.value.status if change.value is not None else type(change.error).__name__
