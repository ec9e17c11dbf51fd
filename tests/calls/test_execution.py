import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest

from agencia_async import RateLimit, RateLimitedError, RetryPolicy, TransportError
from agencia_async._calls.execution import Attempt
from agencia_async._protocol import calls
from tests.calls.scene import ORDER, Notes, client, good
from tests.support.virtual import virtual_time

T = TypeVar("T")
TOO_LATE = r"^the deadline passed before the request was sent$"


def after(seconds: float) -> Callable[[Attempt[T]], Awaitable[T]]:
    """Makes each attempt so many seconds after nothing holds it back any more."""

    async def around(attempt: Attempt[T]) -> T:
        await asyncio.sleep(seconds)
        return await attempt()

    return around


@pytest.mark.parametrize(
    ("deadline", "late", "sent"),
    [
        (60, 58.5, True),
        (60, 59, False),
        (60, 59.5, False),
        (60, 61, False),
        (5, 4.25, True),
        (5, 4.5, False),
        (5, 4.75, False),
    ],
)
@virtual_time
async def test_a_write_is_begun_with_more_than_a_second_or_a_tenth_of_the_deadline_left(
    deadline: float, late: float, *, sent: bool
) -> None:
    panel = Notes(good())
    async with client(panel, retry=RetryPolicy(attempts=1, deadline=deadline)) as it:
        sending = it._sender.send(calls.add(ORDER), after(late))  # noqa: SLF001 - as a journal does
        if sent:
            assert await sending == 5
        else:
            with pytest.raises(TransportError, match=TOO_LATE) as caught:
                await sending
            assert (caught.value.sent, caught.value.attempts) == ("no", 0)
        assert [form["action"] for form in panel.forms] == ["add"] * sent
        assert it.requests_sent == sent


@pytest.mark.parametrize(("late", "sent"), [(59.9, True), (60, False), (61, False)])
@virtual_time
async def test_a_read_is_begun_with_any_time_left(late: float, *, sent: bool) -> None:
    panel = Notes(good())
    async with client(panel, retry=RetryPolicy(attempts=1)) as it:
        sending = it._sender.send(calls.BALANCE, after(late))  # noqa: SLF001 - no public way to be late
        if sent:
            assert (await sending).currency == "USD"
        else:
            with pytest.raises(TransportError, match=TOO_LATE):
                await sending
        assert [form["action"] for form in panel.forms] == ["balance"] * sent


@virtual_time
async def test_to_wait_for_a_slot_takes_nothing_of_the_deadline() -> None:
    panel = Notes(good())
    async with client(panel, max_concurrency=1) as it:
        busy = asyncio.create_task(it._sender.send(calls.BALANCE, after(1000)))  # noqa: SLF001 - as above
        await asyncio.sleep(0)
        assert (await it.balance()).currency == "USD"
        assert asyncio.get_running_loop().time() == 1000
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)
    assert len(panel.forms) == 1


@virtual_time
async def test_the_deadline_is_put_off_by_what_was_waited_for_ones_own_limit_and_no_more() -> None:
    panel = Notes(good(), 1e6)
    policy = RetryPolicy(attempts=1, deadline=5)
    async with client(panel, rate_limit=RateLimit(1, per=100), retry=policy) as it:
        await it.balance()
        with pytest.raises(TransportError, match="no whole reply within the 5 s left of the deadline"):
            await it.balance()
    assert panel.times == pytest.approx([0, 100.25])
    assert asyncio.get_running_loop().time() == pytest.approx(105.25)


@virtual_time
async def test_when_the_first_call_after_a_pause_gives_up_the_next_one_goes() -> None:
    panel = Notes(httpx.Response(429, headers={"Retry-After": "3"}), 20.0, good())
    async with client(panel, retry=RetryPolicy(attempts=1)) as it:
        with pytest.raises(RateLimitedError):
            await it.balance()
        first, second = (asyncio.create_task(it.balance()) for _ in range(2))
        await asyncio.sleep(5)
        first.cancel()
        assert (await second).currency == "USD"
        assert panel.times == [0, 3, 5]
        await asyncio.gather(first, return_exceptions=True)


@virtual_time
async def test_an_order_is_sent_before_the_bulk_reads_that_wait() -> None:
    panel = Notes(1.0)
    async with client(panel, max_concurrency=1) as it:
        tasks: list[asyncio.Future[object]] = []
        for call in (it.balance(), it.status_many(range(100)), it.add(ORDER)):
            tasks.append(asyncio.ensure_future(call))
            await asyncio.sleep(0.1)
        await asyncio.wait([tasks[2]])
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert [form["action"] for form in panel.forms][:2] == ["balance", "add"]
