"""Waiting for what another task brings about, without a clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop turn until the condition holds."""
    while not condition():  # noqa: ASYNC110 - whoever brings it about knows nothing of who waits
        await asyncio.sleep(0)


async def take(stream: AsyncIterator[T], count: int) -> list[T]:
    """The next items of a stream, which is then dropped."""
    return [await anext(stream) for _ in range(count)]
