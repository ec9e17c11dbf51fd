"""One limit, several processes."""

import asyncio
import sys
import time
from pathlib import Path

from tests.support.peer import Request, peer
from tests.support.redis_server import Server

from .scene import KEY, LIMIT, looked

ROOT = Path(__file__).parents[3]
PROCESSES = 2
REQUESTS = 12
_CLOCKS = 0.005
"""Seconds by which two ways to read the same clock may differ."""


async def run(panel: str, redis: str) -> None:
    """Run a process to its end; it has nothing to tell."""
    command = (sys.executable, "-m", "tests.promises.redis_limit.child", panel, redis, str(REQUESTS))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe)
    assert (*await process.communicate(), process.returncode) == (b"", b"", 0)


async def test_processes_share_a_limit_without_being_told_of_each_other(server: Server) -> None:
    arrived: list[float] = []

    async def answer(request: Request) -> None:
        arrived.append(time.time())
        request.reply('{"balance": "1", "currency": "USD"}')

    with looked(server) as it:
        seconds, rest = it.time()
    began = seconds + rest / 1e6
    async with peer(answer) as panel:
        await asyncio.gather(*(run(panel.url, server.url) for _ in range(PROCESSES)))
    assert [form["key"] for form in panel.forms] == [KEY] * PROCESSES * REQUESTS
    # However late they are, none can be early: so many places had passed when each of them arrived.
    early = [when for reserve, when in enumerate(arrived) if when < began + reserve / LIMIT - _CLOCKS]
    assert early == []
