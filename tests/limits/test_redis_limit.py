import asyncio
import logging
import pickle
import subprocess
import sys
import traceback

import httpx
import pytest

from agencia_async import AsyncClient, ConfigurationError, RedisRateLimit
from agencia_async._limits import gate
from agencia_async._limits import shared as _share
from tests.support.standin import numbers, standin

KEY = "c4n4ry-0f-the-p4nel"
PASSWORD = "pa55word"
URL = f"redis://someone:{PASSWORD}@127.0.0.1:6379/0"
PANEL = "http://localhost/api/v2"


def panel() -> httpx.MockTransport:
    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # a turn for other tasks; coverage on 3.11 loses a task that has none
        return httpx.Response(200, json={"balance": "1", "currency": "USD"})

    return httpx.MockTransport(answer)


def test_a_limit_is_a_frozen_value() -> None:
    it = RedisRateLimit(URL, 60, per=30)
    assert (it.url, it.requests, it.per) == (URL, 60, 30)
    assert {it, RedisRateLimit(URL, requests=60, per=30)} == {it}
    assert pickle.loads(pickle.dumps(it)) == it
    with pytest.raises(AttributeError):
        it.per = 60  # type: ignore[misc]


@pytest.mark.parametrize(
    ("url", "requests", "per", "message"),
    [
        (URL, 0, 60, "requests must be a number > 0, got 0"),
        (URL, 60, -1, "per must be a number > 0, got -1"),
        (f"http://:{PASSWORD}@example.com", 60, 60, "url must be a Redis URL"),
        (f"redis://:{PASSWORD}/rest@example.com", 60, 60, "url must be a Redis URL"),
        (f"redis://example.com/0?password={PASSWORD}&colour=blue", 60, 60, "url must be a Redis URL"),
        (None, 60, 60, "url must be a Redis URL"),
    ],
)
def test_what_cannot_be_is_found_at_once(url: str, requests: float, per: float, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        RedisRateLimit(url, requests, per)
    error, own = caught.value, caught.tb.tb_next  # without the frame of this test
    assert own is not None
    told = traceback.TracebackException(type(error), error, own, capture_locals=True)
    assert error.__context__ is None
    assert PASSWORD not in "".join(told.format()) + repr(error)


def test_the_fallback_is_a_choice() -> None:
    assert RedisRateLimit(URL, 60, per=30).fallback is True
    it = RedisRateLimit(URL, 60, per=30, fallback=False)
    assert it.fallback is False
    assert it != RedisRateLimit(URL, 60, per=30)
    with pytest.raises(ConfigurationError, match="fallback must be a bool, got 'no'"):
        RedisRateLimit(URL, 60, per=30, fallback="no")  # type: ignore[arg-type]


def test_repr_shows_no_password() -> None:
    expected = "RedisRateLimit(url='redis://127.0.0.1:6379/0', requests=60, per=30)"
    assert repr(RedisRateLimit(URL, 60, per=30)) == expected


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.delitem(sys.modules, "agencia_async._limits.redis_store", raising=False)
    with pytest.raises(ConfigurationError, match=r'pip install "\.\[redis\]"'):
        RedisRateLimit(URL, 60, per=60)


def test_redis_is_loaded_by_those_who_use_it() -> None:
    code = "import sys, agencia_async; print([name for name in sys.modules if name.startswith('redis')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("requests", "per", "interval"), [(20, 1, 51_000), (60, 60, 1_004_167), (100, 3600, 36_002_500)]
)
async def test_a_client_reserves_a_reservation_for_each_request(
    requests: float, per: float, interval: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_share, "_PATIENCE", 60.0)
    async with standin(lambda command: b":1\r\n" if command[0] == "ZREM" else numbers(0, 1)) as redis:
        limit = RedisRateLimit(redis.url, requests, per)
        async with AsyncClient(KEY, base_url=PANEL, transport=panel(), rate_limit=limit) as client:
            for _ in range(3):
                await client.balance()
    assert redis.spoken == ["EVALSHA"] * 3 + ["ZREM"]
    (sent,) = {int(command[5]) for command in redis.commands if command[0] == "EVALSHA"}
    assert interval <= sent <= interval + 1  # microseconds
    assert KEY not in str(redis.commands)


async def test_redis_that_is_not_there_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with standin(lambda _: None) as redis:
        url = redis.url
    limit = RedisRateLimit(url, 1000, per=1)
    async with AsyncClient(KEY, base_url=PANEL, transport=panel(), rate_limit=limit) as client:
        for _ in range(3):
            await client.balance()
    told = [record for record in caplog.records if record.name == "agencia_async"]
    assert [record.levelname for record in told] == ["WARNING"]
    assert "1/1 of the rate limit" in told[0].getMessage()
    assert PASSWORD not in caplog.text


async def test_redis_that_refuses_is_as_good_as_none(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with standin(lambda _: b"-NOPERM this user has no permission\r\n") as redis:
        limit = RedisRateLimit(redis.url, 1000, per=1)
        async with AsyncClient(KEY, base_url=PANEL, transport=panel(), rate_limit=limit) as client:
            await client.balance()
            await client.balance()
    assert redis.spoken == ["EVALSHA"]
    assert "falls back to" in caplog.text
    assert PASSWORD not in caplog.text


async def test_without_a_fallback_nothing_is_sent_before_redis_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "_AGAIN", 0.01)
    monkeypatch.setattr(_share, "_CHECK_TIMEOUT", 60.0)
    sent: list[list[str]] = []

    def count(_: httpx.Request) -> httpx.Response:
        sent.append([*redis.spoken])
        return httpx.Response(200, json={"balance": "1", "currency": "USD"})

    answers = iter([b"-LOADING Redis is loading the dataset in memory\r\n", numbers(0, 1)])
    async with standin(lambda command: b":1\r\n" if command[0] == "ZREM" else next(answers)) as redis:
        limit = RedisRateLimit(redis.url, 1000, per=1, fallback=False)
        transport = httpx.MockTransport(count)
        async with AsyncClient(KEY, base_url=PANEL, transport=transport, rate_limit=limit) as client:
            await client.balance()
    assert redis.spoken == ["EVALSHA", "EVALSHA", "ZREM"]
    assert sent == [["EVALSHA", "EVALSHA"]]
    assert KEY not in str(redis.commands)


async def test_a_client_without_a_fallback_ends_while_redis_is_away() -> None:
    async with standin(lambda _: None) as redis:
        url = redis.url
    limit = RedisRateLimit(url, 1000, per=1, fallback=False)
    async with AsyncClient(KEY, base_url=PANEL, transport=panel(), rate_limit=limit) as client:
        waits = asyncio.create_task(client.balance())
        await asyncio.sleep(0)
    with pytest.raises(ConfigurationError, match="the client is closed"):
        await waits
