import asyncio

from agencia_async._concurrency.group_commit import GroupCommit
from agencia_async._concurrency.tasks import Tasks
from tests.support.until import until


class Pen:
    """Writes a group when it is let go."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, items: list[int]) -> list[int]:
        self.groups.append(items)
        await self.go.wait()
        if 13 in items:
            raise ZeroDivisionError
        return [10 * item for item in items]


async def test_what_comes_while_a_group_is_in_flight_goes_together() -> None:
    pen = Pen()
    groups: GroupCommit[int, int] = GroupCommit(pen, size=3, tasks=Tasks())  # type: ignore[arg-type]
    callers = [asyncio.create_task(groups.do(item)) for item in range(6)]
    await until(lambda: pen.groups)
    callers[4].cancel()
    await asyncio.sleep(0)
    pen.go.set()
    assert await asyncio.gather(*callers[:4], callers[5]) == [0, 10, 20, 30, 50]
    assert pen.groups == [[0, 1, 2], [3, 5]]
    assert await groups.do(7) == 70


async def test_who_is_cancelled_while_its_group_is_in_flight_costs_the_others_nothing() -> None:
    pen = Pen()
    groups: GroupCommit[int, int] = GroupCommit(pen, size=3, tasks=Tasks())  # type: ignore[arg-type]
    callers = [asyncio.create_task(groups.do(item)) for item in range(2)]
    await until(lambda: pen.groups)
    callers[0].cancel()
    pen.go.set()
    assert await callers[1] == 10
    only = asyncio.create_task(groups.do(5))
    await asyncio.sleep(0)
    only.cancel()
    assert await groups.do(6) == 60


async def test_a_group_that_fails_fails_for_all_of_it_and_for_nobody_else() -> None:
    pen = Pen()
    pen.go.set()
    groups: GroupCommit[int, int] = GroupCommit(pen, size=2, tasks=Tasks())  # type: ignore[arg-type]
    results = await asyncio.gather(*map(groups.do, (1, 13, 2)), return_exceptions=True)
    assert [type(result) for result in results] == [ZeroDivisionError, ZeroDivisionError, int]
    assert results[0] is not results[1]


async def test_the_end_of_the_loop_leaves_nobody_waiting_for_a_group() -> None:
    pen, tasks = Pen(), Tasks()
    groups: GroupCommit[int, int] = GroupCommit(pen, size=1, tasks=tasks)  # type: ignore[arg-type]
    callers = [asyncio.create_task(groups.do(item)) for item in range(2)]
    await until(lambda: pen.groups)
    for task in asyncio.all_tasks() - {asyncio.current_task(), *callers}:
        task.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 2
