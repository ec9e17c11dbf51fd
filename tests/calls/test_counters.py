"""What `AsyncClient.stats` tells."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest
from attrs import evolve

from agencia_async import (
    AsyncClient,
    OutcomeUnknownError,
    RateLimit,
    RateLimitedError,
    RedisRateLimit,
    RetryPolicy,
    Stats,
    TransportError,
)
from agencia_async._limits.rate_limit import Limit, Reservations
from tests.bulk.scene import Answering
from tests.calls.scene import BROKEN, ORDER, Panel, client, good
from tests.support.virtual import virtual_time

NOTHING = Stats(
    requests=0,
    ids=0,
    retries=0,
    rate_limited=0,
    unknown=0,
    in_flight=0,
    queued=0,
    pace=None,
    circuit="closed",
)
TOO_MANY = httpx.Response(429, headers={"Retry-After": "1"})


def counted(it: AsyncClient) -> tuple[int, int, int]:
    stats = it.stats()
    return stats.requests, stats.ids, stats.retries


def test_a_new_client_has_done_nothing() -> None:
    it = client(Panel())
    assert it.stats() == NOTHING
    assert json.loads(json.dumps(it.stats().to_dict())) == {
        **dict.fromkeys(["requests", "ids", "retries", "rate_limited", "unknown", "in_flight", "queued"], 0),
        "pace": None,
        "circuit": "closed",
        "away_for": None,
        "retry_in": None,
    }


async def test_requests_and_ids_are_counted() -> None:
    async with client(Answering(good())) as it:
        await it.status_many(range(250))
        assert counted(it) == (3, 250, 0)
        await it.status(1)
        await it.balance()
        assert counted(it) == (5, 251, 0)


@virtual_time
async def test_the_ids_of_a_retry_do_not_count_again() -> None:
    async with client(Panel(BROKEN, TOO_MANY, httpx.Response(200, json={"status": "Pending"}))) as it:
        await it.status(1)
        assert counted(it) == (3, 1, 2)
        assert it.stats().rate_limited == 1


@virtual_time
async def test_each_write_whose_outcome_is_unknown_counts() -> None:
    async with client(Panel(BROKEN)) as it:
        with pytest.raises(OutcomeUnknownError):
            await it.add(ORDER)
        assert it.stats().unknown == 1
    async with client(Panel(BROKEN)) as it:
        await it.cancel_many([1, 2, 3])
        assert it.stats().unknown == 3


@virtual_time
async def test_a_read_that_fails_has_no_unknown_outcome() -> None:
    async with client(Panel(BROKEN), retry=RetryPolicy(attempts=1)) as it:
        with pytest.raises(TransportError):
            await it.balance()
        assert it.stats().unknown == 0


@virtual_time
async def test_a_single_write_whose_row_may_have_been_done_counts() -> None:
    row = httpx.Response(200, json={"5": {"error": "Internal server error"}})
    async with client(Panel(row)) as it:
        outcome = await it.refill_many([5])
        assert isinstance(outcome.failed[5], OutcomeUnknownError)
        assert it.stats().unknown == 1


@virtual_time
async def test_what_is_in_flight_and_what_waits_is_told() -> None:
    async with client(Panel(5.0), max_concurrency=2) as it:
        calls = [asyncio.create_task(it.balance()) for _ in range(5)]
        await asyncio.sleep(1)
        assert (it.stats().in_flight, it.stats().queued) == (2, 3)
        await asyncio.gather(*calls)
        assert it.stats() == evolve(NOTHING, requests=5)


@virtual_time
async def test_an_outage_is_told_from_its_beginning_to_the_probe_that_ends_it() -> None:
    seen: list[tuple[str, float]] = []
    waits: list[tuple[float | None, float | None]] = []
    panel = Panel(*[BROKEN] * 5, 2.0, good())
    async with client(panel) as it:
        calls = asyncio.gather(*(it.balance() for _ in range(5)))
        while not calls.done():
            circuit = it.stats().circuit
            if circuit not in [told for told, _ in seen]:
                seen.append((circuit, asyncio.get_running_loop().time()))
            if circuit != "closed":
                waits.append((it.stats().away_for, it.stats().retry_in))
            await asyncio.sleep(0.01)
        await calls
        assert [circuit for circuit, _ in seen] == ["closed", "open", "half_open"]
        assert waits[0] == pytest.approx((0.01, 0.49))
        assert waits[20] == pytest.approx((0.21, 0.29))
        assert waits[-1] == pytest.approx((2.49, 0.0), abs=0.02)
        assert it.stats().circuit == "closed"
        assert it.stats().retries == 5


@virtual_time
async def test_a_cooldown_tells_when_it_ends() -> None:
    async with client(Panel(TOO_MANY, good())) as it:
        call = asyncio.ensure_future(it.balance())
        await asyncio.sleep(0.4)
        assert it.stats().retry_in == pytest.approx(0.6)
        assert it.stats().away_for is None
        await call
        assert it.stats().retry_in is None


@pytest.mark.parametrize(
    ("limit", "pace"),
    [
        (RateLimit(30, per=60), 0.5),
        (RedisRateLimit("redis://127.0.0.1:1/0", 120, per=60), 2.0),
        (None, None),
    ],
)
def test_the_pace_is_that_of_the_configured_limit(limit: Limit | None, pace: float | None) -> None:
    assert client(Panel(), rate_limit=limit).stats().pace == pace


def test_a_limit_of_another_kind_need_not_tell_its_pace() -> None:
    class Own(Limit):
        def open(self, clock: Callable[[], float], account: str) -> Reservations:
            raise AssertionError(clock, account)  # pragma: no cover - nothing is sent

    assert client(Panel(), rate_limit=Own()).stats().pace is None


@virtual_time
async def test_the_pace_is_the_lower_of_the_configured_and_the_discovered_one() -> None:
    """The panel refuses most of what is in flight: that is a limit."""
    times: list[float] = []

    class Limited(Panel):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await super().handle_async_request(request)
            at = self.times[-1]
            times[:] = [time for time in times if at - time < 1]
            if len(times) >= 5:
                return httpx.Response(429)
            times.append(at)
            return good()

    async with client(Limited(good()), retry=RetryPolicy(attempts=50, deadline=1000)) as it:
        await asyncio.gather(*(it.balance() for _ in range(60)), return_exceptions=True)
        found = it.stats().pace
        assert found is not None
        assert 2 < found < 7
        channel = it._sender.channel  # noqa: SLF001 - not for users
        assert channel.stats(found * 2).pace == found
        assert channel.stats(found / 2).pace == found / 2
        assert it.stats().rate_limited > 0


async def test_a_call_that_is_refused_for_the_rate_counts_as_such() -> None:
    async with client(Panel(TOO_MANY), retry=RetryPolicy(attempts=1)) as it:
        with pytest.raises(RateLimitedError):
            await it.balance()
        assert (it.stats().rate_limited, it.stats().retries) == (1, 0)
