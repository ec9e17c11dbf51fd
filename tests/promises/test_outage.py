"""An outage costs time, not ids: what a client does while a panel is away, limited or broken.

In virtual time, with the intervals and deadlines of the library.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from agencia_async import (
    AgenciaError,
    AsyncClient,
    ConfigurationError,
    DefaultOrder,
    OutcomeUnknownError,
    RateLimitedError,
    RetryPolicy,
    TransportError,
)
from agencia_async.journal import Journal
from tests.support.away import AwayPanel
from tests.support.rounds import rounds
from tests.support.virtual import virtual_time

IDS = rounds(12_000, nightly=60_000)
ORDERS = rounds(200, nightly=600)
HOW = ["502", "503", "reset", "refused"]


def from_to(start: float, end: float) -> Callable[[float], bool]:
    return lambda now: start <= now < end


def client_of(panel: AwayPanel, **options: Any) -> AsyncClient:  # noqa: ANN401 - of the client
    return AsyncClient("KEY", base_url="https://panel.example/", transport=panel, **options)


def order(number: int) -> DefaultOrder:
    return DefaultOrder(service=1, link=f"https://example.com/{number}", quantity=10)


def time() -> float:
    return asyncio.get_running_loop().time()


async def poll(panel: AwayPanel, count: int, **options: Any) -> tuple[list[AgenciaError], list[float]]:  # noqa: ANN401
    """The errors of that many ids, and when each id ended."""
    errors: list[AgenciaError] = []
    times: list[float] = []
    async with client_of(panel, **options) as client:
        async for item in client.status_iter(range(1, count + 1)):
            errors += [] if item.error is None else [item.error]
            times.append(time())
    return errors, times


async def place(panel: AwayPanel, count: int, **options: Any) -> Counter[str]:  # noqa: ANN401 - of the client
    """What became of that many orders, ten at a time."""
    told: Counter[str] = Counter()
    free = asyncio.Semaphore(10)

    async def one(number: int) -> None:
        async with free:
            try:
                await client.add(order(number))
                told["placed"] += 1
            except OutcomeUnknownError as error:
                told[error.sent if error.sent != "no" else "wrong"] += 1
            except AgenciaError as error:
                told[error.sent] += 1

    async with client_of(panel, **options) as client:
        await asyncio.gather(*map(one, range(count)))
    return told


@pytest.mark.parametrize("how", HOW)
@virtual_time
async def test_a_poll_waits_out_an_outage(how: str) -> None:
    panel = AwayPanel(from_to(0.2, 5.2), how)
    errors, times = await poll(panel, IDS)
    assert errors == []
    assert len(times) == IDS
    assert panel.count("away") <= 10 + 12
    assert min(at for at in times if at > 5.2) < 5.2 + 2.5
    full = sum(7.7 <= at < 8.2 for at in times)  # half a second, three seconds after its return
    assert full >= 0.9 * 0.5 * 20_000 or max(times) < 8.2


@pytest.mark.parametrize("slots", [1, 2, 4, 50])
@virtual_time
async def test_however_many_requests_may_be_in_flight(slots: int) -> None:
    panel = AwayPanel(from_to(0.2, 5.2))
    errors, times = await poll(panel, 4_000, max_concurrency=slots)
    assert (errors, len(times)) == ([], 4_000)
    assert panel.count("away") <= slots + 12


@pytest.mark.parametrize("how", HOW)
@virtual_time
async def test_orders_in_flight_are_unknown_and_no_others(how: str) -> None:
    panel = AwayPanel(from_to(0.2, 5.2), how)
    told = await place(panel, ORDERS)
    assert told["no"] == 0
    assert told["maybe"] + told["yes"] <= 10
    assert told["placed"] == len(panel.bought) == len({*panel.bought})
    assert told.total() == ORDERS


@virtual_time
async def test_a_panel_that_is_away_for_ever_ends_all_at_the_deadline() -> None:
    panel = AwayPanel(from_to(0.2, 1e9))
    async with client_of(panel) as client:
        result = await client.status_many(range(IDS))
        assert 60 <= time() <= 62.2
        failed = [*result.failed.values()]
        assert len(failed) + len(result.ok) == IDS
        assert {(type(error), error.sent) for error in failed} == {(TransportError, "no")}
        assert all("the panel has not answered for 60 s, since " in str(error) for error in failed)
        assert all("(HTTP 502: Bad gateway)" in str(error) for error in failed)
        assert panel.count("away", since=1) <= 40
        began = time()
        for _ in range(50):
            with pytest.raises(TransportError, match="has not answered for"):
                await client.balance()
        assert time() == began


@virtual_time
async def test_when_it_is_back_after_long_the_first_call_finds_it() -> None:
    panel = AwayPanel(from_to(0.0, 100.0), "refused")
    async with client_of(panel) as client:
        assert len((await client.status_many(range(1000))).failed) == 1000
        with pytest.raises(TransportError):
            await client.balance()
        await asyncio.sleep(10)
        with pytest.raises(TransportError, match="the panel has not answered for 7"):
            await client.add(order(1))  # waits for a look, which is due
        assert time() < 71
        await asyncio.sleep(100 - time())
        assert (await client.balance()).currency == "USD"
        assert (await client.add(order(1))) == 1


@virtual_time
async def test_a_call_that_comes_in_an_outage_waits_for_its_end() -> None:
    panel = AwayPanel(from_to(0.0, 30.0))
    async with client_of(panel) as client:
        polled = asyncio.create_task(client.status_many(range(1000)))
        await asyncio.sleep(12)
        assert (await client.status(1)).remains == 157
        assert 30 <= time() < 36
        (await polled).raise_for_failures()


@virtual_time
async def test_a_call_that_comes_in_an_outage_waits_until_its_deadline_and_no_longer() -> None:
    panel = AwayPanel(from_to(0.0, 1000.0))
    async with client_of(panel, retry=RetryPolicy(deadline=20)) as client:
        polled = asyncio.create_task(client.status_many(range(1000)))
        await asyncio.sleep(12)
        with pytest.raises(TransportError, match="the panel has not answered for 20 s") as caught:
            await client.status(1)
        assert caught.value.sent == "no"
        assert 20 <= time() < 20.2
        assert len((await polled).failed) == 1000


@virtual_time
async def test_a_call_from_before_an_outage_ends_at_its_own_deadline() -> None:
    panel = AwayPanel(from_to(0.0, 1000.0))
    async with client_of(panel, retry=RetryPolicy(first_wait=0, deadline=20)) as client:
        call = asyncio.create_task(client.balance())
        await asyncio.sleep(0.03)
        polled = asyncio.create_task(client.status_many(range(1000)))
        with pytest.raises(TransportError, match="the panel has not answered for 20 s"):
            await call
        assert time() == 20
        await polled


@virtual_time
async def test_an_attempt_that_the_deadline_cut_short_says_nothing_of_the_panel() -> None:
    panel = AwayPanel(latency=3.0)
    policy = RetryPolicy(attempts=1, deadline=1)
    async with client_of(panel, retry=policy) as client:
        for _ in range(20):
            with pytest.raises(TransportError, match="no whole reply within the 1 s left of the deadline"):
                await client.balance()
    assert client.requests_sent == 20


@virtual_time
async def test_a_failing_server_is_no_answer_that_lets_orders_go() -> None:
    """It is looked for at growing intervals; then the orders that wait fail."""
    panel = AwayPanel(from_to(0.0, 70.0), "500")
    async with client_of(panel) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.add(order(1))
        with pytest.raises(
            TransportError, match="not sent: the outcome of the last write is unknown"
        ) as caught:
            await client.add(order(2))
        assert (caught.value.sent, caught.value.attempts) == ("no", 0)
        assert 60 <= time() < 61
        with pytest.raises(TransportError, match="not sent"):
            await client.add(order(3))
        await asyncio.sleep(100 - time())
        assert await client.add(order(4)) == 1
    looks = [at for at, action, _ in panel.sent if action == "balance"]
    assert len(looks) < 30
    assert max(later - earlier for earlier, later in itertools.pairwise(looks[:15])) < 5.2


@virtual_time
async def test_what_waits_when_the_client_is_closed_sends_nothing() -> None:
    panel = AwayPanel(from_to(0.0, 1000.0))
    client = client_of(panel)
    calls = [asyncio.create_task(client.add(order(number))) for number in range(20)]
    await asyncio.sleep(3)
    received = len(panel.sent)
    await client.aclose()
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(error, ConfigurationError) for error in errors) == 10
    assert len(panel.sent) == received


@virtual_time
async def test_a_bulk_call_waits_for_as_long_as_the_panel_asks() -> None:
    panel = AwayPanel(busy=from_to(0.0, 90.0))
    async with client_of(panel) as client:
        result = await client.status_many(range(1000))
        assert len(result.ok) == 1000
        assert 90 <= time() < 92
        panel.busy = from_to(100.0, 200.0)
        await asyncio.sleep(100 - time())
        with pytest.raises(RateLimitedError):  # a single call only if its deadline allows it
            await client.balance()
        assert time() < 101


@virtual_time
async def test_orders_that_collide_are_sent_one_at_a_time_from_then_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    panel = AwayPanel(collides=True)
    told = await place(panel, 60)
    assert told["placed"] == 60 - told["yes"]
    assert told["yes"] <= 10
    assert panel.collisions == told["yes"]
    assert (
        "an order collided with others in flight: they are sent one at a time for a while" in caplog.messages
    )


@virtual_time
async def test_writes_can_be_kept_apart_from_the_beginning() -> None:
    panel = AwayPanel(collides=True)
    told = await place(panel, 60, max_concurrent_writes=1)
    assert (told["placed"], panel.collisions) == (60, 0)


@virtual_time
async def test_after_an_order_with_an_unknown_outcome_the_next_waits_for_an_answer() -> None:
    panel = AwayPanel(from_to(0.0, 0.01), "reset")
    async with client_of(panel) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.add(order(1))
        assert await client.add(order(2)) == 1
    assert [action for _, action, _ in panel.sent] == ["add", "balance", "add"]


@virtual_time
async def test_a_read_that_waits_is_the_look_whether_the_panel_answers() -> None:
    panel = AwayPanel(from_to(0.0, 0.01), "reset")
    async with client_of(panel, batch_window=0) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.add(order(1))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.status(1))
            await asyncio.sleep(0.001)
            added = tasks.create_task(client.add(order(2)))
    assert added.result() == 1
    assert [action for _, action, _ in panel.sent] == ["add", "status", "add"]


@virtual_time
async def test_orders_that_are_answered_with_pages_stop_the_rest() -> None:
    panel = AwayPanel(fails=lambda _now: True)
    told = await place(panel, ORDERS)
    assert (told["placed"], told["maybe"] + told["yes"]) == (0, 10 + 2)
    assert told["no"] == ORDERS - 12
    assert [action for _, action, _ in panel.sent].count("add") == 12


@virtual_time
async def test_orders_go_on_when_they_are_answered_again() -> None:
    panel = AwayPanel(fails=from_to(0.2, 1.0))
    told = await place(panel, ORDERS)
    assert told["maybe"] + told["yes"] <= 12
    assert told["placed"] == ORDERS - told["maybe"] - told["yes"] == len(panel.bought)


@virtual_time
async def test_a_poll_keeps_to_the_limit_of_a_web_server() -> None:
    panel = AwayPanel(limit=(10, 5))
    errors, times = await poll(panel, IDS)
    assert (errors, len(times)) == ([], IDS)
    last = panel.sent[-1][0]
    assert panel.count("ok", since=5) >= 0.9 * 10 * (last - 5)


@virtual_time
async def test_orders_at_the_limit_of_a_web_server_are_seldom_unknown() -> None:
    panel = AwayPanel(limit=(10, 5))
    told = await place(panel, 300)
    assert told["maybe"] + told["yes"] <= 3 * 10
    assert told["placed"] == len(panel.bought) == 300 - told["maybe"] - told["yes"]


async def test_orders_of_a_journal_wait_for_as_long_as_the_panel_asks() -> None:
    """In real time, as the journal has a thread: longer than the deadline of a single call."""
    panel = AwayPanel(busy=from_to(0.0, time() + 0.5), latency=0.0)
    pairs = [(f"r{number}", order(number)) for number in range(30)]
    async with client_of(panel, retry=RetryPolicy(deadline=0.4)) as client, Journal(":memory:") as journal:
        with pytest.raises(RateLimitedError):
            await journal.place(client, "alone", order(99))
        items = [item async for item in journal.place_iter(client, pairs)]
    assert sorted(str(item.unwrap().order_id) for item in items) == sorted(map(str, range(1, 31)))
