"""Two workers, one of which is killed, and a Redis that is restarted."""

import asyncio
import json
import logging
import os
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agencia_async.workers import register
from tests.support.peer import Request, peer
from tests.support.redis_server import Server, started
from tests.support.rounds import rounds
from tests.support.servers import wanted
from tests.workers.scene import KEY, configure, made

ROOT = Path(__file__).parents[3]
IDS = rounds(600, nightly=100_000)
CHUNK = rounds(20, nightly=100)
LIMIT = rounds(20, nightly=5)
"""Requests a second, for both workers together."""
_LATE = 0.5
"""Seconds by which the first request may arrive after its send time, as it opens a connection."""

_log = logging.getLogger(__name__)


class Fleet:
    """Workers, each a process; one that ends is started again, as a supervisor does it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.started = 0
        self.running: list[asyncio.subprocess.Process] = []

    async def supervise(self) -> None:
        while True:
            command = (sys.executable, "-m", "streaq", "run", "tests.promises.workers.jobs:worker")
            pipe = asyncio.subprocess.DEVNULL
            process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=self.environment, stdout=pipe, stderr=pipe
            )
            self.started += 1
            self.running.append(process)
            try:
                await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                self.running.remove(process)


@asynccontextmanager
async def fleet(size: int, **environment: str) -> AsyncIterator[Fleet]:
    it = Fleet({**os.environ, **environment})
    tasks = [asyncio.create_task(it.supervise()) for _ in range(size)]
    try:
        yield it
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_nothing_is_missing_or_twice_whatever_dies(tmp_path: Path) -> None:
    arrived: list[float] = []

    async def answer(request: Request) -> None:
        arrived.append(time.monotonic())
        ids = request.form["orders"].split(",")
        request.reply(json.dumps({each: {"status": "Completed", "remains": 0} for each in ids}))

    async with peer(answer) as panel:
        with wanted(lambda: started(append_only=True)) as server:
            shared = f'rate_limit = "{LIMIT}/s"\nrate_limit_redis = "{server.url}"\n'
            configuration = str(configure(tmp_path, panel.url, shared))
            async with fleet(2, AGENCIA_CONFIG=configuration, QUEUE=server.url) as workers:
                seen = await polled(server, workers)
    assert seen == Counter(range(1, IDS + 1))
    assert {form["key"] for form in panel.forms} == {KEY}
    assert workers.started > 2
    most = max(bisect_right(arrived, when + 1.0) - index for index, when in enumerate(arrived))
    _log.info("%d requests in %.1f s", len(arrived), arrived[-1] - arrived[0])
    _log.info("at most %d in a second; %d workers were started", most, workers.started)
    # However late they are, none can be early: so many send times had passed when each of them arrived.
    due = [arrived[0] - _LATE + index / LIMIT for index in range(len(arrived))]
    assert [index for index, when in enumerate(arrived) if when < due[index]] == []


async def polled(server: Server, workers: Fleet) -> Counter[int]:
    """How often each id came, while a worker is killed and Redis is restarted."""
    seen: Counter[int] = Counter()
    asker = made(server.url)
    polling = register(asker, chunk_size=CHUNK)
    count = 0
    async with asker:
        async for item in polling.status(range(1, IDS + 1), profile="north"):
            assert item.ok, item.error
            seen[int(item.id)] += 1
            count += 1
            if count == IDS // 4:
                workers.running[0].kill()
            elif count == IDS // 2:
                await asyncio.to_thread(_restart, server)
    return seen


def _restart(server: Server) -> None:
    server.stop()
    server.start()
