import asyncio

import httpx
import pytest

from agencia_async import AgenciaError, RateLimitedError, RetryPolicy
from tests.calls.scene import Notes, Panel, client, good
from tests.support.virtual import virtual_time

ONCE = RetryPolicy(attempts=1)
PATIENT = RetryPolicy(attempts=1, deadline=9999)


def quota(remaining: int, reset: float, *, status: int = 200, **headers: str) -> httpx.Response:
    told = {"X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(reset), **headers}
    return httpx.Response(status, headers=told, content=good().content)


# --- what headers tell --------------------------------------------------------------------------------


@pytest.mark.parametrize(("reset", "waited"), [(3599, 3599), (3600, 3600), (3601, 0), (86_400, 0)])
@virtual_time
async def test_a_reset_beyond_an_hour_is_taken_for_a_mistake(reset: float, waited: float) -> None:
    panel = Panel(quota(0, reset), good())
    async with client(panel, retry=PATIENT) as it:
        await it.balance()
        await it.balance()
    assert panel.times == [0, waited]


@pytest.mark.parametrize(
    ("remaining", "headers", "retry_after", "again"),
    [
        (0, {}, 30, 30),
        (5, {}, None, 2),
        (5, {"Retry-After": "7"}, 7, 7),
        (0, {"Retry-After": "7"}, 7, 30),
    ],
)
@virtual_time
async def test_a_refusal_tells_the_reset_only_where_nothing_is_left_and_nothing_else_is_told(
    remaining: int, headers: dict[str, str], retry_after: float | None, again: float
) -> None:
    panel = Panel(quota(remaining, 30, status=429, **headers), good())
    async with client(panel, retry=RetryPolicy(attempts=1, first_wait=2)) as it:
        with pytest.raises(RateLimitedError) as caught:
            await it.balance()
        await it.balance()
    assert caught.value.retry_after == retry_after
    assert panel.times == [0, again]


@virtual_time
async def test_a_retry_after_of_an_hour_is_believed_to_the_second() -> None:
    panel = Panel(httpx.Response(429, headers={"Retry-After": "3600"}), good())
    async with client(panel, retry=RetryPolicy(deadline=9999)) as it:
        await it.balance()
    assert panel.times == [0, 3600]


@pytest.mark.parametrize(("replies", "waited"), [(9, 30), (10, 0)])
@virtual_time
async def test_whoever_tells_nothing_ten_times_is_not_asked_any_more(replies: int, waited: float) -> None:
    panel = Panel(*[good()] * replies, quota(0, 30), good())
    async with client(panel) as it:
        for _ in range(replies + 2):
            await it.balance()
    assert panel.times == [0] * (replies + 1) + [waited]


@virtual_time
async def test_whoever_tells_something_now_and_then_is_asked_for_ever() -> None:
    panel = Panel(*([*[good()] * 9, quota(99, 30)] * 3), *[good()] * 9, quota(0, 30), good())
    async with client(panel) as it:
        for _ in range(41):
            await it.balance()
    assert panel.times == [0] * 40 + [30]


@virtual_time
async def test_a_refusal_is_asked_even_of_whoever_told_nothing_for_long() -> None:
    panel = Panel(*[good()] * 12, quota(0, 40, status=429), good())
    async with client(panel, retry=ONCE) as it:
        for _ in range(12):
            await it.balance()
        with pytest.raises(RateLimitedError) as caught:
            await it.balance()
        await it.balance()
    assert caught.value.retry_after == 40
    assert panel.times == [0] * 13 + [40]


# --- the key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("KEY", "an object was expected, not '***': \"***\""),
        ({"error": "Invalid API key KEY"}, "Invalid API key ***"),
        ({"1": {"error": "Invalid API key KEY"}, "2": {"error": "Invalid API key"}}, "Invalid API key ***"),
    ],
)
@virtual_time
async def test_the_key_is_taken_out_of_the_error_of_a_request(content: object, message: str) -> None:
    panel = Notes(httpx.Response(200, json=content))
    async with client(panel, retry=ONCE) as it:
        ends = await asyncio.gather(it.status(1), it.status(2), return_exceptions=True)
    assert panel.forms == [{"key": "KEY", "action": "status", "orders": "1,2"}]
    for end in ends:
        assert isinstance(end, AgenciaError)
        assert (end.message, str(end)) == (message, message)
