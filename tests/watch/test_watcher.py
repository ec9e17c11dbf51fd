"""Watching orders to their end, in virtual time."""

import asyncio
import gc
import itertools
import json
import logging
import math
from collections import Counter
from typing import Any

import httpx
import pytest

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    Change,
    ConfigurationError,
    InvalidInputError,
    NotAnsweredError,
    NotFoundError,
    OrderState,
    OrderStatus,
    PanelError,
    UnavailableError,
)
from tests.support.virtual import virtual_time
from tests.watch.scene import WRONG, Tell, WatchedPanel, ends_at, row, time, told

BAD_KEY = {"error": "Invalid API key"}


async def all_of(panel: WatchedPanel, ids: Any, **options: Any) -> list[Change[OrderStatus]]:  # noqa: ANN401
    async with panel.client() as client:
        return [change async for change in client.watch(ids, **options)]


@virtual_time
async def test_each_order_is_told_until_its_end() -> None:
    panel = WatchedPanel()
    changes = await all_of(panel, [20, "90", 300])
    assert sorted(map(str, map(told, changes))) == [
        "('90', 'Completed')",
        "('90', 'In progress')",
        "(20, 'Completed')",
        "(20, 'In progress')",
        "(300, 'Completed')",
        "(300, 'In progress')",
    ]
    finals = [change for change in changes if change.is_final]
    assert [change.number for change in finals] == [2, 2, 2]
    assert all(change.previous is not None for change in finals)
    assert set(panel.sizes) <= {1, 2, 3}
    assert time() < 300 * 1.15 + 1


@virtual_time
async def test_the_looks_grow_with_the_age() -> None:
    panel = WatchedPanel(ends_at(1000))
    await all_of(panel, [1])
    times = [at for at, _ in panel.asked]
    gaps = [round(later - earlier, 6) for earlier, later in itertools.pairwise(times)]
    assert 5 <= gaps[0] < 5.1
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(0.15 * times[-2], rel=0.02)
    assert len(times) < 30


@virtual_time
async def test_intervals_of_the_callers_own() -> None:
    panel = WatchedPanel(ends_at(100))
    await all_of(panel, [1], min_interval=1, max_interval=4.0)
    times = [at for at, _ in panel.asked]
    gaps = [round(later - earlier, 6) for earlier, later in itertools.pairwise(times)]
    assert [min(gaps), max(gaps)] == pytest.approx([1.05, 4.05])


@virtual_time
async def test_nothing_and_duplicates_and_asynchronous_ids() -> None:
    async def ids() -> Any:  # noqa: ANN401
        for number in (1, 2, 1, "2"):
            yield number

    panel = WatchedPanel(ends_at(0))
    assert await all_of(panel, []) == []
    assert panel.asked == []
    assert sorted(map(told, await all_of(panel, ids()))) == [(1, "Completed"), (2, "Completed")]
    assert panel.sizes == [2]


@virtual_time
async def test_invalid_ids_and_intervals_before_anything_is_sent() -> None:
    panel = WatchedPanel()
    with pytest.raises(InvalidInputError, match="comma"):
        await all_of(panel, [1, "2,3"])
    with pytest.raises(ConfigurationError, match="max_interval must be >= min_interval, got 1 < 5"):
        await all_of(panel, [1], max_interval=1, min_interval=5)
    for name in ("min_interval", "max_interval", "unknown_for"):
        with pytest.raises(ConfigurationError, match=f"{name} must be a number of seconds"):
            await all_of(panel, [1], **{name: -1})
    async with panel.client() as client:
        with pytest.raises(ConfigurationError, match="follow must be a bool"):
            client.watcher(follow="yes")  # type: ignore[arg-type]
    assert panel.asked == []


@virtual_time
async def test_many_orders_travel_in_full_batches() -> None:
    panel = WatchedPanel(ends_at(30))
    changes = await all_of(panel, range(1000))
    assert Counter(change.is_final for change in changes) == {True: 1000, False: 1000}
    assert set(panel.sizes) == {100}
    assert len(panel.sizes) <= 10 * 6


