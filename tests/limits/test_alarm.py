import asyncio
import math

from agencia_async._limits.alarm import Alarm
from tests.support.virtual import virtual_time


def alarm() -> tuple[Alarm, list[float]]:
    rung: list[float] = []
    return Alarm(lambda: rung.append(asyncio.get_running_loop().time())), rung


@virtual_time
async def test_it_rings_at_the_earliest_time_and_once() -> None:
    it, rung = alarm()
    for at in (3.0, 2.0, 4.0):
        it.set(at)
    await asyncio.sleep(10)
    assert rung == [2]


@virtual_time
async def test_once_it_has_rung_it_may_be_set_again() -> None:
    it, rung = alarm()
    it.set(1.0)
    await asyncio.sleep(2)
    it.set(5.0)
    await asyncio.sleep(10)
    assert rung == [1, 5]


@virtual_time
async def test_it_rings_neither_at_the_end_of_time_nor_when_it_is_cancelled() -> None:
    it, rung = alarm()
    it.set(math.inf)
    it.cancel()
    it.set(1.0)
    it.cancel()
    await asyncio.sleep(10)
    assert rung == []
