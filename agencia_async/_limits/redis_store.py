"""Where many processes reserve their send times in Redis: the only module that imports redis.

A short Lua script runs in Redis. It keeps the next free send time, so a reservation is a single round trip
that returns how long to wait, without polling. The clock is that of the Redis server, so clock skew between
the machines does not matter.
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
local interval, slots, client, expiry = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', now - expiry))
local clients = math.max(1, redis.call('ZCARD', KEYS[2]))
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
if slot - now > 2 * (clients + 1) * interval then
  slot = now
end
local after = slot + slots * interval
if redis.call('ZADD', KEYS[2], string.format('%.0f', slot), client) == 1 then
  after = after + slots * math.min(interval, tonumber(ARGV[5]))
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
redis.call('PEXPIRE', KEYS[2], math.ceil((slot - now + expiry) / 1000))
return {slot - now, redis.call('ZCARD', KEYS[2])}
"""
"""All times are microseconds. KEYS: the next free send time; the clients, each with its last reserved send
time. A client holds one reservation at a time, so there are no more reservations than clients: a send time
that is further away comes from a clock that was set back since. A client's first request is late, as it
opens a connection, so some grace time follows its slot.
"""

_EXPIRY = 60.0
"""Seconds after its last send time until a client without a new reservation is no longer counted."""
_GRACE = 0.1
"""Seconds, but no more than an interval."""


def opened(url: str) -> Redis:
    """A client of the Redis server at a URL, which connects with the first command.

    A connection that died while idle is replaced at once, which may lose one reservation. RESP2 is spoken by
    every server, and takes no round trip to negotiate.
    """
    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - it takes any setting
        url, retry=Retry(NoBackoff(), 1), protocol=2
    )


def shown(url: str) -> str:
    """The URL without whatever may be a secret.

    Raises:
        Exception: it is not a Redis URL, or has unknown options.
    """
    pool = opened(url).connection_pool
    pool.connection_class(**pool.connection_kwargs)  # does not connect yet, but checks the options
    options = pool.connection_kwargs
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{options['path']}"
    int(parts.path.removeprefix("/") or 0)
    return f"{parts.scheme}://{options['host']}:{options.get('port', 6379)}/{options.get('db', 0)}"


class RedisStore:
    """The reserved send times of one account.

    Args:
        url: the URL of the Redis server.
        account: identifies the account there; not a secret.
        interval: seconds between two send times.
    """

    def __init__(self, url: str, account: str, interval: float) -> None:
        self._redis = opened(url)
        self._reserve = self._redis.register_script(SCRIPT)
        # Braces (a hash tag): a cluster keeps both keys on one node.
        self._keys = [f"agencia-async:{{{account}}}:{name}" for name in ("next", "clients")]
        self._interval = math.ceil(interval * 1e6)
        self._name = uuid4().hex

    async def reserve(self, slots: int = 1) -> Reservation:
        """Reserve the next send time; with 0 slots only look at it.

        Raises:
            Exception: Redis cannot be reached, or refuses the script.
        """
        args: list[int | str] = [self._interval, slots, self._name, int(_EXPIRY * 1e6), int(_GRACE * 1e6)]
        wait, clients = cast("tuple[int, int]", await self._reserve(self._keys, args))
        return Reservation(wait / 1e6, clients)

    async def leave(self) -> None:
        """Deregister this client, so that it is no longer counted.

        Raises:
            Exception: Redis cannot be reached.
        """
        await self._redis.zrem(self._keys[1], self._name)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._redis.aclose()