@virtual_time
async def test_a_batch_is_filled_up_with_orders_of_another_age() -> None:
    panel = WatchedPanel(ends_at(2000))
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(*range(50))
        await asyncio.sleep(1000)
        asked = len(panel.asked)
        watcher.add(*range(50, 100))
        await asyncio.sleep(50)
        assert set(panel.sizes[asked:]) == {100}
        assert repr(watcher) == "<Watcher of 100 orders>"


# --- who takes the changes --------------------------------------------------------------------------------


def falls(_: str, now: float) -> Any:  # noqa: ANN401
    return row("In progress", 1000 - int(now)) if now < 990 else row("Completed")


@virtual_time
async def test_a_slow_consumer_holds_nobody_up_and_gets_the_newest() -> None:
    panel = WatchedPanel(falls)
    changes = []
    async with panel.client() as client, client.watcher(max_interval=10.0) as watcher:
        watcher.add(*range(200))
        first = await anext(watcher)
        await asyncio.sleep(500)
        assert (watcher.stats().untold, watcher.stats().watched) == (200, 200)
        assert len(panel.asked) > 80
        async for change in watcher:
            changes.append(change)
            if len(changes) == 200:
                await asyncio.sleep(1000)
    assert first.number == 1
    assert len(changes) == 400
    assert {change.value.remains for change in changes[:200] if change.value} <= set(range(490, 1000))
    assert sorted(str(change.id) for change in changes[200:]) == sorted(map(str, range(200)))
    assert all(change.is_final for change in changes[200:])
    again = next(change for change in changes if change.id == first.id)
    assert (again.previous, again.number > 2) == (first.value, True)


@virtual_time
async def test_orders_are_added_and_discarded_while_it_is_read() -> None:
    panel = WatchedPanel()
    seen = []
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(100, 50)
        async for change in watcher:
            seen.append(told(change))
            if time() < 10 and len(seen) == 2:
                watcher.add(200, 50)
                watcher.discard(100, "nothing")
        assert sorted(seen) == [
            (50, "Completed"),
            (50, "In progress"),
            (100, "In progress"),
            (200, "Completed"),
            (200, "In progress"),
        ]
        asked = {key for at, ids in panel.asked if at > 10 for key in ids}
        assert asked == {"50", "200"}
        watcher.add(400)
        assert [told(change) async for change in watcher] == [(400, "In progress"), (400, "Completed")]


@virtual_time
async def test_what_is_discarded_while_it_is_asked_for() -> None:
    panel = WatchedPanel(ends_at(0))
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(1, 2)
        await asyncio.sleep(0.03)
        watcher.discard(1)
        assert [told(change) async for change in watcher] == [(2, "Completed")]
        watcher.add(3)
        await asyncio.sleep(0.03)
        watcher.discard(3)
        watcher.add(3)
        assert [told(change) async for change in watcher] == [(3, "Completed")]


@virtual_time
async def test_it_ends_when_the_last_one_is_discarded() -> None:
    panel = WatchedPanel()
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(1000)
        await anext(watcher)
        asyncio.get_running_loop().call_later(10, watcher.discard, 1000)
        assert [told(change) async for change in watcher] == []
        assert time() < 11


@virtual_time
async def test_with_follow_it_goes_on_until_it_is_closed() -> None:
    panel = WatchedPanel()
    async with panel.client() as client:
        watcher = client.watcher(follow=True)
        loop = asyncio.get_running_loop()
        loop.call_later(10, watcher.add, 20)
        loop.call_later(100, watcher.add, 120)
        closing: list[asyncio.Future[None]] = []
        loop.call_later(200, lambda: closing.append(asyncio.ensure_future(watcher.aclose())))
        seen = [told(change) async for change in watcher]
        assert (time(), len(closing)) == (200, 1)
        assert seen == [(20, "In progress"), (20, "Completed"), (120, "In progress"), (120, "Completed")]
        with pytest.raises(ConfigurationError, match="the watcher is closed"):
            watcher.add(5)


