import asyncio
import gc
import itertools
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import ConfigurationError
from agencia_async._bulk import chunks as module
from agencia_async._bulk.chunks import Ids, chunks, each, read_all
from agencia_async._concurrency.tasks import Tasks


def batches(
    ids: Ids, size: Callable[[], int], *, once: bool = False
) -> AsyncGenerator[tuple[list[int | str], list[str]], None]:
    return module.batches(ids, size, tasks=Tasks(), is_idle=lambda: False, once=once)


async def test_chunks_read_no_further_than_they_are_asked_for() -> None:
    read = []

    def endless() -> Iterator[int]:
        number = 0
        while True:
            read.append(number)
            yield number
            number += 1

    source = chunks(endless(), lambda: 3)
    assert await anext(source) == [0, 1, 2]
    assert read == [0, 1, 2]


async def test_chunks_take_asynchronous_input() -> None:
    async def some() -> AsyncIterator[str]:
        for letter in "abcde":
            yield letter

    found = [wire_ids async for _, wire_ids in batches(some(), lambda: 2)]
    assert found == [["a", "b"], ["c", "d"], ["e"]]


class Endless:
    """Ids that are waited for, out of no generator."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __aiter__(self) -> AsyncIterator[int]:
        return self

    async def __anext__(self) -> int:
        return next(self._numbers)


@pytest.mark.parametrize("once", [False, True])
async def test_batches_that_are_left_early_leave_nothing_open(once: bool) -> None:  # noqa: FBT001
    dropped: list[AsyncGenerator[object, None]] = []
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(finalizer=dropped.append)
    try:
        source = batches(Endless(), lambda: 1, once=once)
        await anext(source)
        await source.aclose()
        del source
    finally:
        sys.set_asyncgen_hooks(*hooks)
    assert dropped == []


@given(st.lists(st.integers(0, 50)), st.integers(1, 10))
async def test_chunks_lose_nothing_and_keep_the_order(items: list[int], size: int) -> None:
    cut = [chunk async for chunk in chunks(items, lambda: size)]
    assert [item for chunk in cut for item in chunk] == items
    assert all(len(chunk) == size for chunk in cut[:-1])
    assert all(1 <= len(chunk) <= size for chunk in cut)


@given(
    st.lists(st.one_of(st.integers(-3, 30), st.integers(0, 30).map(str))),
    st.integers(1, 10),
    st.booleans(),
    st.booleans(),
)
async def test_ids_are_sent_as_text_in_their_order(
    ids: list[int | str],
    size: int,
    once: bool,  # noqa: FBT001
    waited_for: bool,  # noqa: FBT001
) -> None:
    given = each(ids) if waited_for else ids
    cut = [batch async for batch in batches(given, lambda: size, once=once)]
    sent = [wire_id for _, wire_ids in cut for wire_id in wire_ids]
    assert sent == (list(dict.fromkeys(map(str, ids))) if once else list(map(str, ids)))
    assert [str(id_) for given, _ in cut for id_ in given] == sent
    assert all(len(given) == len(wire_ids) == size for given, wire_ids in cut[:-1])
    assert await read_all(each(ids) if waited_for else ids) == (ids, list(map(str, ids)))


@pytest.mark.parametrize("bad", ["2,3", "", True, 1.5, 10**64, -(10**64)])
async def test_one_bad_id_is_named(bad: Any) -> None:  # noqa: ANN401 - what a caller may give
    with pytest.raises(ConfigurationError, match="id"):
        [batch async for batch in batches([1, bad], lambda: 2)]
    with pytest.raises(ConfigurationError, match="id"):
        await read_all([1, bad])
    assert await read_all([10**64 - 1, 1 - 10**64]) == ([10**64 - 1, 1 - 10**64], ["9" * 64, "-" + "9" * 64])


class OldSequence:
    """Iterable by `__getitem__` alone."""

    def __getitem__(self, at: int) -> int:
        return [1, 2][at]


class Broken:
    """An iterable with a mistake of its own."""

    def __iter__(self) -> Iterator[int]:
        raise TypeError("a mistake of its own")


async def coroutine() -> None: ...


NOT_ITERABLE = ["23501", b"235", bytearray(b"235"), 23501, 1.5, None, True, coroutine, Broken()]


@pytest.mark.parametrize("ids", NOT_ITERABLE, ids=lambda ids: type(ids).__name__)
async def test_what_is_not_iterable_is_no_list_of_ids(ids: Any) -> None:  # noqa: ANN401
    told = f"^ids must be an iterable of ids, got {type(ids).__name__}; for a single id, pass \\[id\\]$"
    with pytest.raises(ConfigurationError, match=told) as caught:
        await anext(batches(ids, lambda: 1))
    with pytest.raises(ConfigurationError, match=told):
        await read_all(ids)
    assert isinstance(ids, Broken) == ("a mistake of its own" in str(caught.value.__cause__))


async def test_what_must_be_awaited_is_no_list_of_ids() -> None:
    told = "^ids must be an iterable of ids, got (coroutine|Future): await it$"
    for made in (coroutine, asyncio.get_running_loop().create_future):
        with pytest.raises(ConfigurationError, match=told):
            await anext(batches(cast("Any", made()), lambda: 1))
        with pytest.raises(ConfigurationError, match=told):
            await read_all(cast("Any", made()))
    gc.collect()  # a coroutine that was never awaited would warn here, and warnings are errors


async def test_an_iterable_by_its_items_is_one() -> None:
    assert await read_all(cast("Any", OldSequence())) == ([1, 2], ["1", "2"])


@pytest.mark.parametrize("waited_for", [False, True])
async def test_an_id_that_came_before_is_left_out_where_it_may_go_but_once(waited_for: bool) -> None:  # noqa: FBT001
    ids: list[int | str] = [0, 2, "0", 0, 3, 2]
    for once, expected in ((False, ["0", "2", "0", "0", "3", "2"]), (True, ["0", "2", "3"])):
        given = each(ids) if waited_for else ids
        sent = [wire_ids async for _, wire_ids in batches(given, lambda: 2, once=once)]
        assert sent == [expected[start : start + 2] for start in range(0, len(expected), 2)]
    assert [wire_ids async for _, wire_ids in batches([1, 1], lambda: 2)] == [["1", "1"]]
