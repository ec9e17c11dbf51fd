"""Who waits at the gate."""

import math

from agencia_async._limits.queue import Deadlines, Waiter
from tests.support.virtual import virtual_time


def waiter(until: float) -> Waiter:
    return Waiter(until, is_urgent=True, is_write=False)


@virtual_time
async def test_deadlines_of_those_who_went_are_forgotten_though_another_comes_first() -> None:
    deadlines = Deadlines(lambda: 0.0)
    first = waiter(1.0)
    deadlines.add(first, 1)
    for number in range(1000):
        gone = waiter(2.0 + number)
        deadlines.add(gone, 2)
        gone.future.cancel()
    assert len(deadlines._heap) <= 2 * 2 + 64 + 1  # noqa: SLF001 - no public way to see what is kept
    assert list(deadlines.passed(5000.0)) == [first]


@virtual_time
async def test_the_clock_stands_still_while_waiting_does_not_count() -> None:
    now = 0.0
    deadlines = Deadlines(lambda: now)
    deadlines.add(waiter(10.0), 1)
    deadlines.add(waiter(math.inf), 2)
    assert deadlines.next_at() == math.inf
    now = 5.0
    deadlines.run(is_running=True)
    assert deadlines.next_at() == 15.0
    now = 8.0
    deadlines.run(is_running=False)
    assert deadlines.now() == 3.0
    assert deadlines.next_at() == math.inf
