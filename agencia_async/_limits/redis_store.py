"""The board in Redis on which many processes reserve their places: the only module that imports redis.

A short script runs in Redis. It keeps the time of the next free place, so to reserve one is a single round
trip that tells how long to wait, and nobody has to ask again. The clock is the server's: those of the
machines do not matter.
"""

import math
from typing import cast
from urllib.parse import urlsplit
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from agencia_async._limits.shared import Reservation

SCRIPT = """
local interval, places, who, lapse = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', now - lapse))
local clients = math.max(1, redis.call('ZCARD', KEYS[2]))
local place = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
if place - now > 2 * (clients + 1) * interval then
  place = now
end
local after = place + places * interval
if redis.call('ZADD', KEYS[2], string.format('%.0f', place), who) == 1 then
  after = after + places * math.min(interval, tonumber(ARGV[5]))
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
redis.call('PEXPIRE', KEYS[2], math.ceil((place - now + lapse) / 1000))
return {place - now, redis.call('ZCARD', KEYS[2])}
"""
"""All times are microseconds. KEYS: the time of the next free place; the clients, each with the time of
the place that it has reserved last. A client has one place at a time, so there are no more places taken
than clients: a next place that is further away is that of a clock which was set back since. The first
request of a client is late, for it opens a connection, so there is some room behind its place.
"""

_LAPSE = 60.0
"""Seconds; a client that has reserved nothing for so long since its last place is not counted any more."""
_ROOM = 0.1
"""Seconds, but no more than an interval."""


def opened(url: str) -> Redis:
    """A client of the Redis at an address, which connects with the first command.

    A connection that has died while nobody used it is replaced at once, which may cost a place. The older
    protocol is spoken by every server, and takes no round trip to agree on.
    """
    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - it takes any setting
        url, retry=Retry(NoBackoff(), 1), protocol=2
    )


def shown(url: str) -> str:
    """The address without whatever may be a secret.

    Raises:
        Exception: it is no address of a Redis, or has settings that there are not.
    """
    pool = opened(url).connection_pool
    pool.connection_class(**pool.connection_kwargs)  # connects to nothing yet, but takes the settings
    told = pool.connection_kwargs
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{told['path']}"
    int(parts.path.removeprefix("/") or 0)
    return f"{parts.scheme}://{told['host']}:{told.get('port', 6379)}/{told.get('db', 0)}"


class RedisStore:
    """The places of one account, at `interval` seconds from each other.

    Args:
        url: the address of the Redis.
        account: what the account is called there; it is no secret.
        interval: seconds.
    """

    def __init__(self, url: str, account: str, interval: float) -> None:
        self._redis = opened(url)
        self._reserve = self._redis.register_script(SCRIPT)
        # Braces: a cluster keeps both keys in one place.
        self._keys = [f"agencia-async:{{{account}}}:{name}" for name in ("next", "clients")]
        self._interval = math.ceil(interval * 1e6)
        self._name = uuid4().hex

    async def reserve(self, slots: int = 1) -> Reservation:
        """Take the next place, or none and only look.

        Raises:
            Exception: Redis cannot be reached, or does not do it.
        """
        wanted: list[int | str] = [self._interval, slots, self._name, int(_LAPSE * 1e6), int(_ROOM * 1e6)]
        wait, clients = cast("tuple[int, int]", await self._reserve(self._keys, wanted))
        return Reservation(wait / 1e6, clients)

    async def leave(self) -> None:
        """Be counted no more.

        Raises:
            Exception: Redis cannot be reached.
        """
        await self._redis.zrem(self._keys[1], self._name)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._redis.aclose()
