"""Splits ids into chunks, checked and lazily."""

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


async def read_all(ids: Ids) -> tuple[list[Id], list[str]]:
    """All ids as the caller gave them, and as they are sent.

    Raises:
        ConfigurationError: an id is invalid, or the ids are a single str (whose letters would be ids).
    """
    _reject_text(ids)
    given = [id async for id in ids] if isinstance(ids, AsyncIterable) else list(ids)  # noqa: A001
    return given, id_texts(given)


async def batches(
    ids: Ids, size: Callable[[], int], *, once: bool = False
) -> AsyncGenerator[tuple[list[Id], list[str]], None]:
    """The same in batches of at most `size()` ids, read lazily.

    With `once`, duplicates are left out. Raises as `read_all` does.
    """
    _reject_text(ids)
    async with aclosing(chunks(ids, size, _new() if once else None)) as lists:
        async for given in lists:
            yield given, id_texts(given)


def _reject_text(ids: object) -> None:
    if isinstance(ids, str | bytes | bytearray):
        raise ConfigurationError(
            f"ids must be an iterable of ids, got {type(ids).__name__}; for one id there is a call of its own"
        )


def _new() -> Callable[[Id], bool]:
    """A predicate that is true of each id on its first occurrence."""
    seen: set[str] = set()

    def is_new(id: Id) -> bool:  # noqa: A002
        before = len(seen)
        seen.add(id_text(id))
        return len(seen) > before

    return is_new


async def chunks(
    items: Iterable[T] | AsyncIterable[T],
    size: Callable[[], int],
    wanted: Callable[[T], bool] | None = None,
) -> AsyncGenerator[list[T], None]:
    """The items (those `wanted`) in lists of at most `size()`, read lazily."""
    if not isinstance(items, AsyncIterable):
        rest = iter(items) if wanted is None else filter(wanted, items)
        while some := list(islice(rest, size())):
            yield some
        return
    chunk: list[T] = []
    async for item in items:
        if wanted is None or wanted(item):
            chunk.append(item)
            if len(chunk) >= size():
                yield chunk
                chunk = []
    if chunk:
        yield chunk
