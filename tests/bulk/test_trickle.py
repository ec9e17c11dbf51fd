"""A source that gives an id now and then gets its answers; one that gives many gets full batches."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from agencia_async import AsyncClient
from agencia_async._bulk.trickle import Trickle
from agencia_async._concurrency.tasks import Tasks
from tests.support.away import AwayPanel
from tests.support.virtual import virtual_time


async def at(*times: float) -> AsyncIterator[int]:
    """An id at each of these times."""
    loop = asyncio.get_running_loop()
    for number, time in enumerate(times, 1):
        await asyncio.sleep(max(0.0, time - loop.time()))
        yield number


def now() -> float:
    return asyncio.get_running_loop().time()


async def taken(trickle: Trickle[int]) -> list[tuple[list[int], float]]:
    """The lists, and when they came."""
    return [(chunk, round(now(), 3)) async for chunk in trickle.chunks()]


def trickle(source: AsyncIterator[int], size: int = 3, *, idle: bool = True) -> Trickle[int]:
    return Trickle(source, lambda: size, lambda _: True, is_idle=lambda: idle, tasks=Tasks())


@virtual_time
async def test_a_list_leaves_when_it_is_full_or_nothing_comes_for_a_moment() -> None:
    found = await taken(trickle(at(0, 0, 0, 0, 10, 10.01, 20)))
    assert found == [([1, 2, 3], 0.0), ([4], 0.05), ([5, 6], 10.05), ([7], 20.0)]


@virtual_time
async def test_while_something_is_in_flight_a_list_waits_until_it_is_full() -> None:
    found = await taken(trickle(at(0, 1, 2, 3), idle=False))
    assert found == [([1, 2, 3], 2.0), ([4], 3.0)]


@virtual_time
async def test_nothing_is_read_before_it_is_asked_for() -> None:
    read: list[int] = []

    async def endless() -> AsyncIterator[int]:
        while True:
            read.append(len(read))
            yield read[-1]

    lists = trickle(endless()).chunks()
    await asyncio.sleep(1)
    assert read == []
    assert await anext(lists) == [0, 1, 2]
    await asyncio.sleep(1)
    assert read == [0, 1, 2]
    await lists.aclose()


@virtual_time
async def test_what_came_before_an_error_of_the_source_is_not_lost() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise LookupError("the queue is gone")

    lists = trickle(broken()).chunks()
    assert await anext(lists) == [1]
    with pytest.raises(LookupError, match="the queue is gone"):
        await anext(lists)


@virtual_time
async def test_a_source_that_is_cancelled_cancels_the_call() -> None:
    async def cancelled() -> AsyncIterator[int]:
        yield 1
        raise asyncio.CancelledError

    lists = trickle(cancelled()).chunks()
    assert await anext(lists) == [1]
    with pytest.raises(asyncio.CancelledError):
        await anext(lists)


@virtual_time
async def test_to_leave_early_ends_the_source() -> None:
    ended: list[float] = []

    async def waiting() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(1000)
        finally:
            ended.append(now())

    lists = trickle(waiting()).chunks()
    assert await anext(lists) == [1]
    await lists.aclose()
    assert ended == [0.05]


async def three_a_minute(ids: Iterable[int]) -> AsyncIterator[int]:
    for number in ids:
        await asyncio.sleep(20)
        yield number


@virtual_time
async def test_three_ids_a_minute_are_answered_as_they_come() -> None:
    panel = AwayPanel()
    answered: list[tuple[object, float]] = []
    async with AsyncClient("KEY", base_url="https://panel.example/", transport=panel) as client:
        async for item in client.status_iter(three_a_minute(range(1, 8))):
            assert item.ok
            answered.append((item.id, now()))
    assert [number for number, _ in answered] == list(range(1, 8))
    assert all(20 * place < time < 20 * place + 0.2 for place, (_, time) in enumerate(answered, 1))


@virtual_time
async def test_a_fast_source_still_travels_in_full_batches() -> None:
    panel = AwayPanel()
    async with AsyncClient("KEY", base_url="https://panel.example/", transport=panel) as client:
        items = [item async for item in client.status_iter(at(*[0.0] * 1000))]
    assert len(items) == 1000
    assert len(panel.sent) == 10
