"""How many ids become few requests: unique, in chunks, lazily."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from typing import TypeVar

from agencia_async.models import Id, id_text

T = TypeVar("T")


def unique(ids: Iterable[Id]) -> list[str]:
    """The ids as they travel, each once, in the order of their first appearance.

    Raises:
        ConfigurationError: one of them cannot travel.
    """
    return list(dict.fromkeys(map(id_text, ids)))


async def each(items: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    """The items of any iterable, asynchronous or not."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


async def chunks(items: Iterable[T] | AsyncIterable[T], size: int) -> AsyncGenerator[list[T], None]:
    """The items in lists of at most `size`, read only as far as they are asked for."""
    chunk: list[T] = []
    async for item in each(items):
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
