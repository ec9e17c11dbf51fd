import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from queue import SimpleQueue
from threading import Event, current_thread, main_thread

import pytest

from agencia_async.cli.input.background import in_background


async def test_all_items_come_in_their_order_from_another_thread() -> None:
    threads = set()

    def items() -> Iterator[int]:
        for number in range(250):
            threads.add(current_thread())
            yield number

    assert [item async for item in in_background(items())] == list(range(250))
    assert main_thread() not in threads


async def test_a_fault_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("here")

    reading = in_background(items())
    assert [await anext(reading), await anext(reading)] == [1, 2]
    with pytest.raises(ValueError, match="here"):
        await anext(reading)


async def test_it_reads_no_more_than_is_asked_for() -> None:
    read = 0

    def endless() -> Iterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    async with aclosing(in_background(endless())) as items:
        assert await anext(items) == 1
    assert read == 100


async def test_the_loop_goes_on_while_the_reading_is_blocked() -> None:
    lines: SimpleQueue[int | None] = SimpleQueue()
    reading = asyncio.ensure_future(anext(in_background(iter(lines.get, None))))
    await asyncio.sleep(0)
    assert not reading.done()
    lines.put(5)
    lines.put(None)
    assert await reading == 5


def test_a_loop_that_is_gone_is_no_trouble() -> None:
    blocked, over = Event(), Event()

    def items() -> Iterator[int]:
        try:
            blocked.wait()
            yield 1
        finally:
            over.set()

    async def give_up() -> None:
        reading = asyncio.ensure_future(anext(in_background(items())))
        await asyncio.sleep(0)
        reading.cancel()

    asyncio.run(give_up())
    blocked.set()
    assert over.wait(5)
