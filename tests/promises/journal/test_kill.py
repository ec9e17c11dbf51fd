"""A process that places orders dies at any moment, and is started again."""

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from agencia_async.journal import Journal
from agencia_async.sandbox import serve
from tests.support.rounds import rounds

from .processes import outcomes, start
from .scene import Watched, all_of, bought, check

if TYPE_CHECKING:
    from collections.abc import Callable

ORDERS = rounds(60, nightly=400)
AT_ONCE = 10
RUNS = {"kill": rounds(1, nightly=100), "terminate": rounds(1, nightly=20)}
"""For each kind of database."""
SIGNALS = {"kill": -9, "terminate": -15}
MOST_TURNS = 40  # of the event loop, in which some answers still arrive and are recorded


class Deadly(Watched):
    """A panel at whose n-th `add` somebody dies, a few turns of the event loop later."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0
        self.turns = 0
        self.kill: Callable[[], object] = lambda: None

    def came(self, reference: str) -> None:
        del reference
        self.left -= 1
        if self.left == 0:
            self._later(self.turns)

    def _later(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._later, turns - 1)
        else:
            self.kill()


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"][: rounds(1, nightly=2)], indirect=True)
async def test_nothing_is_bought_twice_or_lost(
    database: str, how: str, request: pytest.FixtureRequest
) -> None:
    kind = "postgresql" if "://" in database else "sqlite"
    for run in range(RUNS[how]):
        name = f"{database}-{run}" if kind == "sqlite" else request.getfixturevalue("cluster").make()
        await _run(random.Random(f"{kind} {how} {run}"), name, how)


async def _run(chance: random.Random, database: str, how: str) -> None:
    panel = Deadly()
    kills = chance.randint(1, 2)
    async with asyncio.timeout(600), serve(panel):  # a busy machine takes long
        for _ in range(kills):
            panel.left, panel.turns = chance.randint(1, ORDERS // kills), chance.randint(0, MOST_TURNS)
            process = await start(panel.url, database, chance.randrange(1000), ORDERS)
            panel.kill = getattr(process, how)
            out, err = await process.communicate()
            if process.returncode == 0:  # it was through just before
                kills -= 1
                assert out
            else:
                assert (process.returncode, out, err) == (SIGNALS[how], b"", b"")
        told = await outcomes(await start(panel.url, database, chance.randrange(1000), ORDERS))
    async with Journal(database) as journal:
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert {entry.reference: entry.order_id or entry.state for entry in entries} == told
    assert len(told) == ORDERS
    unknown = [name for name, state in told.items() if state == "unknown"]
    assert len(unknown) <= AT_ONCE * kills
    assert len(bought(panel)) >= ORDERS - len(unknown)
    assert {entry.state for entry in entries} <= {"placed", "unknown"}
