"""The key is not in Redis, and the password of Redis is nowhere else."""

import logging

import pytest

from agencia_async import AsyncClient, RedisRateLimit
from agencia_async._limits import shared as _share
from tests.support.redis_server import Server
from tests.support.servers import PASSWORD

from .scene import KEY, PATIENT, everything, panel


async def test_no_secret_is_where_it_does_not_belong(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_share, "_PATIENCE", PATIENT)
    caplog.set_level(logging.DEBUG)
    limit = RedisRateLimit(server.url, 1000, per=1)
    async with AsyncClient(KEY, base_url="http://localhost/", transport=panel(), rate_limit=limit) as client:
        await client.balance()
        kept = b"".join(everything(server))
        server.stop()
        await client.balance()
        shown = repr(limit) + repr(client)
    assert b"agencia-async:{" in kept
    assert KEY.encode() not in kept
    assert "falls back to" in caplog.text
    assert PASSWORD not in shown + caplog.text
    assert KEY not in shown + caplog.text
