import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

import pytest

from agencia_async import ConfigurationError, NotFoundError
from agencia_async._concurrency.workers import Coalescer, Run, Tasks
from tests.support.virtual import virtual_time


async def numbers(count: int) -> AsyncGenerator[int, None]:
    for number in range(count):
        yield number


class Work:
    """Takes a second for each batch; remembers how many were under way."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.under_way = 0
        self.most = 0

    async def __call__(self, number: int) -> int:
        self.started.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(1)
            if number < 0:
                raise ZeroDivisionError
        finally:
            self.under_way -= 1
        return number * 10


def run(
    source: AsyncGenerator[int, None],
    work: Work,
    *,
    workers: int = 3,
    go: bool = True,
    tasks: Tasks | None = None,
) -> Run[int, int]:
    event = asyncio.Event()
    if go:
        event.set()
    return Run(source, work, workers=workers, go=event, tasks=tasks or Tasks())


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
    assert work.under_way == 0
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


class Fetch:
    """Answers each key with its upper case; knows no `x` and has trouble with `!`."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, str | Exception]:
        self.batches.append(list(keys))
        await asyncio.sleep(1)
        if "!" in keys:
            raise NotFoundError("trouble")
        return {key: NotFoundError("unknown") if key == "x" else key.upper() for key in keys}


def coalescer(fetch: Fetch, tasks: Tasks | None = None, size: int = 3) -> Coalescer[str]:
    return Coalescer(fetch, size=size, window=0.5, tasks=tasks or Tasks())


@virtual_time
async def test_calls_within_the_window_travel_together() -> None:
    fetch = Fetch()
    it = coalescer(fetch)
    assert await asyncio.gather(*map(it.get, "aba")) == ["A", "B", "A"]
    assert fetch.batches == [["a", "b"]]
    assert asyncio.get_running_loop().time() == 1.5
    assert await it.get("c") == "C"
    assert fetch.batches == [["a", "b"], ["c"]]


@virtual_time
async def test_a_full_batch_does_not_wait_for_the_window() -> None:
    fetch = Fetch()
    it = coalescer(fetch)
    await asyncio.gather(*map(it.get, "abcdefg"))
    assert fetch.batches == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert asyncio.get_running_loop().time() == 1.5


@virtual_time
async def test_a_batch_of_one_goes_at_once() -> None:
    fetch = Fetch()
    assert await coalescer(fetch, size=1).get("a") == "A"
    assert asyncio.get_running_loop().time() == 1


@virtual_time
async def test_each_caller_gets_an_error_of_its_own() -> None:
    it = coalescer(Fetch())
    results = await asyncio.gather(it.get("a"), it.get("x"), it.get("x"), return_exceptions=True)
    assert results[0] == "A"
    assert isinstance(results[1], NotFoundError)
    assert isinstance(results[2], NotFoundError)
    assert results[1] is not results[2]
    both = await asyncio.gather(it.get("a"), it.get("!"), return_exceptions=True)
    assert [str(result) for result in both] == ["trouble", "trouble"]
    assert both[0] is not both[1]


@virtual_time
async def test_a_cancelled_caller_touches_no_other() -> None:
    fetch = Fetch()
    it = coalescer(fetch)
    first, second, other = (asyncio.create_task(it.get(key)) for key in "aab")
    await asyncio.sleep(0.1)
    first.cancel()
    assert [await second, await other] == ["A", "B"]
    assert first.cancelled()
    first, second = (asyncio.create_task(it.get(key)) for key in "ab")
    await asyncio.sleep(1)
    first.cancel()  # with the batch under way
    assert await second == "B"


@virtual_time
async def test_what_nobody_waits_for_is_not_sent() -> None:
    fetch = Fetch()
    it = coalescer(fetch)
    task = asyncio.create_task(it.get("a"))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.sleep(5)
    assert fetch.batches == []


@virtual_time
async def test_closing_ends_those_who_wait_with_an_error() -> None:
    fetch, tasks = Fetch(), Tasks()
    it = coalescer(fetch, tasks)
    under_way = asyncio.create_task(it.get("a"))
    await asyncio.sleep(1)
    waiting = asyncio.create_task(it.get("b"))
    await asyncio.sleep(0)
    it.close()
    await tasks.aclose()
    for task in (under_way, waiting):
        with pytest.raises(ConfigurationError, match="closed"):
            await task
    assert fetch.batches == [["a"]]
    assert len(asyncio.all_tasks()) == 1
    it.close()


@virtual_time
async def test_closing_in_the_very_turn_of_a_call_leaves_nobody_waiting() -> None:
    tasks = Tasks()
    results = run(numbers(3), Work(), tasks=tasks).results()
    it = coalescer(Fetch(), tasks, size=1)
    calls = [asyncio.ensure_future(anext(results)), asyncio.ensure_future(it.get("a"))]
    await asyncio.sleep(0)
    await tasks.aclose()
    for call in calls:
        with pytest.raises(ConfigurationError, match="closed"):
            await call


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
async def test_a_fault_of_the_source_waits_for_what_is_under_way() -> None:
    async def broken() -> AsyncGenerator[int, None]:
        yield 1
        yield 2
        raise LookupError

    results = run(broken(), Work()).results()
    assert sorted([await anext(results), await anext(results)]) == [10, 20]
    with pytest.raises(LookupError):
        await anext(results)
