import asyncio
from collections.abc import Callable

import httpx
import pytest

from agencia_async import AsyncClient, RateLimit, RateLimitedError, TransportError
from agencia_async._pace import Limit, Pace, Places, Slots
from tests.virtual import virtual_time


def pace(limit: RateLimit | None = None) -> Pace:
    return Pace(limit, "account", asyncio.get_running_loop().time)


def forever() -> float:
    return 1e9


@virtual_time
async def test_without_a_limit_nothing_waits() -> None:
    it = pace()
    assert [await it.turn() for _ in range(3)] == [0, 0, 0]


@virtual_time
async def test_a_limit_spaces_requests_evenly() -> None:
    it = pace(RateLimit(60, per=30))
    waits = await asyncio.gather(*(it.turn() for _ in range(4)))
    assert waits == [0, 0.5, 1.0, 1.5]
    await asyncio.sleep(10)
    assert [await it.turn(), await it.turn()] == [0, 0.5]


@virtual_time
async def test_a_pause_holds_everybody_back() -> None:
    it = pace()
    clock = asyncio.get_running_loop().time
    it.pause(5)
    it.pause(2)
    await asyncio.gather(it.resume(forever), it.resume(forever))
    assert clock() == 5
    await it.resume(forever)
    assert clock() == 5


@virtual_time
async def test_a_pause_that_grows_is_waited_for_to_its_end() -> None:
    it = pace()
    it.pause(5)
    waiting = asyncio.create_task(it.resume(forever))
    await asyncio.sleep(1)
    it.pause(9)
    await waiting
    assert asyncio.get_running_loop().time() == 10


@virtual_time
async def test_a_pause_beyond_the_deadline_is_not_waited_for() -> None:
    it = pace()
    it.pause(5)
    with pytest.raises(RateLimitedError, match="lasts 5 s more") as caught:
        await it.resume(lambda: 5.0)
    assert (caught.value.retry_after, caught.value.sent) == (5, "no")


@virtual_time
async def test_slots_bound_what_is_under_way() -> None:
    slots = Slots(2)
    under_way: list[int] = []
    seen: list[int] = []

    async def work(number: int) -> None:
        async with slots.one(forever):
            under_way.append(number)
            seen.append(len(under_way))
            await asyncio.sleep(1)
            under_way.remove(number)

    await asyncio.gather(*map(work, range(5)))
    assert max(seen) == 2
    assert asyncio.get_running_loop().time() == 3


@virtual_time
async def test_a_slot_is_waited_for_until_the_deadline() -> None:
    slots = Slots(1)
    async with slots.one(forever):
        with pytest.raises(TransportError, match="busy until the deadline") as caught:
            await slots.one(lambda: 3.0).__aenter__()
        assert (caught.value.sent, caught.value.__context__) == ("no", None)
        assert asyncio.get_running_loop().time() == 3
    async with slots.one(forever):
        pass


class Counted(Limit):
    """A limit that lets everything through; tells whose it is, what was asked for, and its end."""

    def __init__(self) -> None:
        self.accounts: list[str] = []
        self.asked = self.closed = 0

    def open(self, clock: Callable[[], float], account: str) -> "CountedPlaces":
        assert clock() >= 0
        self.accounts.append(account)
        return CountedPlaces(self)


class CountedPlaces(Places):
    def __init__(self, limit: Counted) -> None:
        self._limit = limit

    async def place(self) -> float:
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
