"""The clients of a worker: one for each profile, for the life of the worker."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Literal, TypeVar

from attrs import evolve

from agencia_async._client.profiles import read_profile
from agencia_async._limits.redis_limit import RedisRateLimit
from agencia_async._workers.messages import answer, read_request, refusal
from agencia_async.client import AsyncClient
from agencia_async.errors import AgenciaError

C = TypeVar("C")

Asked = Literal["status", "refill_status"]
"""What workers are asked for."""


class Clients:
    """One client for each profile, opened with the first request for it."""

    def __init__(self) -> None:
        self._by_profile: dict[str, AsyncClient] = {}

    async def answer(self, what: Asked, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request, in plain data both."""
        try:
            profile, wire_ids = read_request(asked)
            client = self._client(profile)
            ask = client.status_many if what == "status" else client.refill_status_many
            return answer(await ask(wire_ids))
        except AgenciaError as error:
            return refusal(error)

    def _client(self, profile: str) -> AsyncClient:
        if profile not in self._by_profile:
            self._by_profile[profile] = opened(profile)
        return self._by_profile[profile]

    @asynccontextmanager
    async def around(self, life: AbstractAsyncContextManager[C]) -> AsyncGenerator[C, None]:
        """A worker's life, at the end of which the clients are closed."""
        async with life as context:
            try:
                yield context
            finally:
                await self._aclose()

    async def _aclose(self) -> None:
        async with AsyncExitStack() as stack:  # each is closed, whatever the others raise
            while self._by_profile:
                stack.push_async_callback(self._by_profile.popitem()[1].aclose)


def opened(profile: str) -> AsyncClient:
    """A client of a profile, which keeps a rate limit in Redis also while that is away: it waits for it."""
    read = read_profile(profile)
    options = read.options({})
    limit = options.get("rate_limit")
    if isinstance(limit, RedisRateLimit):
        options["rate_limit"] = evolve(limit, fallback=False)
    return AsyncClient(read.key(), **options)
