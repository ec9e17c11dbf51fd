"""What the tests of shared limits have in common."""

import asyncio
from collections.abc import Iterator

import httpx
import redis

from tests.support.redis_server import Server

KEY = "c4n4ry-0f-the-sh4red-limit"
LIMIT = 20
PATIENT = 60.0
"""Seconds to wait for Redis on a machine that is busy, where it is there."""


def panel() -> httpx.MockTransport:
    """A panel that answers in the next turn of the event loop, so that other tasks get theirs."""

    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return httpx.Response(200, json={"balance": "1", "currency": "USD"})

    return httpx.MockTransport(answer)


def looked(server: Server) -> "redis.Redis":
    """Another client of the same Redis, to look what is in it."""
    return redis.Redis.from_url(server.url)


def everything(server: Server) -> Iterator[bytes]:
    """All that a Redis holds: the keys, their values as they are kept, and what they read as."""
    with looked(server) as it:
        for key in it.scan_iter():
            yield key
            yield it.dump(key) or b""  # it may expire at any time
            yield repr(it.get(key) if it.type(key) == b"string" else it.zrange(key, 0, -1)).encode()
