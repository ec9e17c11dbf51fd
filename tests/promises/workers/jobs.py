"""What each worker of the test runs: `streaq run tests.promises.workers.jobs:worker`."""

import json
import os

from streaq import Worker

from agencia_async.workers import register

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
