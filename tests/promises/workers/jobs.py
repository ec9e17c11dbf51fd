"""What each worker of the test runs: `streaq run tests.promises.workers.jobs:worker`."""

import json
import os

from streaq import Worker

from agencia_async._limits import shared
from agencia_async.workers import register

vars(shared)["_PATIENCE"] = 60.0  # a machine that is busy is no Redis that is away
IDLE = 3.0

worker = Worker(
    redis_url=os.environ["QUEUE"],
    serializer=json.dumps,
    deserializer=json.loads,
    concurrency=8,
    prefetch=1,
    idle_timeout=IDLE,
    redis_kwargs={"stream_timeout": 30, "connect_timeout": 30, "max_idle_time": 45},
)
polling = register(worker)
