"""The limits of the sandbox, its fresh orders and its states, as a client of it meets them."""

import asyncio

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    DefaultOrder,
    NotFoundError,
    OrderState,
    OutcomeUnknownError,
    RateLimitedError,
    RefillState,
    RetryPolicy,
    TransportError,
)
from agencia_async.sandbox import Panel
from tests.support.virtual import virtual_time

ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=1000)
ONCE = RetryPolicy(attempts=1)
PATIENT = RetryPolicy(attempts=20, deadline=3600)


def now() -> float:
    return asyncio.get_running_loop().time()


def client_of(
    panel: Panel, retry: RetryPolicy = PATIENT, *, batch_size: int = 100, max_concurrency: int = 10
) -> AsyncClient:
    return AsyncClient(
        panel.key,
        base_url="https://panel.example/",
        transport=httpx.ASGITransport(panel.asgi),
        retry=retry,
        batch_size=batch_size,
        batch_window=0,
        max_concurrency=max_concurrency,
    )


async def check_values(panel: Panel, client: AsyncClient, count: int) -> None:
    wanted = panel.seed_orders(count)
    result = await client.status_many(wanted)
    for number in wanted:
        assert f"{result[number].charge:f}" == panel.expected_status(number)["charge"]


@pytest.mark.parametrize("dialect", ["document", "limited", "statuses", "nested"])
@virtual_time
async def test_a_counting_limit_is_kept_to_and_loses_nothing(dialect: str) -> None:
    panel = Panel(clock=now, rate_limit="10/min", dialect=dialect, pending=(9e9, 9e9))
    async with client_of(panel, batch_size=1, max_concurrency=4) as client:
        await check_values(panel, client, 40)
        placed = [await client.add(ORDER) for _ in range(15)]
    assert [entry.result for entry in panel.ledger] == placed
    assert panel.received - panel.rate_limited == 55
    assert panel.rate_limited > 0
    assert now() >= 5 * 60


@virtual_time
async def test_an_order_beyond_a_counting_limit_is_not_bought() -> None:
    panel = Panel(clock=now, rate_limit="1/min")
    async with client_of(panel, ONCE) as client:
        placed = await client.add(ORDER)
        with pytest.raises(RateLimitedError) as caught:
            await client.add(ORDER)
    assert (caught.value.sent, caught.value.http_status) == ("no", 429)
    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert [entry.result for entry in panel.ledger] == [placed]


@virtual_time
async def test_reads_beyond_the_limit_of_nginx_are_retried() -> None:
    panel = Panel(clock=now, limit_req="2r/s burst=2", pending=(9e9, 9e9))
    async with client_of(panel, batch_size=1, max_concurrency=1) as client:
        await check_values(panel, client, 60)
    assert panel.received - panel.rate_limited == 60
    assert panel.rate_limited > 0


@virtual_time
async def test_what_nginx_rejects_at_many_at_once_costs_no_other_id_its_value() -> None:
    panel = Panel(clock=now, limit_req="10r/s burst=10", pending=(9e9, 9e9))
    wanted = panel.seed_orders(100)
    async with client_of(panel, batch_size=1, max_concurrency=8) as client:
        result = await client.status_many(wanted)
    assert len(result.ok) == panel.received - panel.rate_limited >= 50
    assert {number: f"{status.charge:f}" for number, status in result.ok.items()} == {
        number: panel.expected_status(number)["charge"] for number in result.ok
    }
    errors = {(type(error), error.http_status, error.id == number) for number, error in result.failed.items()}
    assert errors <= {(TransportError, 503, True)}


@virtual_time
async def test_an_order_that_nginx_answers_is_unknown_and_was_not_bought() -> None:
    panel = Panel(clock=now, limit_req="1r/m")
    async with client_of(panel) as client:
        placed = await client.add(ORDER)
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.add(ORDER)
    assert (caught.value.sent, caught.value.http_status) == ("maybe", 503)
    assert [entry.result for entry in panel.ledger] == [placed]
    assert (panel.received, panel.rate_limited) == (2, 1)


@virtual_time
async def test_a_fresh_order_is_not_found_until_the_panel_knows_it() -> None:
    panel = Panel(clock=now, unknown_for=5.0)
    async with client_of(panel) as client:
        placed = [await client.add(ORDER) for _ in range(3)]
        result = await client.status_many(placed)
        assert {type(item.error) for item in result} == {NotFoundError}
        await asyncio.sleep(5)
        await client.status_many(placed)
        assert {(await client.status(number)).charge for number in placed} == {panel.charge(placed[0])}
    assert [entry.result for entry in panel.ledger] == placed


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.UNKNOWN])
@virtual_time
async def test_every_state_can_be_set_and_is_read(state: OrderState) -> None:
    panel = Panel(clock=now)
    async with client_of(panel) as client:
        placed, other = [await client.add(ORDER) for _ in range(2)]
        panel.set_state(placed, state.value)
        result = await client.status_many([placed, other])
    assert (result[placed].state, result[placed].status) == (state, state.value)
    assert f"{result[placed].charge:f}" == panel.expected_status(placed)["charge"]
    assert result[other].state in {OrderState.PENDING, OrderState.IN_PROGRESS}


@virtual_time
async def test_words_of_ones_own_can_be_set_and_read() -> None:
    panel = Panel(clock=now)
    transport = httpx.ASGITransport(panel.asgi)
    async with AsyncClient(
        panel.key,
        base_url="https://panel.example/",
        transport=transport,
        states={"tamamlandı": OrderState.COMPLETED},
    ) as client:
        placed = await client.add(ORDER)
        panel.set_state(placed, "Tamamlandı")
        assert (await client.status(placed)).state is OrderState.COMPLETED


@virtual_time
async def test_a_refill_is_brought_to_a_state_and_read() -> None:
    panel = Panel(clock=now)
    async with client_of(panel) as client:
        placed = await client.add(ORDER)
        panel.set_state(placed, "Completed")
        refill = await client.refill(placed)
        assert refill is not None
        panel.set_refill_state(refill, "Rejected")
        assert (await client.refill_status(refill)).state is RefillState.REJECTED
