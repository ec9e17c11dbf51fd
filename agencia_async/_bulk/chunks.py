"""Splits ids into chunks, checked and lazily."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Iterable, Iterator
from contextlib import aclosing
from itertools import islice
from typing import TypeVar

from agencia_async._bulk.trickle import Trickle
from agencia_async._concurrency.tasks import Tasks
from agencia_async._models.ids import id_text, id_texts
from agencia_async.errors import ConfigurationError
from agencia_async.models import Id

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


async def read_all(ids: Ids) -> tuple[list[Id], list[str]]:
    """All ids as the caller gave them, and as they are sent.

    Raises:
        ConfigurationError: an id is invalid; or the ids are a single one (the letters of a str would be
            ids), or anything else that is not iterable.
    """
    given = [id async for id in ids] if isinstance(ids, AsyncIterable) else list(_iterated(ids))  # noqa: A001
    return given, id_texts(given)


async def batches(
    ids: Ids,
    size: Callable[[], int],
    *,
    tasks: Tasks,
    is_idle: Callable[[], bool],
    once: bool = False,
) -> AsyncGenerator[tuple[list[Id], list[str]], None]:
    """The same in batches of at most `size()` ids, read lazily; fewer, if a source only trickles.

    With `once`, duplicates are left out. Raises as `read_all` does.
    """
    wanted = _new() if once else None
    if isinstance(ids, AsyncIterable):
        source = Trickle(ids, size, wanted or (lambda _: True), is_idle=is_idle, tasks=tasks).chunks()
    else:
        source = chunks(_iterated(ids), size, wanted)
    async with aclosing(source) as lists:
        async for given in lists:
            yield given, id_texts(given)


def _iterated(ids: Iterable[Id]) -> Iterator[Id]:
    """An iterator over the ids; a text would be one of its letters, and a future one of nothing."""
    if isinstance(ids, str | bytes | bytearray) or asyncio.isfuture(ids):
        raise _not_iterable(ids)
    try:
        return iter(ids)
    except TypeError as error:
        raise _not_iterable(ids) from error


def _not_iterable(ids: object) -> ConfigurationError:
    kind = type(ids).__name__
    if isinstance(ids, Coroutine):
        ids.close()  # else Python warns that it was never awaited
    if isinstance(ids, Coroutine) or asyncio.isfuture(ids):
        return ConfigurationError(f"ids must be an iterable of ids, got {kind}: await it")
    return ConfigurationError(f"ids must be an iterable of ids, got {kind}; for a single id, pass [id]")


def _new() -> Callable[[Id], bool]:
    """A predicate that is true of each id on its first occurrence."""
    seen: set[str] = set()

    def is_new(id: Id) -> bool:  # noqa: A002
        before = len(seen)
        seen.add(id_text(id))
        return len(seen) > before

    return is_new


async def chunks(
    items: Iterable[T], size: Callable[[], int], wanted: Callable[[T], bool] | None = None
) -> AsyncGenerator[list[T], None]:
    """The items (those `wanted`) in lists of at most `size()`, read lazily."""
    rest = iter(items) if wanted is None else filter(wanted, items)
    while some := list(islice(rest, size())):
        yield some
