"""The public face as a user writes it. This file is never run: type checkers read it."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from decimal import Decimal
from typing import assert_type

import httpx

from agencia_async import (
    AgenciaError,
    AsyncClient,
    Balance,
    BulkItem,
    BulkResult,
    Cancellation,
    Change,
    CustomCommentsOrder,
    DefaultOrder,
    Id,
    Order,
    OrderState,
    OrderStatus,
    OutcomeUnknownError,
    PackageOrder,
    RateLimit,
    RateLimitedError,
    RawOrder,
    RedisRateLimit,
    RefillId,
    RefillState,
    RefillStatus,
    RetryPolicy,
    Service,
    fast_transport,
)
from agencia_async.hooks import CallInfo, Hook
from agencia_async.sandbox import Faults, LedgerEntry, Panel, StatementEntry, serve


async def constructors() -> None:
    assert_type(AsyncClient("key"), AsyncClient)
    assert_type(AsyncClient("key", transport=fast_transport()), AsyncClient)
    AsyncClient(
        "key",
        base_url="https://panel.example/api/v2",
        transport=httpx.AsyncHTTPTransport(),
        http_client=None,
        max_concurrency=5,
        timeout=10,
        retry=RetryPolicy(attempts=3, deadline=30),
        rate_limit=RateLimit(60, per=60),
        batch_size=50,
        batch_window=0,
        max_reply_bytes=1_000_000,
        allow_http=True,
        user_agent="shop",
    )
    assert_type(AsyncClient.from_env(timeout=5.0, rate_limit=None), AsyncClient)
    AsyncClient("KEY", rate_limit=RedisRateLimit("redis://127.0.0.1:6379/0", 60, per=60))
    async with AsyncClient.from_env() as client:
        assert_type(client, AsyncClient)
        assert_type(client.requests_sent, int)
        assert_type(client.stats().pace, float | None)
    assert_type(await client.aclose(), None)


class ShopClient(AsyncClient):
    """A subclass stays what it is."""


async def subclasses() -> None:
    assert_type(ShopClient.from_env(), ShopClient)
    async with ShopClient("key") as client:
        assert_type(client, ShopClient)
        assert_type(client.with_options(timeout=5, hooks=[Observed()]), ShopClient)


class Observed(Hook):
    """A hook of the user's."""

    def call_ended(self, call: CallInfo) -> None:
        assert_type(call.error, BaseException | None)
        assert_type(call.queued, float)


async def account(client: AsyncClient) -> None:
    balance = await client.balance()
    assert_type(balance, Balance)
    assert_type(balance.balance, Decimal)
    assert_type(balance.currency, str)

    services = await client.services()
    assert_type(services, list[Service])
    assert_type(services[0].service, Id)
    assert_type(services[0].rate, Decimal)
    assert_type(services[0].refill, bool | None)
    assert_type(services[0].extra, Mapping[str, object])


async def orders(client: AsyncClient) -> None:
    order: Order = DefaultOrder(service=1, link="https://example.com/p/1", quantity=1000)
    assert_type(await client.add(order), Id)
    await client.add(DefaultOrder(service="a1", link="https://example.com", quantity=10, runs=2, interval=30))
    await client.add(PackageOrder(service=2, link="https://example.com", extra={"ref": "42"}))
    await client.add(CustomCommentsOrder(service=3, link="https://example.com", comments=["one", "two"]))
    await client.add(CustomCommentsOrder(service=3, link="https://example.com", comments="one\ntwo"))
    await client.add(RawOrder(4, {"username": "somebody"}))


async def single_calls(client: AsyncClient) -> None:
    status = await client.status(23501)
    assert_type(status, OrderStatus)
    assert_type(status.charge, Decimal | None)
    assert_type(status.remains, int | None)
    assert_type(status.state, OrderState)
    assert_type(status.is_final, bool)
    assert_type(await client.refill("23501"), RefillId | None)
    refill = await client.refill_status(1)
    assert_type(refill, RefillStatus)
    assert_type(refill.state, RefillState)
    cancellation = await client.cancel(23501)
    assert_type(cancellation, Cancellation)
    assert_type(cancellation.request, Id | None)


async def source() -> AsyncIterator[int]:
    yield 23501


async def bulk_calls(client: AsyncClient) -> None:
    numbers: list[int] = [23501, 23502]
    result = await client.status_many(numbers)
    assert_type(result, BulkResult[OrderStatus])
    assert_type(await client.status_many(str(number) for number in numbers), BulkResult[OrderStatus])
    assert_type(await client.status_many(source()), BulkResult[OrderStatus])
    assert_type(await client.refill_many(numbers), BulkResult[RefillId | None])
    assert_type(await client.refill_status_many({1, 2}), BulkResult[RefillStatus])
    assert_type(await client.cancel_many(range(10)), BulkResult[Cancellation])

    assert_type(len(result), int)
    assert_type(result[23501], OrderStatus)
    assert_type(result.get(23501), OrderStatus | None)
    assert_type(result.get("23501", 0), OrderStatus | int)
    assert_type(23501 in result, bool)
    assert_type(result.ok, dict[Id, OrderStatus])
    assert_type(result.failed, dict[Id, AgenciaError])
    result.raise_for_failures()
    for item in result:
        assert_type(item, BulkItem[OrderStatus])
        assert_type(item.id, Id)
        assert_type(item.ok, bool)
        assert_type(item.value, OrderStatus | None)
        assert_type(item.error, AgenciaError | None)
        assert_type(item.unwrap(), OrderStatus)


async def watching(client: AsyncClient) -> None:
    async for change in client.watch([1, "2"], min_interval=1.0):
        assert_type(change, Change[OrderStatus])
        assert_type(change.previous, OrderStatus | None)
    assert_type(await client.wait(1, timeout=5), OrderStatus)
    assert_type(await client.wait_refill(1), RefillStatus)


async def streams(client: AsyncClient) -> None:
    assert_type(client.status_iter(source()), AsyncGenerator[BulkItem[OrderStatus], None])
    async for item in client.status_iter(range(10)):
        assert_type(item, BulkItem[OrderStatus])
    async with aclosing(client.refill_iter(["a", "b"])) as refills:
        async for refill in refills:
            assert_type(refill.unwrap(), RefillId | None)
    async for refill_status in client.refill_status_iter([1]):
        assert_type(refill_status.unwrap(), RefillStatus)
    async for cancellation in client.cancel_iter([1]):
        assert_type(cancellation.unwrap(), Cancellation)


async def errors(client: AsyncClient) -> None:
    try:
        await client.refill(1)
    except RateLimitedError as error:
        assert_type(error.retry_after, float | None)
    except OutcomeUnknownError as error:
        assert_type(error.cause, AgenciaError | None)
    except AgenciaError as error:
        assert_type(error.action, str | None)
        assert_type(error.attempts, int)
        assert_type(error.http_status, int | None)
        assert_type(error.message, str)
        sent: str = error.sent
        assert sent in {"no", "maybe", "yes"}


async def sandbox() -> None:
    panel = Panel(key="sandbox-key", seed=1)
    async with serve(panel) as url:
        assert_type(url, str)
    assert_type(panel.faults, Faults)
    assert_type(panel.ledger, list[LedgerEntry])
    assert_type(panel.statement, list[StatementEntry])
    assert_type(panel.seed_orders(10), list[int | str])
    assert_type(panel.balance, Decimal)
    AsyncClient(panel.key, base_url="http://localhost/api/v2", transport=httpx.ASGITransport(panel.asgi))
