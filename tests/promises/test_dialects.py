"""The client returns the same for the same orders, in every dialect of the panel."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from agencia_async import (
    AgenciaError,
    AsyncClient,
    BulkResult,
    DefaultOrder,
    Id,
    NotAnsweredError,
    OrderStatus,
    PackageOrder,
    RetryPolicy,
    Service,
)
from agencia_async.sandbox import DIALECTS, Panel

LINK = "https://example.com/p"
ONCE = RetryPolicy(attempts=1)


class Clock:
    """The panel's clock, moved by the test."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def told(call: Awaitable[object]) -> object:
    """What a call ends in, in a form that can be compared."""
    try:
        value = await call
    except AgenciaError as error:
        return type(error)
    if isinstance(value, OrderStatus):
        return (value.state, value.charge or Decimal(0), value.remains or 0)
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, Service)]
        return sorted((row.service, row.type, row.rate, row.min, row.max) for row in rows)
    return value if isinstance(value, int) else getattr(value, "state", type(value))


async def scene(dialect: str) -> tuple[list[object], Panel]:
    """A day in the life of an account, and the panel it was at."""
    clock = Clock()
    panel = Panel(key="KEY", seed=4, clock=clock, dialect=dialect)
    stock = panel.seed_orders(90)
    heard: list[object] = []
    async with AsyncClient(
        "KEY",
        base_url="https://panel.example/",
        transport=httpx.ASGITransport(panel.asgi),
        retry=ONCE,
        batch_window=0,
    ) as client:

        async def hear(*calls: Awaitable[object]) -> None:
            heard.extend([await told(call) for call in calls])

        async def hear_many(bulk: Callable[[list[Id]], Awaitable[Any]], ids: list[Id]) -> None:
            items: BulkResult[object] = await bulk(ids)
            await hear(*(_answer(item.value, item.error) for item in items))

        await hear(
            client.balance(),
            client.services(),
            client.add(DefaultOrder(service=1, link=LINK, quantity=1000)),
            client.add(DefaultOrder(service=1, link=LINK, quantity=1)),
            client.add(DefaultOrder(service=999_999, link=LINK, quantity=1000)),
            client.add(DefaultOrder(service=1, link=LINK, quantity=1000, runs=2, interval=5)),
            client.add(PackageOrder(service=2, link=LINK)),
            client.cancel(23_501),
            client.refill(stock[0]),
            client.status(stock[1]),
        )
        clock.now += 10_000
        await hear_many(client.status_many, [*stock, 77])
        await hear_many(client.refill_many, [*stock[:20], 77])
        await hear_many(client.refill_status_many, [1, 2, 999])
        await hear_many(client.cancel_many, [*stock[:5], 77])
        await hear(client.status(77), client.refill(77), client.cancel(77), client.refill_status(77))
    return heard, panel


async def _answer(value: object, error: AgenciaError | None) -> object:
    if error is not None:
        raise error
    return value


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "single"])
async def test_every_dialect_tells_the_same(dialect: str) -> None:
    plain, document = await scene("document")
    accented, panel = await scene(dialect)
    if dialect == "missing":  # it says nothing at all of what it does not know
        accented = [
            there if here is NotAnsweredError else here for here, there in zip(accented, plain, strict=True)
        ]
    assert accented == plain
    assert executed(panel) == executed(document)
    assert panel.balance == document.balance


def executed(panel: Panel) -> list[tuple[str, Id, Id]]:
    """The ledger; some panels number their cancellations."""
    return [
        (entry.action, entry.order, 1 if entry.action == "cancel" else entry.result) for entry in panel.ledger
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_wrong_key_is_one_in_every_dialect(dialect: str) -> None:
    transport = httpx.ASGITransport(Panel(key="KEY", dialect=dialect).asgi)
    async with AsyncClient("wrong", base_url="https://panel.example/", transport=transport) as client:
        assert (await told(client.status_many(range(500)))).__name__ == "AuthenticationError"  # type: ignore[attr-defined]
        assert client.requests_sent == 1