@virtual_time
async def test_leaving_the_loop_early_leaks_nothing() -> None:
    panel = WatchedPanel(ends_at(10_000))
    async with panel.client() as client:
        stream = client.watch(range(1000))
        await anext(stream)
        del stream
        gc.collect()
        await asyncio.sleep(1)
        gc.collect()
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1
        asked = len(panel.asked)
        await asyncio.sleep(1000)
        assert len(panel.asked) == asked


@virtual_time
async def test_a_closed_client_ends_it() -> None:
    panel = WatchedPanel()
    client = panel.client()
    asyncio.get_running_loop().call_later(50, lambda: closing.append(asyncio.ensure_future(client.aclose())))
    closing: list[asyncio.Future[None]] = []
    with pytest.raises(ConfigurationError, match="the client is closed"):
        async for _ in client.watch([1000]):
            pass
    assert time() == 50
    await closing[0]
    with pytest.raises(ConfigurationError, match="the client is closed"):
        await anext(client.watch([1]))


# --- what goes wrong ----------------------------------------------------------------------------------------


@virtual_time
async def test_an_unknown_order_ends_after_a_while_and_no_other() -> None:
    panel = WatchedPanel(
        lambda key, now: WRONG if key == "666" else row("Completed" if now > 1000 else "Pending")
    )
    changes = await all_of(panel, [1, 666, 2])
    by_id = {change.id: change for change in changes}
    assert isinstance(by_id[666].error, NotFoundError)
    assert by_id[666].error.id == 666
    assert by_id[1].value is not None
    assert [told(change) for change in changes].index((666, "NotFoundError")) == 2
    assert sum(change.id == 666 for change in changes) == 1


@virtual_time
async def test_unknown_for_is_what_the_caller_says() -> None:
    panel = WatchedPanel(lambda *_: WRONG)
    (change,) = await all_of(panel, [1], unknown_for=30)
    assert (told(change), 30 < time() < 31) == ((1, "NotFoundError"), True)
    (change,) = await all_of(panel, [1], unknown_for=0)
    assert time() < 31


@virtual_time
async def test_a_fresh_order_may_be_unknown_for_a_while() -> None:
    panel = WatchedPanel(lambda _, now: WRONG if now < 500 else row("Completed"))
    assert list(map(told, await all_of(panel, [1]))) == [(1, "Completed")]


@virtual_time
async def test_what_the_panel_leaves_out_ends_as_well() -> None:
    panel = WatchedPanel(lambda key, _: None if key == "5" else row("Completed"))
    changes = {change.id: change for change in await all_of(panel, [1, 5])}
    assert isinstance(changes[5].error, NotAnsweredError)
    assert 600 <= time() < 610


@virtual_time
async def test_an_order_that_was_seen_is_never_forgotten() -> None:
    panel = WatchedPanel(
        lambda key, now: (
            row("Completed") if now > 20_000 else None if key == "5" and now > 100 else row("Made up")
        )
    )
    changes = await all_of(panel, [1, 5])
    assert sorted(told(change) for change in changes if change.is_final) == [
        (1, "Completed"),
        (5, "Completed"),
    ]
    assert len(panel.asked) < 200


@virtual_time
async def test_an_unknown_state_is_watched_at_growing_intervals() -> None:
    panel = WatchedPanel(lambda *_: row("Made up", 7))
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(1)
        assert told(await anext(watcher)) == (1, "Made up")
        await asyncio.sleep(10 * 86_400)
        times = [at for at, _ in panel.asked]
        assert times[-1] - times[-2] == pytest.approx(3600, abs=0.1)
        assert times[-1] > 10 * 86_400 - 3601
        assert (watcher.stats().watched, watcher.stats().states) == (1, {"Unknown": 1})


@pytest.mark.parametrize("ids", [[1], [*range(250)]])
@virtual_time
async def test_a_rejected_key_raises(ids: list[int]) -> None:
    panel = WatchedPanel()
    panel.refuse = BAD_KEY
    with pytest.raises(AuthenticationError):
        await all_of(panel, ids)
    assert len(panel.asked) == 1


