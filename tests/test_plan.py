from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import ConfigurationError
from agencia_async._plan import chunks, each, spelt, travelling


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

    assert [chunk async for chunk in chunks(some(), lambda: 2)] == [["a", "b"], ["c", "d"], ["e"]]


@given(st.lists(st.integers(0, 50)), st.integers(1, 10))
async def test_chunks_lose_nothing_and_keep_the_order(items: list[int], size: int) -> None:
    cut = [chunk async for chunk in chunks(items, lambda: size)]
    assert [item for chunk in cut for item in chunk] == items
    assert all(len(chunk) == size for chunk in cut[:-1])
    assert all(1 <= len(chunk) <= size for chunk in cut)


@given(st.lists(st.one_of(st.integers(0, 30), st.integers(0, 30).map(str))), st.booleans(), st.booleans())
async def test_ids_travel_as_text_in_their_order(ids: list[int | str], once: bool, waited_for: bool) -> None:  # noqa: FBT001
    given = each(ids) if waited_for else ids
    pairs = [pair async for pair in each(travelling(given, once=once))]
    wire_ids = [str(id_) for id_ in ids]
    assert [wire_id for _, wire_id in pairs] == (list(dict.fromkeys(wire_ids)) if once else wire_ids)
    assert [str(id_) for id_, _ in pairs] == [wire_id for _, wire_id in pairs]
    assert await spelt(each(ids) if waited_for else ids) == (ids, wire_ids)


async def test_one_bad_id_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'2,3'"):
        [pair async for pair in each(travelling([1, "2,3"]))]


@pytest.mark.parametrize("ids", ["23501", b"235", bytearray(b"235")])
async def test_a_text_is_no_list_of_ids(ids: Any) -> None:  # noqa: ANN401 - what a caller may give
    with pytest.raises(ConfigurationError, match="one text"):
        await anext(each(travelling(ids)))
