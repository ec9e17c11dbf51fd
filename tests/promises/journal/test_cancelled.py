"""Many callers are cancelled, anywhere on an order's way; nothing that was sold is forgotten."""

import asyncio
import gc
import os
import random
from pathlib import Path

import pytest

from agencia_async.journal import Journal, JournalEntry
from agencia_async.sandbox import serve
from tests.support.rounds import rounds

from .scene import all_of, bought, check, client_of, place
from .stages import STAGES, Stages

CALLERS = rounds(200, nightly=50_000)
AT_ONCE = 100
MOST_TURNS = 12


async def crowd(panel: Stages, journal: Journal, names: list[str], chance: random.Random) -> None:
    """One caller for each name, each cancelled somewhere; every third order has a second caller as well."""
    async with client_of(panel) as client:
        callers: list[asyncio.Task[str]] = []
        for name in names:
            caller = asyncio.create_task(place(journal, client, name))
            stage = chance.choice(("never begun", *STAGES))
            if stage == "never begun":
                caller.cancel()
            else:
                panel.at(stage, name, chance.randint(0, MOST_TURNS), caller.cancel)
            callers.append(caller)
            if chance.random() < 1 / 3:
                callers.append(asyncio.create_task(place(journal, client, name)))
        states = await asyncio.gather(*callers, return_exceptions=True)
    for state in states:
        assert state == "placed" or isinstance(state, asyncio.CancelledError), state
    assert len(set(map(type, states))) == 2


async def test_callers_who_are_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(4)
    panel = Stages(monkeypatch)
    names = [f"r{number}" for number in range(CALLERS)]
    tasks, files = asyncio.all_tasks(), open_files()
    async with serve(panel):
        async with Journal(tmp_path / "orders.db") as journal:
            for start in range(0, CALLERS, AT_ONCE):
                async with asyncio.timeout(60):
                    await crowd(panel, journal, names[start : start + AT_ONCE], chance)
        assert panel.asgi.active == 0
    assert asyncio.all_tasks() == tasks
    gc.collect()
    assert open_files() == files
    async with Journal(tmp_path / "orders.db") as journal:
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert_all_is_told(panel, entries)


def assert_all_is_told(panel: Stages, entries: list[JournalEntry]) -> None:
    """No fault befell the line: what was sold is placed, and what was not sold is free."""
    placed = {entry.reference for entry in entries if entry.state == "placed"}
    assert placed == bought(panel).keys()
    assert {entry.state for entry in entries} == {"placed", "new"}
    assert CALLERS // 3 < len(placed) < CALLERS


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - nothing but their number


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("stage", STAGES)
async def test_a_client_that_is_closed_after_its_caller_left(
    stage: str, turns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two reasons to end are no more than one: what was not sent is not made unknown."""
    panel = Stages(monkeypatch)
    reached = asyncio.Event()
    async with Journal(tmp_path / "orders.db") as journal, asyncio.timeout(20):
        client = client_of(panel)
        caller = asyncio.create_task(place(journal, client, "r"))

        def leave() -> None:
            caller.cancel()
            reached.set()

        panel.at(stage, "r", turns, leave)
        reached_it = asyncio.create_task(reached.wait())
        await asyncio.wait([caller, reached_it], return_when=asyncio.FIRST_COMPLETED)
        await client.aclose()
        reached_it.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    async with Journal(tmp_path / "orders.db") as journal:
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert {entry.state for entry in entries} <= {"placed", "new"}
