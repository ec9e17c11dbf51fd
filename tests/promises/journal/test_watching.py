"""A process that watches a journal dies at any moment, and is started again."""

import asyncio
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agencia_async import AsyncClient
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel, serve
from agencia_async.sandbox.faults import Answer
from tests.support.rounds import rounds

from .processes import PIPE, ROOT
from .scene import client_of, order, rich_panel

KILLS = rounds(3, nightly=50)
ORDERS = 40


class Moving(Panel):
    """A panel whose orders go on with each reply to a status, and end one after the other."""

    def __init__(self, kills: int) -> None:
        super().__init__(balance=Decimal(10**9), clock=lambda: 0.0)
        self.chance = random.Random(kills)
        self.replies = 0
        self.moves = True

    def answer(self, form: Mapping[str, str]) -> Answer:
        if form.get("action") == "status":
            self.replies += 1
            ids = [entry.result for entry in self.ledger]
            for number in self.chance.sample(ids, 2 * self.moves):
                self.set_state(number, self.chance.choice(["In progress", "Pending", "Completed"]))
        return super().answer(form)


async def start(url: str | None, database: str, told: Path) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "tests.promises.journal.watching_child", str(url), database, str(told))
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_each_end_is_recorded_once_and_told_at_least_once(database: str, tmp_path: Path) -> None:
    told, chance, panel = tmp_path / "told", random.Random(5), Moving(KILLS)
    names = [f"r{number}" for number in range(ORDERS)]
    async with asyncio.timeout(60 + 10 * KILLS), serve(panel) as url:
        async with AsyncClient("sandbox-key", base_url=url) as client, Journal(database) as journal:
            async for item in journal.place_iter(client, [(name, order(name)) for name in names]):
                item.unwrap()
        for _ in range(KILLS):
            process = await start(url, database, told)
            until = panel.replies + chance.randint(1, 6)
            while panel.replies < until and process.returncode is None:  # noqa: ASYNC110 - any moment will do
                await asyncio.sleep(chance.random() / 50)
            if process.returncode is None:
                process.kill()
            await process.communicate()
        panel.moves = False
        for entry in panel.ledger:
            panel.set_state(entry.result, "Completed")
        process = await start(url, database, told)
        assert (await process.communicate(), process.returncode) == ((b"", b""), 0)
    check([json.loads(line) for line in told.read_text().splitlines()], [e.result for e in panel.ledger])


def check(rows: list[list[Any]], ids: list[int | str]) -> None:
    contents: dict[tuple[int | str, int], set[Any]] = defaultdict(set)
    for number, change, is_final, status in rows:
        contents[number, change].add((is_final, status))
    assert all(len(content) == 1 for content in contents.values())
    finals = Counter(number for (number, _), content in contents.items() if next(iter(content))[0])
    assert finals == dict.fromkeys(ids, 1)
    for number in ids:
        numbers = [change for told, change, _, _ in rows if told == number]
        assert numbers == sorted(numbers)


async def test_a_journal_is_watched_on_each_kind_of_database(database: str) -> None:
    panel = rich_panel()
    async with client_of(panel) as client, Journal(database) as journal:
        for name in ("a", "b", "a \N{GRINNING FACE}"):
            await journal.place(client, name, order(name.replace(" ", "")))
        for entry in panel.ledger:
            panel.set_state(entry.result, "Completed")
        stream = journal.watch(client)
        first = await anext(stream)
        await stream.aclose()
        rest = [change async for change in journal.watch(client)]
        assert first in rest
        assert sorted(str(change.id) for change in rest) == sorted(str(e.result) for e in panel.ledger)
        assert [change async for change in journal.watch(client)] == []