@virtual_time
async def test_a_key_that_is_rejected_later_raises_after_what_is_known() -> None:
    panel = WatchedPanel()
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(1000, 2000)
        await asyncio.sleep(1)
        panel.refuse = BAD_KEY
        await asyncio.sleep(100)
        assert sorted([told(await anext(watcher)), told(await anext(watcher))]) == [
            (1000, "In progress"),
            (2000, "In progress"),
        ]
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                await anext(watcher)
        asked = len(panel.asked)
        watcher.add(3000)
        await asyncio.sleep(100)
        assert len(panel.asked) == asked


@virtual_time
async def test_an_outage_of_twenty_seconds_loses_nothing() -> None:
    panel = WatchedPanel(away=lambda now: 100 <= now < 120)
    async with panel.client() as client, client.watcher(min_interval=1.0) as watcher:
        watcher.add(*range(50, 1050))
        finals = [change async for change in watcher if change.is_final]
    assert sorted(change.id for change in finals) == list(range(50, 1050))
    assert all(change.ok for change in finals)
    assert sum(100 <= at < 120 for at in panel.times) <= 10 + 12


@virtual_time
async def test_a_long_outage_ends_nothing_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "agencia_async")
    panel = WatchedPanel(ends_at(3000), away=lambda now: 100 <= now < 2000)
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(*range(500))
        await asyncio.sleep(50)
        assert watcher.stats().away is None
        await asyncio.sleep(950)
        stats = watcher.stats()
        assert (stats.watched, stats.away is not None and 700 < stats.away < 900) == (500, True)
        assert stats.error is not None
        assert "has not answered for" in stats.error.message
        assert stats.next_look is None or stats.next_look <= 60
        json.dumps(stats.to_dict())
        before = [at for at, _ in panel.asked if 200 <= at < 1000]
        assert len(before) < 60
        finals = [change async for change in watcher if change.is_final]
    assert Counter(change.ok for change in finals) == {True: 500}
    assert len(finals) == len({change.id for change in finals})
    ours = [message for message in caplog.messages if "watching" in message]
    assert len(ours) == 2
    assert "watching 500 ids, and nothing is answered (" in ours[0]
    assert "watching goes on: the panel answers again, after" in ours[1]


@virtual_time
async def test_words_that_concern_no_id_end_nothing() -> None:
    panel = WatchedPanel(ends_at(4000))
    async with panel.client() as client, client.watcher() as watcher:
        panel.refuse = {"error": "Blub"}
        watcher.add(*range(300))
        await asyncio.sleep(2000)
        assert isinstance(watcher.stats().error, PanelError)
        assert (watcher.stats().watched, len(panel.asked) < 200) == (300, True)
        panel.refuse = None
        finals = [change async for change in watcher if change.is_final]
    assert Counter(change.ok for change in finals) == {True: 300}


@virtual_time
async def test_watching_gives_way_to_writes_and_single_calls() -> None:
    panel = WatchedPanel(ends_at(1000), latency=1.0)
    async with panel.client(max_concurrency=2, batch_window=0) as client, client.watcher() as watcher:
        watcher.add(*range(3000))
        await asyncio.sleep(3.5)
        began = time()
        await client.balance()
        assert time() - began <= 2.0
        assert len(panel.asked) < 20


# --- what is known ------------------------------------------------------------------------------------------


@virtual_time
async def test_a_watcher_goes_on_from_a_snapshot() -> None:
    panel = WatchedPanel()
    async with panel.client() as client:
        async with client.watcher() as watcher:
            watcher.add(10, 1000, 2000, "666")
            while told(await anext(watcher)) != (10, "Completed"):
                pass
            snapshot = json.loads(json.dumps(watcher.snapshot()))
        assert {key: one["final"] for key, one in snapshot["orders"].items()} == {
            "10": True,
            "1000": False,
            "2000": False,
            "666": False,
        }
        asked = len(panel.asked)
        changes = [change async for change in client.watch([10, 1000, 2000, 666], known=snapshot)]
    assert list(map(told, changes)) == [(666, "Completed"), (1000, "Completed"), (2000, "Completed")]
    assert [change.number for change in changes] == [2, 2, 2]
    assert all(change.previous is not None and change.previous.status == "In progress" for change in changes)
    assert all("10" not in ids for _, ids in panel.asked[asked:])


