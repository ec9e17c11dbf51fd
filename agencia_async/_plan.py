"""How many ids become few requests: checked, in chunks, lazily."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing
from itertools import islice
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


def travelling(ids: Ids, *, once: bool = False) -> Iterable[tuple[Id, str]] | AsyncIterable[tuple[Id, str]]:
    """Each id as the caller gave it, and as it travels; with `once`, those that came before are left out.

    Raises:
        ConfigurationError: an id cannot travel, or the ids are one text (whose letters would be ids).
    """
    _refuse_text(ids)
    if isinstance(ids, AsyncIterable):
        return _waited_for(ids, once=once)
    pairs = ((id, id_text(id)) for id in ids)  # noqa: A001 - the protocol's own word
    return filter(_new(), pairs) if once else pairs


def _refuse_text(ids: object) -> None:
    if isinstance(ids, str | bytes | bytearray):
        raise ConfigurationError("the ids are one text; give a list of ids, or use the call for one id")


async def _waited_for(ids: AsyncIterable[Id], *, once: bool) -> AsyncGenerator[tuple[Id, str], None]:
    new = _new()
    async with aclosing(each(ids)) as source:
        async for id in source:  # noqa: A001
            pair = (id, id_text(id))
            if not once or new(pair):
                yield pair


async def spelt(ids: Ids) -> tuple[list[Id], list[str]]:
    """All ids as the caller gave them, and as they travel; raises as `travelling` does."""
    _refuse_text(ids)
    given = [id async for id in ids] if isinstance(ids, AsyncIterable) else list(ids)  # noqa: A001
    return given, list(map(id_text, given))


def _new() -> Callable[[tuple[Id, str]], bool]:
    """A test that is true of each id that did not come before."""
    seen: set[str] = set()

    def new(pair: tuple[Id, str]) -> bool:
        if pair[1] in seen:
            return False
        seen.add(pair[1])
        return True

    return new


async def chunks(
    items: Iterable[T] | AsyncIterable[T], size: Callable[[], int]
) -> AsyncGenerator[list[T], None]:
    """The items in lists of at most `size()`, read only as far as they are asked for."""
    if not isinstance(items, AsyncIterable):
        rest = iter(items)
        while some := list(islice(rest, size())):
            yield some
        return
    chunk: list[T] = []
    async with aclosing(each(items)) as source:
        async for item in source:
            chunk.append(item)
            if len(chunk) >= size():
                yield chunk
                chunk = []
    if chunk:
        yield chunk
