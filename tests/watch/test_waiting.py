"""Waiting for single orders and refills: one watcher asks for all of them."""

import asyncio
from typing import Any

import pytest

from agencia_async import (
    AuthenticationError,
    ConfigurationError,
    InvalidInputError,
    NotFoundError,
    RefillStatus,
)
from tests.support.virtual import virtual_time
from tests.watch.scene import WRONG, WatchedPanel, ends_at, row, time


@virtual_time
async def test_it_returns_the_final_status() -> None:
    panel = WatchedPanel()
    async with panel.client() as client:
        status = await client.wait(100)
        assert (status.status, 100 < time() < 120) == ("Completed", True)
        assert (await client.wait("50")).is_final
        assert time() < 120


@virtual_time
async def test_a_thousand_travel_together() -> None:
    panel = WatchedPanel(ends_at(100))
    async with panel.client() as client:
        statuses = await asyncio.gather(*(client.wait(number) for number in range(1000)))
    assert len(statuses) == 1000
    looks = len({round(at) for at, _ in panel.asked})
    assert len(panel.asked) <= 12 * looks
    assert looks <= 12


@virtual_time
async def test_however_they_come() -> None:
    """Those that come while others are asked for join them at the next look."""
    panel = WatchedPanel(ends_at(100))
    async with panel.client(batch_window=0) as client:
        waits = []
        for number in range(200):
            waits.append(asyncio.create_task(client.wait(number)))
            await asyncio.sleep(0.001)
        await asyncio.gather(*waits)
        later = [at for at, _ in panel.asked if at > 10]
        assert len(later) <= 3 * 8


@virtual_time
async def test_a_time_limit_raises_the_builtin_error() -> None:
    panel = WatchedPanel()
    async with panel.client() as client:
        with pytest.raises(TimeoutError, match="1000 has not ended within 30 s"):
            await client.wait(1000, timeout=30)
        assert time() == 30
        await asyncio.sleep(1)
        asked = len(panel.asked)
        await asyncio.sleep(1000)
        assert len(panel.asked) == asked
        with pytest.raises(TimeoutError):
            await client.wait(5000, timeout=0)


@virtual_time
async def test_one_that_is_cancelled_concerns_no_other() -> None:
    panel = WatchedPanel()
    async with panel.client() as client:
        waits = [asyncio.create_task(client.wait(100)) for _ in range(3)]
        await asyncio.sleep(10)
        waits[1].cancel()
        await asyncio.sleep(0)
        assert waits[1].cancelled()
        first, _, last = await asyncio.gather(*waits, return_exceptions=True)
        assert first == last
        late = asyncio.create_task(client.wait(10_000))
        await asyncio.sleep(1)
        late.cancel()
        await asyncio.sleep(1)
        assert len(asyncio.all_tasks()) == 1


@virtual_time
async def test_each_gets_its_own_error() -> None:
    panel = WatchedPanel(lambda key, _: WRONG if key == "5" else row("Completed"))
    async with panel.client() as client:
        waits = [asyncio.create_task(client.wait(id)) for id in (5, "5", 6)]  # noqa: A001
        one, other, good = await asyncio.gather(*waits, return_exceptions=True)
        assert not isinstance(good, BaseException)
        assert isinstance(one, NotFoundError)
        assert isinstance(other, NotFoundError)
        assert (one.id, other.id, one is other) == (5, "5", False)
        assert 600 <= time() < 601
        began = time()
        with pytest.raises(NotFoundError):
            await client.wait(5, unknown_for=20)
        assert 20 <= time() - began < 21


@virtual_time
async def test_a_closed_client_ends_all() -> None:
    client = WatchedPanel().client()
    waits = [asyncio.create_task(client.wait(number)) for number in (100, 200)]
    await asyncio.sleep(10)
    await client.aclose()
    errors = await asyncio.gather(*waits, return_exceptions=True)
    assert [str(error) for error in errors] == ["the client is closed"] * 2
    assert all(isinstance(error, ConfigurationError) for error in errors)
    with pytest.raises(ConfigurationError, match="closed"):
        await client.wait(5)


@virtual_time
async def test_a_client_that_is_closed_before_anything_was_sent() -> None:
    client = WatchedPanel().client()
    waiting = asyncio.create_task(client.wait(100))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await waiting


@virtual_time
async def test_a_rejected_key_raises_in_all_and_the_next_one_tries_again() -> None:
    panel = WatchedPanel()
    panel.refuse = {"error": "Invalid API key"}
    async with panel.client() as client:
        errors = await asyncio.gather(client.wait(1), client.wait(2), return_exceptions=True)
        assert [type(error) for error in errors] == [AuthenticationError] * 2
        panel.refuse = None
        assert (await client.wait(1)).is_final


@pytest.mark.parametrize(
    ("options", "why"),
    [({"timeout": -1}, "timeout"), ({"timeout": "1"}, "timeout"), ({"unknown_for": -1}, "unknown_for")],
)
@virtual_time
async def test_wrong_arguments(options: dict[str, Any], why: str) -> None:
    async with WatchedPanel().client() as client:
        with pytest.raises(ConfigurationError, match=f"{why} must be a number of seconds"):
            await client.wait(1, **options)
        with pytest.raises(InvalidInputError):
            await client.wait("a b")


@virtual_time
async def test_refills_are_watched_as_well() -> None:
    panel = WatchedPanel(lambda key, now: {"status": "Completed" if now > float(key) else "Pending"})
    async with panel.client() as client:
        changes = [change async for change in client.watch_refills([30, 60], min_interval=1.0)]
        assert [(change.id, change.value) for change in changes if change.is_final] == [
            (30, RefillStatus(status="Completed")),
            (60, RefillStatus(status="Completed")),
        ]
        assert (await client.wait_refill(100)).is_final
        assert 100 < time() < 120
        status = RefillStatus(status="Pending", extra={"note": "n"}).to_dict()
        row = {
            "number": 3,
            "since": "2026-01-01T00:00:00+00:00",
            "final": False,
            "status": status,
            "error": None,
        }
        known = {"version": 1, "of": "refills", "refills": {"1": row}}
        (change,) = [change async for change in client.watch_refills([1], known=known)]
        assert change.previous == RefillStatus(status="Pending", extra={"note": "n"})
        assert change.number == 4