@virtual_time
async def test_the_age_is_known_after_a_restart() -> None:
    panel = WatchedPanel(ends_at(10_000))
    async with panel.client() as client:
        async with client.watcher() as watcher:
            watcher.add(1)
            await anext(watcher)
            await asyncio.sleep(1000)
            snapshot = watcher.snapshot()
        asked = len(panel.asked)
        async with client.watcher(known=snapshot) as watcher:
            watcher.add(1)
            await asyncio.sleep(140)
            assert len(panel.asked) == asked + 1
            await asyncio.sleep(20)
            assert len(panel.asked) == asked + 2


@virtual_time
async def test_what_was_not_taken_is_told_after_a_restart() -> None:
    panel = WatchedPanel(falls)
    async with panel.client() as client:
        async with client.watcher() as watcher:
            watcher.add(1, 2)
            first = await anext(watcher)
            await asyncio.sleep(100)
            snapshot = watcher.snapshot()
            assert list(snapshot["orders"]) == [str(first.id)]
            assert snapshot["orders"]["1"]["number"] == 1
        async with client.watcher(known=snapshot) as watcher:
            watcher.add(1, 2)
            changes = {change.id: change for change in [await anext(watcher), await anext(watcher)]}
            assert (changes[1].previous, changes[1].number) == (first.value, 2)
            assert (changes[2].previous, changes[2].number) == (None, 1)


@virtual_time
async def test_an_end_that_was_not_taken_is_told_after_a_restart() -> None:
    panel = WatchedPanel()
    async with panel.client() as client:
        async with client.watcher() as watcher:
            watcher.add(100)
            await anext(watcher)
            await asyncio.sleep(200)
            snapshot = watcher.snapshot()
            assert snapshot["orders"]["100"]["final"] is False
        assert [told(change) async for change in client.watch([100], known=snapshot)] == [(100, "Completed")]


@virtual_time
async def test_an_error_that_ended_an_order_is_known() -> None:
    panel = WatchedPanel(lambda *_: WRONG)
    async with panel.client() as client:
        async with client.watcher(unknown_for=0) as watcher:
            watcher.add(1)
            assert [told(change) async for change in watcher] == [(1, "NotFoundError")]
            snapshot = json.loads(json.dumps(watcher.snapshot()))
        assert [change async for change in client.watch([1], known=snapshot)] == []
        asked = len(panel.asked)
        async with client.watcher(known=snapshot) as watcher:
            watcher.add(1)
            assert watcher.snapshot()["orders"]["1"]["error"]["type"] == "NotFoundError"
        assert len(panel.asked) == asked


GOOD = {"number": 1, "since": "2026-01-01T00:00:00+00:00", "final": False, "status": None, "error": None}


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ([], r"known must be a snapshot of a watcher, got \[\]"),
        ({}, "known must be a snapshot of a watcher, got {}"),
        ("text", "known must be a snapshot of a watcher, got 'text'"),
        ({"version": 2}, "known is a snapshot of version 2; this release reads 1"),
        ({"version": 1}, "known must be a snapshot of orders, got one of None"),
        (
            {"version": 1, "of": "refills", "refills": {}},
            "known must be a snapshot of orders, got one of 'refills'",
        ),
        (
            {"version": 1, "of": "orders", "orders": []},
            "known must be a snapshot of orders, got one of 'orders'",
        ),
        ({"version": 1, "of": "orders", "orders": {"5": 5}}, "known cannot be read at '5': TypeError"),
        ({"version": 1, "of": "orders", "orders": {"5": {}}}, "known cannot be read at '5': KeyError"),
        (
            {"version": 1, "of": "orders", "orders": {"5": {**GOOD, "since": "yesterday"}}},
            "known cannot be read at '5': ValueError",
        ),
        (
            {"version": 1, "of": "orders", "orders": {"5": {**GOOD, "number": "x"}}},
            "known cannot be read at '5': TypeError",
        ),
        (
            {
                "version": 1,
                "of": "orders",
                "orders": {"5": {**GOOD, "status": {"status": "x", "charge": "y"}}},
            },
            "known cannot be read at '5': InvalidOperation",
        ),
        (
            {"version": 1, "of": "orders", "orders": {"5": {**GOOD, "error": []}}},
            "known cannot be read at '5': AttributeError",
        ),
    ],
)
@virtual_time
async def test_a_bad_snapshot_is_refused_by_name(known: Any, why: str) -> None:  # noqa: ANN401
    async with WatchedPanel().client() as client:
        with pytest.raises(ConfigurationError, match=why):
            client.watcher(known=known)


