"""Work for a pool of workers, and a source for a coalescer."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

from agencia_async import NotFoundError
from agencia_async._concurrency.coalescer import Coalescer
from agencia_async._concurrency.tasks import Tasks
from agencia_async._concurrency.workers import WorkerPool


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


async def numbers(count: int) -> AsyncGenerator[int, None]:
    for number in range(count):
        yield number


class Work:
    """Takes a second for each batch; remembers how many were in flight."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.in_flight = 0
        self.most = 0

    async def __call__(self, number: int) -> int:
        self.started.append(number)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await asyncio.sleep(1)
            if number < 0:
                raise ZeroDivisionError
        finally:
            self.in_flight -= 1
        return number * 10


def run(
    source: AsyncGenerator[int, None],
    work: Work,
    *,
    workers: int = 3,
    go: bool = True,
    tasks: Tasks | None = None,
) -> WorkerPool[int, int]:
    event = asyncio.Event()
    if go:
        event.set()
    return WorkerPool(source, work, workers=workers, may_start=event, tasks=tasks or Tasks())


def coalescer(fetch: Fetch, tasks: Tasks | None = None, size: int = 3) -> Coalescer[str]:
    return Coalescer(fetch, size=size, window=0.5, tasks=tasks or Tasks())
