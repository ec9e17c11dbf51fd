"""How many ids become few requests: checked, in chunks, lazily."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing
from itertools import islice
from typing import TypeVar

from agencia_async.errors import ConfigurationError
from agencia_async.models import Id, id_text, id_texts

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


async def spelt(ids: Ids) -> tuple[list[Id], list[str]]:
    """All ids as the caller gave them, and as they travel.

    Raises:
        ConfigurationError: an id cannot travel, or the ids are one text (whose letters would be ids).
    """
    _refuse_text(ids)
    given = [id async for id in ids] if isinstance(ids, AsyncIterable) else list(ids)  # noqa: A001
    return given, id_texts(given)


async def batches(
    ids: Ids, size: Callable[[], int], *, once: bool = False
) -> AsyncGenerator[tuple[list[Id], list[str]], None]:
    """The same of at most `size()` ids at a time, read only as far as they are asked for.

    With `once`, ids that came before are left out. Raises as `spelt` does.
    """
    _refuse_text(ids)
    async with aclosing(chunks(_distinct(ids) if once else ids, size)) as lists:
        async for given in lists:
            yield given, id_texts(given)


def _refuse_text(ids: object) -> None:
    if isinstance(ids, str | bytes | bytearray):
        raise ConfigurationError("the ids are one text; give a list of ids, or use the call for one id")


def _distinct(ids: Ids) -> Ids:
    """The ids without those that came before."""
    seen: set[str] = set()

    def is_new(id: Id) -> bool:  # noqa: A002
        before = len(seen)
        seen.add(id_text(id))
        return len(seen) > before

    return _those(is_new, ids) if isinstance(ids, AsyncIterable) else filter(is_new, ids)


async def _those(wanted: Callable[[T], bool], items: AsyncIterable[T]) -> AsyncGenerator[T, None]:
    async with aclosing(each(items)) as source:
        async for item in source:
            if wanted(item):
                yield item


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
