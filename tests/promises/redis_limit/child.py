"""Asks a panel under a limit in Redis: `python -m tests.promises.redis_limit.child PANEL REDIS REQUESTS`."""

import asyncio
import logging
import sys

from agencia_async import AsyncClient, RedisRateLimit
from agencia_async._limits import shared as _share

from .scene import KEY, LIMIT, PATIENT


async def main(panel: str, redis: str, requests: str) -> None:
    """All requests are made at once; the limit lets them go one by one."""
    limit = RedisRateLimit(redis, LIMIT, per=1)
    async with AsyncClient(KEY, base_url=panel, rate_limit=limit) as client:
        await asyncio.gather(*(client.balance() for _ in range(int(requests))))


if __name__ == "__main__":
    logging.basicConfig()  # what is told goes to standard error, which must be empty
    vars(_share)["_PATIENCE"] = PATIENT
    asyncio.run(main(*sys.argv[1:]))
