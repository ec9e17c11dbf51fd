"""How many ids become few requests: checked, in chunks, lazily."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing
from typing import TypeVar

from agencia_async.errors import ConfigurationError
from agencia_async.models import Id, id_text

T = TypeVar("T")

Ids = Iterable[Id] | AsyncIterable[Id]


async def each(items: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T, None]:
    """The items of any iterable, asynchronous or not."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


async def travelling(ids: Ids, *, once: bool = False) -> AsyncGenerator[tuple[Id, str], None]:
    """Each id as the caller gave it, and as it travels; with `once`, those that came before are left out.

    Raises:
        ConfigurationError: an id cannot travel, or the ids are one text (whose letters would be ids).
    """
    if isinstance(ids, str | bytes | bytearray):
        raise ConfigurationError("the ids are one text; give a list of ids, or use the call for one id")
    seen: set[str] = set()
    async with aclosing(each(ids)) as source:
        async for id in source:  # noqa: A001 - the protocol's own word
            wire_id = id_text(id)
            if once:
                if wire_id in seen:
                    continue
                seen.add(wire_id)
            yield id, wire_id


async def chunks(
    items: Iterable[T] | AsyncIterable[T], size: Callable[[], int]
) -> AsyncGenerator[list[T], None]:
    """The items in lists of at most `size()`, read only as far as they are asked for."""
    chunk: list[T] = []
    async with aclosing(each(items)) as source:
        async for item in source:
            chunk.append(item)
            if len(chunk) >= size():
                yield chunk
                chunk = []
    if chunk:
        yield chunk
