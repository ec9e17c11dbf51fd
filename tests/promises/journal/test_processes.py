"""Two processes on one journal, with the same orders."""

import asyncio

import pytest

from agencia_async.journal import Journal
from agencia_async.sandbox import serve
from tests.support.rounds import rounds

from .processes import outcomes, start
from .scene import all_of, bought, check, rich_panel

ORDERS = rounds(60, nightly=1_000)


@pytest.mark.parametrize("database", ["postgresql", "sqlite"][: rounds(1, nightly=2)], indirect=True)
async def test_each_order_is_placed_by_one_of_them_and_told_to_both(database: str) -> None:
    panel = rich_panel()
    async with asyncio.timeout(60), serve(panel):
        processes = [await start(panel.url, database, seed, ORDERS) for seed in (1, 2)]
        first, second = [await outcomes(process) for process in processes]
    async with Journal(database) as journal:
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert first == second == {name: sold.result for name, sold in bought(panel).items()}
    assert len(panel.ledger) == len(entries) == ORDERS
    assert {entry.state for entry in entries} == {"placed"}
