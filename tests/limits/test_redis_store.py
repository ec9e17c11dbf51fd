import asyncio

import pytest
from redis.exceptions import RedisError

from agencia_async._limits.redis_store import SCRIPT, RedisStore, shown
from agencia_async._limits.shared import Reservation
from tests.support.standin import Answer, Command, numbers, standin
from tests.support.until import until

ACCOUNT = "0123abcd"
MISSING = b"-NOSCRIPT No matching script.\r\n"
KEYS = ["agencia-async:{0123abcd}:next", "agencia-async:{0123abcd}:clients"]


def knowing(answer: bytes) -> Answer:
    """A Redis that learns the script when it is told, and gives one answer to it."""
    known: list[str] = []

    def said(command: Command) -> bytes:
        if command[:2] == ["SCRIPT", "LOAD"]:
            known.append(command[2])
            return b"$3\r\nsha\r\n"
        if command[0] == "ZREM":
            return b":1\r\n"
        return answer if known else MISSING

    return said


async def test_a_reservation_is_one_round_trip_once_the_script_is_known() -> None:
    async with standin(knowing(numbers(1_250_000, 4))) as redis:
        store = RedisStore(redis.url, ACCOUNT, 0.05)
        assert [await store.reserve(), await store.reserve(0)] == [Reservation(1.25, 4)] * 2
        await store.aclose()
    assert redis.spoken == ["EVALSHA", "SCRIPT", "EVALSHA", "EVALSHA"]
    assert [command[2] for command in redis.commands if command[0] == "SCRIPT"] == [SCRIPT]
    one, look = (command[2:] for command in redis.commands[-2:])
    assert one == ["2", *KEYS, "50000", "1", one[5], "60000000", "100000"]
    assert look == ["2", *KEYS, "50000", "0", one[5], "60000000", "100000"]


async def test_an_interval_is_never_cut_short() -> None:
    async with standin(knowing(numbers(0, 1))) as redis:
        store = RedisStore(redis.url, ACCOUNT, 1 / 3)
        await store.reserve()
        await store.aclose()
    assert redis.commands[-1][5] == "333334"


async def test_each_client_has_a_name_of_its_own_until_it_leaves() -> None:
    async with standin(knowing(numbers(0, 1))) as redis:
        stores = [RedisStore(redis.url, ACCOUNT, 1.0) for _ in range(2)]
        for store in stores:
            await store.reserve()
            await store.leave()
            await store.aclose()
    first, second = dict.fromkeys(command[7] for command in redis.commands if command[0] == "EVALSHA")
    left = [command for command in redis.commands if command[0] == "ZREM"]
    assert left == [["ZREM", KEYS[1], first], ["ZREM", KEYS[1], second]]


async def test_the_address_tells_whom_to_be_and_where_to_go() -> None:
    async with standin(knowing(numbers(0, 1))) as redis:
        store = RedisStore(redis.url, ACCOUNT, 1.0)
        await store.reserve()
        await store.aclose()
    assert ["AUTH", "someone", "pa55word"] in redis.commands
    assert ["SELECT", "3"] in redis.commands


async def test_a_connection_that_has_died_is_replaced() -> None:
    async with standin(knowing(numbers(0, 1))) as redis:
        store = RedisStore(redis.url, ACCOUNT, 1.0)
        await store.reserve()
        redis.hang_up()
        assert await store.reserve() == Reservation(0.0, 1)
        await store.aclose()
    assert redis.spoken == ["EVALSHA", "SCRIPT", "EVALSHA", "EVALSHA"]


async def test_who_cannot_be_reached_is_tried_twice_and_no_more() -> None:
    async with standin(lambda _: None) as redis:
        store = RedisStore(redis.url, ACCOUNT, 1.0)
        waiting = asyncio.ensure_future(store.reserve())
        for count in (1, 2):
            await until(lambda count=count: len(redis.spoken) == count)  # type: ignore[misc]
            redis.hang_up()
        with pytest.raises(RedisError):
            await waiting
        await store.aclose()
    assert redis.spoken == ["EVALSHA"] * 2


async def test_a_429_is_not_asked_for_twice() -> None:
    async with standin(lambda _: b"-OOM no memory\r\n") as redis:
        store = RedisStore(redis.url, ACCOUNT, 1.0)
        with pytest.raises(RedisError):
            await store.reserve()
        await store.aclose()
    assert redis.spoken == ["EVALSHA"]


async def test_the_answer_to_who_gave_up_is_nobodys() -> None:
    answers = [None, numbers(5_000_000, 2)]
    async with standin(lambda _: answers.pop(0)) as redis:
        store = RedisStore(redis.url, ACCOUNT, 1.0)
        waiting = asyncio.ensure_future(store.reserve())
        await until(lambda: redis.spoken)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        redis.send(numbers(1_000_000, 1))
        assert await store.reserve() == Reservation(5.0, 2)
        await store.aclose()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://someone:pa55word@example.com/3", "redis://example.com:6379/3"),
        ("rediss://:pa55word@example.com:6380", "rediss://example.com:6380/0"),
        ("redis://example.com:6380/0?password=pa55word&db=2", "redis://example.com:6380/2"),
        ("unix:///run/redis.sock?password=pa55word", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, expected: str) -> None:
    assert shown(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "http://example.com",
        "redis:example.com",
        "redis://",
        "redis://example.com/orders",
        "redis://example.com:port",
        "redis://:pa55/word@example.com",
        "redis://example.com/0?colour=blue",
        "redis://example.com/0?db=two",
        "unix://",
    ],
)
def test_what_is_no_address_of_a_redis(url: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        shown(url)
