import asyncio
from contextlib import suppress

import pytest

from agencia_async import ConfigurationError
from agencia_async._concurrency.single_flight import SingleFlight
from agencia_async._concurrency.tasks import Tasks
from tests.support.until import until


class Job:
    """Waits to be let go, shielded or not; remembers how it ended."""

    def __init__(self, *, shielded: bool = False, fails: bool = False) -> None:
        self.go = asyncio.Event()
        self.began = False
        self.cancelled = False
        self._pinned = shielded
        self._fails = fails

    async def __call__(self, flight: SingleFlight[str]) -> str:
        self.began = True
        try:
            if self._pinned:
                with flight.shielded():
                    await self._work()
            else:
                await self._work()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return "done"

    async def _work(self) -> None:
        await self.go.wait()
        if self._fails:
            raise ZeroDivisionError


async def begun(
    job: Job, tasks: Tasks, callers: int = 1
) -> tuple[SingleFlight[str], list[asyncio.Task[str]]]:
    flight = SingleFlight(job, tasks)
    waiting = [asyncio.create_task(flight.result()) for _ in range(callers)]
    await until(lambda: job.began)
    return flight, waiting


async def test_all_callers_get_the_same_result() -> None:
    job = Job()
    _, callers = await begun(job, Tasks(), 3)
    job.go.set()
    assert await asyncio.gather(*callers) == ["done"] * 3


async def test_each_caller_gets_an_error_of_its_own() -> None:
    job = Job(fails=True)
    _, callers = await begun(job, Tasks(), 2)
    job.go.set()
    first, second = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(first, ZeroDivisionError)
    assert isinstance(second, ZeroDivisionError)
    assert first is not second


async def test_one_cancelled_caller_costs_the_others_nothing_and_the_last_one_cancels_it() -> None:
    job = Job()
    flight, callers = await begun(job, Tasks(), 2)
    callers[0].cancel()
    await asyncio.sleep(0)
    ends = [flight.is_cancelled]
    callers[1].cancel()
    await flight.ended()
    assert [*ends, flight.is_cancelled] == [False, True]
    assert job.cancelled


async def test_what_is_shielded_goes_on_without_callers_and_through_a_close() -> None:
    job, tasks = Job(shielded=True), Tasks()
    flight, callers = await begun(job, tasks)
    callers[0].cancel()
    closing = asyncio.create_task(tasks.aclose())
    await asyncio.sleep(0)
    assert not flight.is_cancelled
    job.go.set()
    await closing
    assert not job.cancelled
    assert await flight.result() == "done"


async def test_what_fails_while_shielded_goes_no_further_once_it_is_unwanted() -> None:
    tasks = Tasks()
    tried: list[int] = []

    def raise_it() -> None:
        raise ZeroDivisionError

    async def once(flight: SingleFlight[str]) -> None:
        tried.append(len(tried))
        with flight.shielded():
            await go.wait()
            raise_it()

    async def again(flight: SingleFlight[str]) -> str:
        for _ in range(3):
            with suppress(ZeroDivisionError):
                await once(flight)
            await asyncio.sleep(0)
        return "done"  # pragma: no cover - what must not happen

    go = asyncio.Event()
    flight = SingleFlight(again, tasks)
    caller = asyncio.create_task(flight.result())
    await until(lambda: tried)
    closing = asyncio.create_task(tasks.aclose())
    await asyncio.sleep(0)
    go.set()
    await closing
    with pytest.raises(ConfigurationError, match="closed"):
        await caller
    assert tried == [0]


async def test_who_waits_for_what_is_cancelled_is_told_why() -> None:
    job = Job()
    flight, callers = await begun(job, Tasks())
    flight.cancel(ConfigurationError("no more of it"))
    with pytest.raises(ConfigurationError, match="no more of it"):
        await callers[0]


async def test_the_end_of_the_loop_is_a_cancellation() -> None:
    tasks = Tasks()
    flight = SingleFlight(Job(), tasks)
    caller = asyncio.create_task(flight.result())
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task(), caller}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_a_flight_that_never_began_is_over_too() -> None:
    tasks, ended = Tasks(), []
    flight = SingleFlight(Job(), tasks, done=lambda: ended.append(1))
    caller = asyncio.create_task(flight.result())
    await tasks.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await caller
    assert ended == [1]
