"""Redis is lost in the middle, and comes back."""

import asyncio
import logging

import pytest

from agencia_async import AsyncClient, RedisRateLimit
from agencia_async._limits import shared as _share
from tests.support.redis_server import Server

from .scene import KEY, PATIENT, looked, panel


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.levelname for record in caplog.records if record.name == "agencia_async"]


def seen(server: Server) -> int:
    """The clients that are counted."""
    with looked(server) as it:
        return sum(int(it.zcard(key)) for key in it.scan_iter("*clients"))


def asked(server: Server) -> int:
    """How often it was asked for a place."""
    with looked(server) as it:
        return int(it.info("commandstats")["cmdstat_evalsha"]["calls"])


@pytest.mark.parametrize("how", ["end", "silence"])
async def test_calls_go_on_without_redis_and_share_again_when_it_is_back(
    how: str, server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_share, "_CHECK_INTERVAL", 0.01)
    monkeypatch.setattr(_share, "_PATIENCE", PATIENT)
    caplog.set_level(logging.INFO)
    limit = RedisRateLimit(server.url, 2000, per=1)
    async with AsyncClient(KEY, base_url="http://localhost/", transport=panel(), rate_limit=limit) as client:
        await client.balance()
        assert (seen(server), told(caplog)) == (1, [])
        monkeypatch.setattr(_share, "_PATIENCE", 0.05)
        server.stop() if how == "end" else server.freeze()
        for _ in range(10):
            await client.balance()
        assert told(caplog) == ["WARNING"]
        server.start() if how == "end" else server.thaw()
        async with asyncio.timeout(60):
            while told(caplog) == ["WARNING"]:
                await client.balance()
        monkeypatch.setattr(_share, "_PATIENCE", PATIENT)
        assert told(caplog) == ["WARNING", "INFO"]
        before = asked(server)
        await client.balance()
        await client.balance()
        assert asked(server) == before + 2
    assert seen(server) == 0
