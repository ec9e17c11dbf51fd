import asyncio

import pytest

from agencia_async import ConfigurationError, NotFoundError
from agencia_async._concurrency.tasks import Tasks
from tests.concurrency.scene import Fetch, Work, coalescer, numbers, run
from tests.support.virtual import virtual_time


@virtual_time
async def test_calls_within_the_window_are_batched() -> None:
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
    first.cancel()  # with the batch in flight
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
    in_flight = asyncio.create_task(it.get("a"))
    await asyncio.sleep(1)
    waiting = asyncio.create_task(it.get("b"))
    await asyncio.sleep(0)
    it.close()
    await tasks.aclose()
    for task in (in_flight, waiting):
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
