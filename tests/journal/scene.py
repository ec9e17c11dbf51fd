"""A panel whose answers the test decides, and what is on disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from agencia_async import AsyncClient, DefaultOrder, RetryPolicy
from agencia_async.journal import Journal, JournalEntry

LINK = "https://example.com/p/1"
ORDER = DefaultOrder(service=1, link=LINK, quantity=1000)
OTHER = DefaultOrder(service=1, link=LINK, quantity=1001)
LOST = httpx.ReadTimeout("late")
FUNDS = httpx.Response(200, json={"error": "Not enough funds on balance"})
BAD_KEY = httpx.Response(200, json={"error": "Invalid API key"})
BUSY = httpx.Response(429, headers={"Retry-After": "0"}, json={"error": "Too many requests"})
UP = httpx.Response(200)

Answer = httpx.Response | Exception


class Panel(httpx.AsyncBaseTransport):
    """Numbers orders from 1, or answers as told first; holds its answers back while `go` is not set."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.forms: list[dict[str, str]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.balance = "100.00"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl((await request.aread()).decode()))
        self.forms.append(form)
        await self.go.wait()
        if form["action"] == "balance":
            return httpx.Response(200, json={"balance": self.balance, "currency": "USD"})
        if form["action"] == "services":
            return httpx.Response(200, json=[{"service": 1, "type": "Default", "rate": "0.90"}])
        if form["action"] == "status":
            one = {"charge": "0.9", "status": "Pending", "currency": "USD"}
            wrong = {"error": "Incorrect order ID"}
            return httpx.Response(200, json=one if form["order"] == "7" else wrong)
        answer = self.answers.pop(0) if self.answers else UP
        if isinstance(answer, Exception):
            raise answer
        if answer is UP:
            return httpx.Response(200, json={"order": len(self.added)})
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def added(self) -> list[dict[str, str]]:
        return [form for form in self.forms if form["action"] == "add"]

    def client(self, **options: Any) -> AsyncClient:  # noqa: ANN401
        options = {"retry": RetryPolicy(first_wait=0)} | options
        return AsyncClient("KEY", base_url="https://panel.example/", transport=self, **options)


async def all_of(journal: Journal, state: Any = None) -> list[JournalEntry]:  # noqa: ANN401
    return [entry async for entry in journal.entries(state)]


def raising(error: Exception) -> Callable[..., Any]:
    async def fails(*_: object, **__: object) -> None:
        raise error

    return fails


def states(path: Path) -> dict[str, str]:
    """What is on disk, whatever the journal says."""
    with sqlite3.connect(path) as database:
        return dict(database.execute("SELECT reference, state FROM agencia_orders").fetchall())


def silence(path: Path) -> None:
    """All sessions were silent for two minutes, and nothing is known of their processes."""
    with sqlite3.connect(path) as database:
        database.execute("UPDATE agencia_sessions SET process = '', beat = beat - 120")
