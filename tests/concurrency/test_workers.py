import asyncio
from collections.abc import AsyncGenerator

import pytest

from agencia_async import ConfigurationError
from agencia_async._concurrency.tasks import Tasks
from tests.concurrency.scene import Work, numbers, run
from tests.support.virtual import virtual_time


@virtual_time
async def test_as_many_workers_as_allowed_and_no_more() -> None:
    work = Work()
    assert sorted([result async for result in run(numbers(9), work).results()]) == list(range(0, 90, 10))
    assert work.most == 3
    assert asyncio.get_running_loop().time() == 3
    assert len(asyncio.all_tasks()) == 1


@virtual_time
async def test_nothing_to_do_is_done_at_once() -> None:
    assert [result async for result in run(numbers(0), Work()).results()] == []


@virtual_time
async def test_the_first_batch_goes_alone_until_it_is_known_to_be_welcome() -> None:
    work = Work()
    results = run(numbers(9), work, go=False).results()
    first = asyncio.ensure_future(anext(results))
    await asyncio.sleep(0.5)
    assert work.started == [0]
    assert await first == 0
    assert len([result async for result in results]) == 8
    assert work.most == 3


@virtual_time
async def test_a_slow_consumer_holds_the_workers_back() -> None:
    work = Work()
    results = run(numbers(100), work).results()
    await anext(results)
    await asyncio.sleep(50)
    assert work.started == [0, 1, 2]
    await anext(results)
    await asyncio.sleep(50)
    assert work.started == [0, 1, 2, 3]
    await results.aclose()


@virtual_time
async def test_a_worker_goes_on_before_the_next_result_is_looked_at() -> None:
    work = Work()
    results = run(numbers(100), work).results()
    for _ in range(3):  # all of them there at the same time
        await anext(results)
    assert work.started == [0, 1, 2, 3, 4]
    await results.aclose()


@virtual_time
async def test_leaving_early_stops_at_once() -> None:
    work = Work()
    closed = False

    async def endless() -> AsyncGenerator[int, None]:
        nonlocal closed
        try:
            while True:
                yield 1
        finally:
            closed = True

    async def take_one() -> int:
        return await anext(run(endless(), work).results())

    assert await take_one() == 10
    for _ in range(5):
        await asyncio.sleep(0)
    assert work.in_flight == 0
    assert closed
    assert len(asyncio.all_tasks()) == 1


@virtual_time
async def test_an_error_of_the_work_or_the_source_reaches_the_consumer() -> None:
    async def broken() -> AsyncGenerator[int, None]:
        yield 1
        raise LookupError

    with pytest.raises(LookupError):
        [result async for result in run(broken(), Work()).results()]

    async def bad() -> AsyncGenerator[int, None]:
        yield 1
        yield -1

    with pytest.raises(ZeroDivisionError):
        [result async for result in run(bad(), Work()).results()]
    assert len(asyncio.all_tasks()) == 1


@virtual_time
async def test_closing_the_owner_ends_the_consumer_with_an_error() -> None:
    tasks = Tasks()
    results = run(numbers(9), Work(), tasks=tasks).results()
    await anext(results)
    await tasks.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        [result async for result in results]


@virtual_time
async def test_a_cancellation_out_of_the_source_is_one_of_the_consumer() -> None:
    async def cancelled() -> AsyncGenerator[int, None]:
        yield 1
        raise asyncio.CancelledError

    results = run(cancelled(), Work()).results()
    with pytest.raises(asyncio.CancelledError):
        [result async for result in results]


@virtual_time
async def test_what_is_no_exception_reaches_the_consumer_too() -> None:
    class Exit(BaseException):
        pass

    async def leaving() -> AsyncGenerator[int, None]:
        yield 1
        raise Exit

    with pytest.raises(Exit):
        [result async for result in run(leaving(), Work()).results()]


@virtual_time
async def test_a_fault_of_the_source_waits_for_what_is_in_flight() -> None:
    async def broken() -> AsyncGenerator[int, None]:
        yield 1
        yield 2
        raise LookupError

    results = run(broken(), Work()).results()
    assert sorted([await anext(results), await anext(results)]) == [10, 20]
    with pytest.raises(LookupError):
        await anext(results)