@virtual_time
async def test_a_status_without_a_charge() -> None:
    status = {"status": "Completed", "state": "Completed"}
    known = {"version": 1, "of": "orders", "orders": {"1": {**GOOD, "final": True, "status": status}}}
    assert await all_of(WatchedPanel(), [1], known=known) == []


@virtual_time
async def test_a_clock_that_was_set_back_makes_no_order_younger_than_now() -> None:
    panel = WatchedPanel(ends_at(100))
    ahead = {**GOOD, "since": "2999-01-01T00:00:00+00:00"}
    known = {"version": 1, "of": "orders", "orders": {"1": ahead}}
    assert told((await all_of(panel, [1], known=known))[-1]) == (1, "Completed")
    assert time() < 120


@virtual_time
async def test_a_status_survives_whole() -> None:
    panel = WatchedPanel(
        lambda _, now: {
            **row("bitti" if now > 50 else "sürüyor", 3),
            "orders": [1, "x"],
            "note": "n",
            "runs": 4,
        }
    )
    words = {"bitti": OrderState.COMPLETED, "sürüyor": OrderState.IN_PROGRESS}
    async with panel.client(states=words) as client, client.watcher() as watcher:
        watcher.add(1)
        first = await anext(watcher)
        snapshot = json.loads(json.dumps(watcher.snapshot()))
    async with panel.client() as client:
        watcher = client.watcher(known=snapshot)
        watcher.add(1)
        changes = [await anext(watcher)]
        await watcher.aclose()
    assert first.value is not None
    assert changes[0].previous == first.value
    assert changes[0].previous is not None
    assert changes[0].previous.state is OrderState.IN_PROGRESS


@virtual_time
async def test_stats_before_anything_is_watched() -> None:
    async with WatchedPanel().client() as client:
        stats = client.watcher().stats()
        assert stats.to_dict() == {
            "watched": 0,
            "untold": 0,
            "states": {},
            "requests": 0,
            "unseen": 0,
            "next_look": None,
            "away": None,
            "error": None,
        }


@virtual_time
async def test_stats_while_it_waits() -> None:
    panel = WatchedPanel(ends_at(math.inf))
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(*range(250))
        assert watcher.stats().unseen == 250
        await asyncio.sleep(1)
        stats = watcher.stats()
        assert (stats.requests, stats.states, stats.untold) == (3, {"In progress": 250}, 250)
        assert stats.unseen == 0
        assert stats.next_look == pytest.approx(4.05, abs=0.1)


# --- what the row of an id says ---------------------------------------------------------------------------


def all_but(words: dict[str, str], ends: float = 50) -> Tell:
    """Some orders are refused in words of their own, all others end after so many seconds."""
    others = ends_at(ends)
    return lambda key, now: {"error": words[key]} if key in words else others(key, now)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Access denied", AuthenticationError),
        ("You do not have permission for this order", UnavailableError),
        ("Order too old", UnavailableError),
        ("Order archived", PanelError),
        ("Incorrect order ID", NotFoundError),
    ],
)
@virtual_time
async def test_what_the_row_of_an_order_says_concerns_no_other(words: str, error: type[AgenciaError]) -> None:
    panel = WatchedPanel(all_but({"3": words}))
    async with panel.client() as client:
        finals = [change async for change in client.watch(range(1, 6)) if change.is_final]
    assert {change.id: type(change.error) for change in finals} == {
        **dict.fromkeys((1, 2, 4, 5), type(None)),
        3: error,
    }
    assert time() == pytest.approx(600, abs=1)  # the other ones had ended long before
    assert finals[-1].id == 3


