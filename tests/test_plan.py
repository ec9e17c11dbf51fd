from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import ConfigurationError
from agencia_async._plan import chunks, unique


async def test_chunks_read_no_further_than_they_are_asked_for() -> None:
    read = []

    def endless() -> Iterator[int]:
        number = 0
        while True:
            read.append(number)
            yield number
            number += 1

    source = chunks(endless(), 3)
    assert await anext(source) == [0, 1, 2]
    assert read == [0, 1, 2]


async def test_chunks_take_asynchronous_input() -> None:
    async def some() -> AsyncIterator[str]:
        for letter in "abcde":
            yield letter

    assert [chunk async for chunk in chunks(some(), 2)] == [["a", "b"], ["c", "d"], ["e"]]


@given(st.lists(st.integers(0, 50)), st.integers(1, 10))
async def test_chunks_lose_nothing_and_keep_the_order(items: list[int], size: int) -> None:
    cut = [chunk async for chunk in chunks(items, size)]
    assert [item for chunk in cut for item in chunk] == items
    assert all(len(chunk) == size for chunk in cut[:-1])
    assert all(1 <= len(chunk) <= size for chunk in cut)


@given(st.lists(st.one_of(st.integers(0, 30), st.integers(0, 30).map(str))))
def test_unique_keeps_the_first_of_each_however_it_is_written(ids: list[int | str]) -> None:
    found = unique(ids)
    assert len(found) == len(set(found))
    assert set(found) == {str(id_) for id_ in ids}
    positions = [[str(id_) for id_ in ids].index(wire_id) for wire_id in found]
    assert positions == sorted(positions)


def test_one_bad_id_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'2,3'"):
        unique([1, "2,3"])
