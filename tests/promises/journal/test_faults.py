"""Many orders on a bad line: what the panel sold, what the journal holds, what callers were told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agencia_async import AgenciaError, AsyncClient, Id
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel, serve
from tests.support.rounds import rounds

from .scene import all_of, bought, check, client_of, order, rich_panel, told

PLACED = rounds(200, nightly=10_000)
ADDED = rounds(100, nightly=2_000)
AT_ONCE = 50
TOO_FEW = 1  # of a service that sells from 50

BEFORE = ("rate_limit", "server_error", "gateway_page", "reset_before")
AFTER = ("drop_after", "cut_reply", "empty_reply")


@asynccontextmanager
async def bad_line(retry_after: float | None) -> AsyncIterator[tuple[Panel, AsyncClient]]:
    """A panel of whose requests 20 % go wrong, half of them before it acts and half afterwards."""
    panel = rich_panel()
    panel.faults.retry_after = retry_after
    for names in (BEFORE, AFTER):
        for name in names:
            setattr(panel.faults, name, 0.10 / len(names))
    async with serve(panel), client_of(panel, max_concurrency=AT_ONCE) as client:
        yield panel, client


def quantity(number: int) -> int:
    """Each tenth order is one that the panel refuses."""
    return 100 if number % 10 else TOO_FEW


async def test_orders_of_a_journal(tmp_path: Path) -> None:
    pairs = [(f"r{number}", order(f"r{number}", quantity(number))) for number in range(PLACED)]
    outcomes: dict[str, str] = {}
    async with bad_line(0) as (panel, client), Journal(tmp_path / "orders.db") as journal:
        async for item in journal.place_iter(client, pairs):
            assert item.id not in outcomes
            outcomes[str(item.id)] = told(item.error)
            if item.ok:
                assert item.unwrap().reference == item.id
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert {entry.reference: entry.state.value for entry in entries} == outcomes
    assert outcomes.keys() == dict(pairs).keys()
    states = Counter(outcomes.values())
    assert min(states[state] for state in ("placed", "refused", "unknown")) > PLACED // 50
    assert 1 < panel.asgi.peak <= AT_ONCE


async def test_orders_without_a_journal() -> None:
    ids: dict[str, Id] = {}
    outcomes: dict[str, str] = {}

    async def add(client: AsyncClient, number: int) -> None:
        reference = f"a{number}"
        try:
            ids[reference] = await client.add(order(reference, quantity(number)))
        except AgenciaError as error:
            outcomes[reference] = told(error)

    async with bad_line(None) as (panel, client), asyncio.TaskGroup() as tasks:
        for number in range(ADDED):
            tasks.create_task(add(client, number))
    ledger = bought(panel)
    assert {name: ledger[name].result for name in ids} == ids
    assert [name for name, state in outcomes.items() if state == "refused" and name in ledger] == []
    assert ids.keys() | outcomes.keys() == {f"a{number}" for number in range(ADDED)}
    assert not ids.keys() & outcomes.keys()
    assert set(outcomes.values()) == {"refused", "unknown"}
