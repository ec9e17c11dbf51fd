"""What the tests of workers share: a queue, workers in this process, and a panel of their profile."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import redis
from streaq import Worker

from agencia_async._concurrency.tasks import end
from agencia_async.workers import Polling, register

KEY = "w0rker-k3y-that-stays"
IDLE = 1.0
"""Seconds after which a task of a worker that died goes to another one."""


def made(url: str, **options: Any) -> "Worker[Any]":  # noqa: ANN401 - as streaQ has them
    """A worker, with time-outs that a busy machine does not reach."""
    timeouts = {"stream_timeout": 60, "connect_timeout": 60, "max_idle_time": 60}
    plain: dict[str, Any] = {"serializer": json.dumps, "deserializer": json.loads}
    usual: dict[str, Any] = {"concurrency": 4, "prefetch": 1, "idle_timeout": IDLE, "redis_kwargs": timeouts}
    return Worker(redis_url=url, **{**plain, **usual, **options})


@asynccontextmanager
async def running(*workers: "Worker[Any]") -> AsyncIterator[None]:
    """The workers work while the block runs."""
    tasks = [asyncio.create_task(worker.run_async()) for worker in workers]
    try:
        yield
    finally:
        await end(tasks)


@asynccontextmanager
async def supervised(url: str) -> AsyncIterator[None]:
    """A worker works while the block runs: one that ends with an error is followed by another."""

    async def supervise() -> None:
        while True:
            worker = made(url, redis_kwargs={"stream_timeout": 2, "connect_timeout": 2, "max_idle_time": 3})
            register(worker)
            await asyncio.gather(worker.run_async(), return_exceptions=True)

    task = asyncio.create_task(supervise())
    try:
        yield
    finally:
        await end([task])


@asynccontextmanager
async def asking(url: str, *, workers: int = 1, **options: Any) -> AsyncIterator[Polling]:  # noqa: ANN401
    """Who asks, and so many workers that answer; the options are those of `register`."""
    asker, others = made(url), [made(url) for _ in range(workers)]
    polling = register(asker, **options)
    for worker in others:
        register(worker)
    async with running(*others), asker:
        yield polling


def configure(folder: Path, panel: str, more: str = "") -> Path:
    """A configuration with the profile `north` at a panel."""
    key = folder / "north.key"
    key.write_text(KEY, encoding="utf-8")
    key.chmod(0o600)
    file = folder / "config.toml"
    text = f'[profiles.north]\nbase_url = "{panel}"\nkey_file = "north.key"\n{more}'
    file.write_text(text, encoding="utf-8")
    return file


def everything(url: str) -> bytes:
    """All that a Redis holds."""
    with redis.Redis.from_url(url) as it:
        return b"".join(key + (it.dump(key) or b"") for key in it.scan_iter())
