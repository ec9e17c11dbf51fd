"""What the script does, in a real Redis."""

from collections.abc import AsyncIterator

import pytest

from agencia_async._limits.redis_store import RedisStore
from tests.support.redis_server import Server

from .scene import looked

ACCOUNT = "0123abcd"
NEXT, CLIENTS = "agencia-async:{0123abcd}:next", "agencia-async:{0123abcd}:clients"
SECOND = 1_000_000
INTERVAL = 10.0
"""Seconds: so many that however slow the machine is, no place comes to pass during a test."""


@pytest.fixture
async def stores(server: Server) -> AsyncIterator[list[RedisStore]]:
    """Three clients of one account."""
    stores = [RedisStore(server.url, ACCOUNT, INTERVAL) for _ in range(3)]
    yield stores
    for store in stores:
        await store.aclose()


def clock(server: Server) -> int:
    """The server's time, in microseconds."""
    with looked(server) as it:
        seconds, rest = it.time()
    return int(seconds) * SECOND + int(rest)


def after(server: Server) -> int:
    """The time of the next free place, in microseconds."""
    with looked(server) as it:
        return int(it.get(NEXT) or 0)


async def test_reservations_are_even_whoever_makes_them(server: Server, stores: list[RedisStore]) -> None:
    for store in stores:
        await store.reserve()
    last = after(server)
    for number, store in enumerate([stores[1], stores[2], stores[1], stores[0]], 1):
        wait, clients = await store.reserve()
        assert after(server) == last + 10 * SECOND * number
        assert 10 * (number + 1) < wait < 10 * (number + 2) + 1
        assert clients == 3


async def test_behind_the_first_slots_of_a_client_there_is_some_room(
    server: Server, stores: list[RedisStore]
) -> None:
    before = clock(server)
    assert await stores[0].reserve() == (0.0, 1)
    first = after(server) - 10 * SECOND - SECOND // 10
    assert before <= first <= clock(server)
    assert (await stores[1].reserve()).clients == 2
    assert after(server) == first + 20 * SECOND + SECOND // 5


async def test_the_room_is_no_more_than_another_place(server: Server) -> None:
    store = RedisStore(server.url, ACCOUNT, 0.05)
    with looked(server) as it:
        now = clock(server)
        it.zadd(CLIENTS, {f"client {number}": now for number in range(1000)})  # so many places are taken
        it.set(NEXT, now + 50 * SECOND)
    assert (await store.reserve()).clients == 1001
    assert after(server) == now + 50 * SECOND + SECOND // 10
    await store.aclose()


async def test_to_look_takes_no_slot(server: Server, stores: list[RedisStore]) -> None:
    await stores[0].reserve()
    taken = after(server)
    assert (await stores[1].reserve(0)).clients == 2
    assert after(server) == taken


async def test_a_slot_that_has_passed_is_not_saved_up(server: Server, stores: list[RedisStore]) -> None:
    with looked(server) as it:
        it.set(NEXT, clock(server) - 3600 * SECOND)
    before = clock(server)
    assert (await stores[0].reserve()).wait == 0.0
    assert after(server) >= before + 10 * SECOND


async def test_a_clock_that_is_set_back_holds_nobody_up(server: Server, stores: list[RedisStore]) -> None:
    with looked(server) as it:
        it.set(NEXT, clock(server) + 3600 * SECOND)
    assert (await stores[0].reserve()).wait == 0.0
    assert after(server) <= clock(server) + 11 * SECOND


async def test_whatever_is_kept_has_an_end(server: Server, stores: list[RedisStore]) -> None:
    for store in stores:
        await store.reserve()
    with looked(server) as it:
        assert sorted(it.scan_iter()) == [CLIENTS.encode(), NEXT.encode()]
        assert 20_000 < int(it.pttl(NEXT)) <= 30_301
        assert 70_000 < int(it.pttl(CLIENTS)) <= 80_200


async def test_who_was_not_seen_for_a_minute_is_not_counted(server: Server, stores: list[RedisStore]) -> None:
    with looked(server) as it:
        it.zadd(CLIENTS, {"long gone": clock(server) - 61 * SECOND, "just gone": clock(server) - 40 * SECOND})
    assert (await stores[0].reserve()).clients == 2
    with looked(server) as it:
        assert it.zscore(CLIENTS, "long gone") is None


async def test_who_leaves_is_not_counted(stores: list[RedisStore]) -> None:
    for store in stores:
        await store.reserve()
    await stores[0].leave()
    assert (await stores[1].reserve()).clients == 2


async def test_accounts_do_not_wait_for_each_other(server: Server, stores: list[RedisStore]) -> None:
    other = RedisStore(server.url, "another", INTERVAL)
    await stores[0].reserve()
    assert await other.reserve() == (0.0, 1)
    await other.aclose()


async def test_a_redis_that_was_restarted_is_told_the_script_again(
    server: Server, stores: list[RedisStore]
) -> None:
    await stores[0].reserve()
    server.stop()
    server.start()
    assert await stores[0].reserve() == (0.0, 1)