@pytest.mark.parametrize("words", ["Order archived", "Order too old", "Not your order"])
@virtual_time
async def test_orders_that_are_all_refused_by_name_end(words: str) -> None:
    panel = WatchedPanel(all_but(dict.fromkeys("12", words)))
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(1, 2)
        changes = [change async for change in watcher]
        assert watcher.stats().away is None
    assert sorted(change.id for change in changes) == [1, 2]
    assert {change.error.message for change in changes if change.error} == {words}
    assert time() == pytest.approx(600, abs=1)


@virtual_time
async def test_orders_that_were_denied_beside_others_end_though_the_others_have_ended_before() -> None:
    panel = WatchedPanel(all_but({"1": "Access denied", "3": "Access denied"}))
    async with panel.client() as client:
        finals = [change async for change in client.watch([1, 2, 3]) if change.is_final]
    assert sorted(map(told, finals), key=str) == [
        (1, "AuthenticationError"),
        (2, "Completed"),
        (3, "AuthenticationError"),
    ]


@virtual_time
async def test_an_account_that_is_rejected_later_raises_though_an_order_was_denied_before() -> None:
    panel = WatchedPanel(all_but({"2": "Access denied"}, ends=math.inf))
    async with panel.client() as client:
        stream = client.watch([1, 2])
        assert (await anext(stream)).id == 1
        panel.refuse = {"error": "Invalid API key"}
        with pytest.raises(AuthenticationError, match="Invalid API key"):
            await anext(stream)


# --- words that come to be known --------------------------------------------------------------------------


@virtual_time
async def test_a_word_that_is_known_as_final_now_ends_the_order() -> None:
    panel = WatchedPanel(lambda _, __: row("Listo"))
    async with panel.client() as client, client.watcher() as watcher:
        watcher.add(1)
        first = await anext(watcher)
        snapshot = json.loads(json.dumps(watcher.snapshot()))
    assert (first.is_final, first.number) == (False, 1)
    async with panel.client(states={"listo": OrderState.COMPLETED}) as client:
        changes = [change async for change in client.watch([1], known=snapshot)]
    assert [(told(change), change.is_final, change.number) for change in changes] == [((1, "Listo"), True, 2)]


# --- discarded --------------------------------------------------------------------------------------------


@virtual_time
async def test_what_is_added_does_not_wait_for_the_request_of_what_was_discarded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    panel = HangingPanel("1")
    async with panel.client(timeout=30) as client, client.watcher() as watcher:
        await client.balance()
        watcher.add(1)
        await asyncio.sleep(1)
        watcher.discard(1)
        assert [change async for change in watcher] == []
        watcher.add(2)
        assert told(await anext(watcher)) == (2, "Completed")
        assert time() < 2
        await asyncio.sleep(200)
        assert watcher.stats().away is None
    assert "nothing is answered" not in caplog.text


class HangingPanel(WatchedPanel):
    """Never answers a request for one id."""

    def __init__(self, hangs: str) -> None:
        super().__init__(lambda _, __: row("Completed"))
        self.hangs = hangs

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if f"order={self.hangs}" in (await request.aread()).decode():
            await asyncio.sleep(1000)
        return await super().handle_async_request(request)


@virtual_time
async def test_what_was_known_of_a_discarded_id_is_forgotten() -> None:
    panel = WatchedPanel(ends_at(0))
    async with panel.client() as client:
        async with client.watcher() as watcher:
            watcher.add(1)
            assert [told(change) async for change in watcher] == [(1, "Completed")]
            snapshot = watcher.snapshot()
        async with client.watcher(known=snapshot) as watcher:
            watcher.add(1)
            assert [change async for change in watcher] == []
            watcher.discard(1)
            watcher.add(1)
            assert [told(change) async for change in watcher] == [(1, "Completed")]
