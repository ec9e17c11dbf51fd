"""Statuses by many machines: each worker runs `streaq run jobs:worker`, who asks `python jobs.py < ids`."""

import asyncio
import json
import os
import sys

from streaq import Worker

from agencia_async.workers import register

IDLE = 30  # seconds after which the tasks of a worker that died go to another one

worker = Worker(
    redis_url=os.environ.get("QUEUE_URL", "redis://127.0.0.1:6379"),
    # Without time-outs a connection that died silently would never be missed. Those of reading must be longer
    # than IDLE: for that long a worker waits for a task.
    redis_kwargs={"connect_timeout": 10, "stream_timeout": IDLE + 15, "max_idle_time": IDLE + 30},
    serializer=json.dumps,
    deserializer=json.loads,
    idle_timeout=IDLE,
    concurrency=10,
    prefetch=1,  # what waits in one worker is not done by another
    grace_period=20,  # seconds to finish what is begun when the worker is told to stop
)
polling = register(worker)


async def main(profile: str) -> None:
    """Print the status of each order whose id is on standard input, as a line of JSON."""
    ids = (line.strip() for line in sys.stdin)
    async with worker:
        async for item in polling.status(ids, profile=profile):
            print(json.dumps(item.to_dict()))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:] or ["north"]))
