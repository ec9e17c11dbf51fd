import asyncio
import itertools
from collections.abc import Callable

import httpx
import pytest

from agencia_async import AsyncClient, DefaultOrder, RateLimit
from agencia_async._limits.rate_limit import EvenReservations, Limit, Reservations
from tests.calls.scene import Panel, good
from tests.calls.scene import client as client_of
from tests.support.virtual import virtual_time


def now() -> float:
    return asyncio.get_running_loop().time()


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def taken(places: EvenReservations, clock: Clock, count: int, late: float = 0.0) -> list[float]:
    """When so many places are used by one who is always a little late."""
    times = []
    for _ in range(count):
        clock.now += await places.reserve() + late
        times.append(clock.now)
    return times


@pytest.mark.parametrize(
    ("limit", "interval"),
    [
        (RateLimit(60, per=30), 30.25 / 60),
        (RateLimit(20, per=1), 0.051),
        (RateLimit(1, per=0.5), 0.51),
        (RateLimit(0.5, per=60), 120.5),
    ],
)
async def test_reservations_are_even_and_take_a_little_longer_than_the_limit_says(
    limit: RateLimit, interval: float
) -> None:
    clock = Clock()
    times = await taken(limit.open(clock, "account"), clock, 5)
    assert times[0] == 100
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == pytest.approx([interval] * 4)


async def test_whoever_is_a_little_late_moves_nobody_and_none_comes_too_early() -> None:
    clock = Clock()
    times = await taken(RateLimit(20, per=1).open(clock, "account"), clock, 100, late=0.0009)
    assert times[-1] - times[0] == pytest.approx(99 * 0.051)
    clock = Clock()
    places = RateLimit(20, per=1).open(clock, "account")
    await places.reserve()
    clock.now += 0.06
    assert await places.reserve() == 0
    assert await places.reserve() == pytest.approx(0.05)


async def test_what_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    places = RateLimit(20, per=1).open(clock, "account")
    await places.reserve()
    clock.now += 10
    assert await places.reserve() == 0
    assert await places.reserve() == pytest.approx(0.05)
    await places.aclose()


@virtual_time
async def test_a_poll_of_many_ids_delays_no_order() -> None:
    loop = asyncio.get_running_loop()

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        answers = {"action=add": {"order": 5}, "action=balance": {"balance": "1"}}
        body = request.content.decode()
        content = next(
            (answer for action, answer in answers.items() if action in body), {"status": "Pending"}
        )
        return httpx.Response(200, json=content)

    async with AsyncClient(
        "KEY",
        base_url="https://panel.example/",
        transport=httpx.MockTransport(answer),
        rate_limit=RateLimit(20, per=1),
    ) as client:
        poll = asyncio.create_task(client.status_many(range(100_000)))
        await asyncio.sleep(2)
        began, sent = loop.time(), client.requests_sent
        await client.status(1)
        assert client.requests_sent - sent <= 4
        await asyncio.gather(
            client.add(ORDER), client.cancel_many([1, 2]), client.balance(), return_exceptions=True
        )
        assert loop.time() - began <= 0.5
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)


ORDER = DefaultOrder(service=1, link="https://example.com/p/1", quantity=100)


class Counted(Limit):
    """A limit that lets everything through; tells whose it is, what was asked for, and its end."""

    def __init__(self) -> None:
        self.accounts: list[str] = []
        self.asked = self.closed = 0

    def open(self, clock: Callable[[], float], account: str) -> "CountedPlaces":
        assert clock() >= 0
        self.accounts.append(account)
        return CountedPlaces(self)


class CountedPlaces(Reservations):
    def __init__(self, limit: Counted) -> None:
        self._limit = limit

    async def reserve(self) -> float:
        self._limit.asked += 1
        await asyncio.sleep(0)
        return 0.0

    async def aclose(self) -> None:
        self._limit.closed += 1


async def test_any_limit_may_be_asked_and_is_closed_with_the_client() -> None:
    limits = [Counted() for _ in range(4)]
    panel = httpx.MockTransport(lambda _: httpx.Response(200, json={"balance": "1", "currency": "USD"}))
    cases = [("KEY", "a"), ("KEY", "a"), ("KEY", "b"), ("OTHER", "a")]
    for (key, host), limit in zip(cases, limits, strict=True):
        url = f"https://{host}.example/"
        async with AsyncClient(key, base_url=url, transport=panel, rate_limit=limit) as client:
            assert limit.accounts == []
            await asyncio.gather(client.balance(), client.balance())
        assert (limit.asked, limit.closed) == (2, 1)
    first, same, elsewhere, other = (account for limit in limits for account in limit.accounts)
    assert first == same
    assert len({first, elsewhere, other}) == 3
    assert "KEY" not in first


@virtual_time
async def test_one_object_is_one_limit_for_all_clients_of_an_account() -> None:
    limit = RateLimit(10, per=1)
    first, second = limit.open(now, "account"), limit.open(now, "account")
    other = limit.open(now, "another account")
    waits = [await one.reserve() for one in (first, second, first, second)]
    assert waits == sorted(waits)
    assert waits[-1] >= 0.3
    assert await other.reserve() == 0
    assert await RateLimit(10, per=1).open(now, "account").reserve() == 0
    assert (limit, hash(limit)) == (RateLimit(10, per=1), hash(RateLimit(10, per=1)))


def test_each_event_loop_has_its_own() -> None:
    limit = RateLimit(1, per=100)

    async def reserved() -> float:
        reservations = limit.open(now, "account")
        return await reservations.reserve()

    assert [asyncio.run(reserved()) for _ in range(2)] == [0, 0]


@virtual_time
async def test_two_clients_of_one_account_keep_to_one_limit_together() -> None:
    limit, panel = RateLimit(1, per=1), Panel(good())
    async with client_of(panel, rate_limit=limit) as one, client_of(panel, rate_limit=limit) as other:
        await asyncio.gather(*(it.balance() for it in (one, other, one, other)))
    assert [round(time) for time in panel.times] == [0, 1, 2, 3]
