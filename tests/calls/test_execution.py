import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from agencia_async import RetryPolicy, TransportError
from agencia_async._calls.execution import Attempt
from agencia_async._protocol import calls
from tests.calls.scene import ORDER, Notes, client, good
from tests.support.virtual import virtual_time

T = TypeVar("T")


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
            with pytest.raises(TransportError, match="passed before it could be sent") as caught:
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
            with pytest.raises(TransportError, match="passed before it could be sent"):
                await sending
        assert [form["action"] for form in panel.forms] == ["balance"] * sent
