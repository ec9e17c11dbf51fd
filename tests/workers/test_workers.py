"""Statuses asked for through a real Redis, and answered by workers in this process."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agencia_async import (
    AsyncClient,
    AuthenticationError,
    ConfigurationError,
    Id,
    InvalidInputError,
    OrderStatus,
    RefillStatus,
)
from agencia_async._limits import gate, shared
from agencia_async._workers import clients
from agencia_async.sandbox import Panel
from agencia_async.workers import register
from tests.support.redis_server import Server
from tests.support.standin import numbers, standin
from tests.support.until import until

from .scene import KEY, asking, everything, made, running


def asked(panel: Panel) -> list[int]:
    """How many ids each request was for, in no order."""
    return sorted(len(request.ids) for request in panel.requests)


async def test_the_items_are_those_of_status_iter(server: Server, panel: Panel) -> None:
    ids = [*panel.seed_orders(250), 999_999]
    async with AsyncClient.from_profile("north") as client:
        expected = {item.id: item async for item in client.status_iter(ids)}
    async with asking(server.url, workers=2) as polling:
        items = {item.id: item async for item in polling.status(ids, profile="north")}
    assert sorted(items) == sorted(ids)
    assert [items[each].to_dict() for each in ids] == [expected[each].to_dict() for each in ids]
    assert [items[each].value for each in ids] == [expected[each].value for each in ids]
    assert isinstance(items[ids[0]].value, OrderStatus)


async def test_refills_are_asked_for_as_well(server: Server, panel: Panel) -> None:
    async with AsyncClient.from_profile("north") as client:
        numbers = (await client.refill_many(panel.seed_orders(100))).ok.values()
        refills = [number for number in numbers if number]
        expected = await client.refill_status_many(refills)
    assert expected.ok
    async with asking(server.url) as polling:
        items = {item.id: item async for item in polling.refill_status(refills, profile="north")}
    assert {each: item.value for each, item in items.items()} == expected.ok
    assert {type(item.value) for item in items.values()} == {RefillStatus}


class Number(int):
    """An id that only its caller knows by this class."""


async def test_an_id_comes_back_as_it_was_given(server: Server, panel: Panel) -> None:
    (order, *_) = panel.seed_orders(1)
    given: list[Id] = [Number(str(order)), str(order), order]
    async with asking(server.url) as polling:
        items = [item async for item in polling.status(given, profile="north")]
    assert [type(item.id) for item in items] == [Number, str, int]
    assert all(item.ok for item in items)
    assert asked(panel) == [1]


async def test_the_input_is_read_lazily_and_few_chunks_are_in_flight(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(60)
    taken: list[Id] = []

    def lazily() -> Iterator[Id]:
        for each in ids:
            taken.append(each)
            yield each

    async with asking(server.url, workers=0, chunk_size=10, max_chunks=2) as polling:
        worker = made(server.url)
        register(worker)
        items = polling.status(lazily(), profile="north")
        first = asyncio.create_task(anext(items))
        await until(lambda: len(taken) == 20)
        async with running(worker):
            assert (await first).ok
            rest = [item async for item in items]
    assert len(rest) == 59
    assert asked(panel) == [10] * 6


async def test_an_id_that_trickles_in_is_answered_at_once(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(3)
    answered = asyncio.Event()

    async def slowly() -> AsyncIterator[Id]:
        for each in ids:
            yield each
            await answered.wait()
            answered.clear()

    async with asking(server.url) as polling:
        async for item in polling.status(slowly(), profile="north"):
            assert item.ok
            answered.set()
    assert asked(panel) == [1, 1, 1]


async def test_who_leaves_early_leaves_nothing_behind(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(100)
    async with asking(server.url, chunk_size=10, max_chunks=2) as polling:
        before = asyncio.all_tasks()
        async with aclosing(polling.status(ids, profile="north")) as items:
            assert (await anext(items)).ok
        assert {task for task in asyncio.all_tasks() - before if "WorkerPool" in repr(task)} == set()
    assert len(panel.requests) <= 4


async def test_an_invalid_id_raises_once_it_is_reached(server: Server, panel: Panel) -> None:
    (order, *_) = panel.seed_orders(1)
    async with asking(server.url, chunk_size=1) as polling:
        items = polling.status([order, "1,2"], profile="north")
        assert (await anext(items)).ok
        with pytest.raises(InvalidInputError, match="comma"):
            await anext(items)


# --- what a worker cannot do ----------------------------------------------------------------------------


@pytest.mark.usefixtures("panel")
async def test_an_unknown_profile_is_told_in_the_workers_words(server: Server) -> None:
    async with asking(server.url) as polling:
        items = [item async for item in polling.status([1, "x"], profile="south")]
    assert [item.id for item in items] == [1, "x"]
    for item in items:
        assert isinstance(item.error, ConfigurationError)
        assert "no profile 'south'" in item.error.message
        assert item.error.id == item.id


async def test_an_account_that_is_refused_is_the_error_of_the_ids(server: Server, panel: Panel) -> None:
    panel.refuse("status", "Invalid API key", times=100)
    async with asking(server.url, chunk_size=2) as polling:
        items = [item async for item in polling.status(range(1, 6), profile="north")]
    assert sorted(item.id for item in items) == [1, 2, 3, 4, 5]
    assert {type(item.error) for item in items} == {AuthenticationError}


async def test_the_key_and_only_the_key_stays_with_the_workers(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(3)
    async with asking(server.url) as polling:
        assert [item.ok async for item in polling.status(ids, profile="north")] == [True] * 3
        kept = everything(server.url)
    assert KEY.encode() not in kept
    assert b"streaq:" in kept


@pytest.mark.parametrize("profile", [None, "", 5])
async def test_a_profile_that_is_no_name_is_not_sent(server: Server, panel: Panel, profile: Any) -> None:  # noqa: ANN401
    async with asking(server.url) as polling:
        with pytest.raises(ConfigurationError, match="profile must"):
            await anext(polling.status([1], profile=profile))
        with pytest.raises(ConfigurationError, match="profile must"):
            await anext(polling.watch([1], profile=profile))
    assert not panel.requests


# --- the clients of a worker ------------------------------------------------------------------------------


async def test_a_worker_has_one_client_for_each_profile_and_closes_it_at_the_end(
    server: Server, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[AsyncClient] = []
    original = clients.opened

    def noted(profile: str) -> AsyncClient:
        opened.append(original(profile))
        return opened[-1]

    monkeypatch.setattr(clients, "opened", noted)
    ids = panel.seed_orders(40)
    async with asking(server.url, chunk_size=10) as polling:
        for _ in range(2):
            assert [item.ok async for item in polling.status(ids, profile="north")] == [True] * 40
        assert [repr(client).count("closed") for client in opened] == [0]
    assert [repr(client).count("closed") for client in opened] == [1]


async def test_the_users_own_lifespan_goes_on(server: Server, panel: Panel) -> None:
    told: list[str] = []

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[int]:
        told.append("begins")
        try:
            yield 7
        finally:
            told.append("ends")

    worker = made(server.url, lifespan=lifespan)
    register(worker)

    @worker.task(name="mine")
    async def mine() -> int:
        context: int = worker.context
        return context

    (order, *_) = panel.seed_orders(1)
    async with asking(server.url, workers=0) as polling, running(worker):
        assert [item.ok async for item in polling.status([order], profile="north")] == [True]
        asker = made(server.url)
        async with asker:
            task = await asker.enqueue_unsafe("mine")
            assert (await task.result(timeout=10)).result == 7
    assert told == ["begins", "ends"]


def add_to_profile(lines: str) -> None:
    with Path(os.environ["AGENCIA_CONFIG"]).open("a", encoding="utf-8") as file:
        file.write(lines)


async def test_while_the_redis_of_the_limit_is_away_no_worker_asks_the_panel(
    server: Server, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_AGAIN", 0.01)
    monkeypatch.setattr(shared, "_CHECK_TIMEOUT", 60.0)
    ids = panel.seed_orders(10)
    is_back = False
    asked: list[int] = []

    def answer(_: list[str]) -> bytes:
        asked.append(len(panel.requests))
        return numbers(0, 1) if is_back else b"-LOADING Redis is loading the dataset in memory\r\n"

    async with standin(answer) as limit:
        add_to_profile(f'rate_limit = "1000/s"\nrate_limit_redis = "{limit.url}"\n')
        async with asking(server.url) as polling:
            first = asyncio.create_task(anext(polling.status(ids, profile="north")))
            await until(lambda: len(asked) > 5)
            is_back = True
            assert (await first).ok
    assert max(asked[:6]) == 0
    assert len(panel.requests) == 1
