"""Orders that are watched through a real Redis, while workers in this process ask the panel."""

import asyncio
from contextlib import aclosing

import pytest

from agencia_async import AuthenticationError, Change, ConfigurationError, Id, NotFoundError, OrderStatus
from agencia_async.sandbox import Panel
from agencia_async.workers import Polling, register
from tests.support.redis_server import Server
from tests.support.until import until

from .scene import asking, made, running
from .test_workers import asked

FAST = 0.05


async def changes(polling: Polling, ids: list[Id], **options: float) -> list[Change[OrderStatus]]:
    watched = polling.watch(ids, profile="north", min_interval=FAST, **options)  # type: ignore[arg-type]
    return [change async for change in watched]


async def test_each_change_is_told_until_all_have_ended(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(250)
    told: dict[Id, list[Change[OrderStatus]]] = {each: [] for each in ids}
    for each in ids:
        panel.set_state(each, "Pending")
    async with asking(server.url, workers=2) as polling:
        async for change in polling.watch(ids, profile="north", min_interval=FAST):
            told[change.id].append(change)
            if change.number == 1:
                panel.set_state(change.id, "Completed")
    assert {len(each) for each in told.values()} == {2}
    for first, last in told.values():
        assert [first.value and first.value.status, last.value and last.value.status] == [
            "Pending",
            "Completed",
        ]
        assert (first.previous, last.previous, last.number, last.is_final) == (None, first.value, 2, True)
    assert asked(panel)[-2:] == [100, 100]


async def test_orders_are_spread_over_the_profiles_workers(server: Server, panel: Panel) -> None:
    ids = panel.seed_orders(60)
    for each in ids:
        panel.set_state(each, "Completed")
    async with asking(server.url, workers=2, chunk_size=10, max_chunks=3) as polling:
        told = await changes(polling, [*ids])
    assert sorted(str(change.id) for change in told) == sorted(map(str, ids))
    assert asked(panel) == [10] * 6


async def test_a_worker_that_is_stopped_ends_nothing(server: Server, panel: Panel) -> None:
    (order,) = panel.seed_orders(1)
    panel.set_state(order, "Pending")
    first, second = made(server.url), made(server.url)
    register(first)
    register(second)
    async with (
        asking(server.url, workers=0) as polling,
        aclosing(polling.watch([order], profile="north", min_interval=FAST)) as watched,
    ):
        async with running(first):
            assert (await anext(watched)).number == 1
        panel.set_state(order, "Completed")
        async with running(second):
            assert (await anext(watched)).is_final


async def test_an_outage_of_the_panel_ends_nothing(
    server: Server, panel: Panel, caplog: pytest.LogCaptureFixture
) -> None:
    (order,) = panel.seed_orders(1)
    panel.set_state(order, "Completed")
    panel.refuse("status", "Maintenance mode", times=2)
    async with asking(server.url) as polling:
        told = await changes(polling, [order])
    assert [change.is_final for change in told] == [True]
    assert len(panel.requests) == 3
    assert caplog.text.count("nothing is answered") == 1


async def test_an_unknown_order_ends_with_its_error(server: Server, panel: Panel) -> None:
    async with asking(server.url) as polling:
        (change,) = await changes(polling, ["999999"], unknown_for=0.0)
    assert isinstance(change.error, NotFoundError)
    assert (change.id, change.error.id, change.is_final) == ("999999", "999999", True)
    assert len(panel.requests) == 1


async def test_an_account_that_is_refused_is_raised(server: Server, panel: Panel) -> None:
    panel.refuse("status", "Invalid API key", times=100)
    async with asking(server.url) as polling:
        with pytest.raises(AuthenticationError, match="Invalid API key"):
            await changes(polling, [1])


@pytest.mark.usefixtures("panel")
async def test_a_profile_that_no_worker_has_is_raised_in_its_words(server: Server) -> None:
    async with asking(server.url) as polling:
        with pytest.raises(ConfigurationError, match="no profile 'south'"):
            await anext(polling.watch([1], profile="south"))


async def test_a_watch_goes_on_from_a_snapshot(server: Server, panel: Panel) -> None:
    one, other = panel.seed_orders(2)
    panel.set_state(one, "Completed")
    panel.set_state(other, "Pending")
    async with asking(server.url) as polling:
        async with polling.watcher(FAST, profile="north", follow=True) as watcher:
            watcher.add(one, other)
            assert {(await anext(watcher)).id, (await anext(watcher)).id} == {one, other}
            known = watcher.snapshot()
        panel.set_state(other, "Canceled")
        again = polling.watch([one, other], profile="north", min_interval=FAST, known=known)
        assert [(change.id, change.number) async for change in again] == [(other, 2)]


async def test_who_leaves_early_leaves_nothing_behind(server: Server, panel: Panel) -> None:
    (order,) = panel.seed_orders(1)
    panel.set_state(order, "Pending")
    async with asking(server.url) as polling:
        before = asyncio.all_tasks()
        async with aclosing(polling.watch([order], profile="north", min_interval=FAST)) as watched:
            await anext(watched)
        await until(lambda: not any("agencia" in repr(task) for task in asyncio.all_tasks() - before))


async def test_it_needs_a_connected_worker_and_valid_intervals(server: Server) -> None:
    async with asking(server.url, workers=0) as polling:
        with pytest.raises(ConfigurationError, match="max_interval must be >= min_interval"):
            await anext(polling.watch([1], profile="north", min_interval=9.0, max_interval=8.0))
    with pytest.raises(ConfigurationError, match="the worker is not connected"):
        await anext(register(made(server.url)).watch([1], profile="north"))
