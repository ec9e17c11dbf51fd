"""An account, a journal and a bad line, driven at random and held against the panel's ledger."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Coroutine
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import httpx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agencia_async import OutcomeUnknownError
from agencia_async.journal import Journal, JournalEntry
from agencia_async.sandbox.faults import FAULTS
from tests.support.rounds import rounds
from tests.support.until import until

from .conftest import SILENCE
from .scene import all_of, bought, check, client_of, no_wait, order, place, rich_panel

T = TypeVar("T")

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in it has a name of its own
REFERENCES = st.sampled_from([f"r{number}" for number in range(8)])
QUANTITIES = st.sampled_from([100, 100, 100, 200])
PANELS = st.sampled_from([0, 0, 0, 1])
WAYS = st.sampled_from(["before", "after"])


class Line(httpx.AsyncBaseTransport):
    """A way to the panel, on which requests can get stuck for ever."""

    def __init__(self, panel: httpx.AsyncBaseTransport) -> None:
        self._panel = panel
        self.stuck: str | None = None
        """Before or after the panel has acted, or not at all."""
        self.hanging = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        stuck = self.stuck
        response = None if stuck == "before" else await self._panel.handle_async_request(request)
        if response is None or stuck == "after":
            self.hanging += 1
            await asyncio.Event().wait()
        assert response is not None
        return response


class Account(RuleBasedStateMachine):
    """Whatever is done to it, no order is bought twice, and the journal knows of each."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.panels = [rich_panel(), rich_panel()]
        self.panel = self.panels[0]
        for panel in self.panels:
            panel.faults.retry_after = 0
        self.rate = self.panel.catalogue[0].rate
        self.orders: dict[str, tuple[int, int]] = {}
        """The quantity and the panel of each order that the journal holds, unless it was refused."""
        self.dead: list[asyncio.Task[str]] = []
        self.remains: list[Any] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        async def bounded() -> T:
            async with asyncio.timeout(30):
                return await work

        return self.runner.run(bounded())

    @initialize()
    def open(self) -> None:
        self.lines = [Line(httpx.ASGITransport(panel.asgi)) for panel in self.panels]
        self.line = self.lines[0]
        self.clients = [
            client_of(panel, transport=line, url=f"http://localhost:{8000 + number}/api/v2")
            for number, (panel, line) in enumerate(zip(self.panels, self.lines, strict=True))
        ]
        self.client = self.clients[0]
        self.journal = Journal(self.folder / "orders.db", sleep=no_wait)
        self.run(self.journal.__aenter__())

    @rule(reference=REFERENCES, quantity=QUANTITIES, panel=PANELS)
    def place(self, reference: str, quantity: int, panel: int) -> None:
        assert self.run(self._place(reference, quantity, panel))

    def known(self, reference: str) -> int:
        """The quantity that the reference stands for, or one that is free to be chosen."""
        return self.orders.get(reference, (100, 0))[0]

    @rule(references=st.lists(REFERENCES, min_size=2, max_size=6))
    def place_several(self, references: list[str]) -> None:
        async def several() -> None:
            await asyncio.gather(*(self._place(name, self.known(name)) for name in references))

        self.run(several())

    @rule(references=st.lists(REFERENCES, min_size=1, max_size=6))
    def place_a_stream(self, references: list[str]) -> None:
        async def stream() -> list[object]:
            pairs = [(name, order(name, self.known(name))) for name in references]
            return [item.id async for item in self.journal.place_iter(self.client, pairs)]

        assert sorted(map(str, self.run(stream()))) == sorted(references)

    async def _place(self, reference: str, quantity: int, panel: int = 0) -> bool:
        """Is the caller told what the journal holds?"""
        known = self.orders.get(reference, (quantity, panel))
        state = await place(self.journal, self.clients[panel], reference, quantity=quantity)
        if (quantity, panel) != known:
            return state == "nothing sent"
        entry = await self.journal.get(reference)
        return entry is not None and entry.state == state

    @rule(reference=REFERENCES, quantity=QUANTITIES)
    def place_in_another_process(self, reference: str, quantity: int) -> None:
        """As another process would: with a session and connections of its own."""

        async def elsewhere() -> bool:
            mine = self.journal
            async with Journal(self.folder / "orders.db", sleep=no_wait) as self.journal:
                agrees = await self._place(reference, quantity)
            self.journal = mine
            return agrees

        assert self.run(elsewhere())

    @rule(reference=REFERENCES)
    def correct(self, reference: str) -> None:
        """It costs too much; then it is corrected."""
        if reference in self.orders:
            return
        self.reprice(poor=True)
        self.run(self._place(reference, 200))
        self.reprice(poor=False)
        self.run(self._refresh())
        assert self.run(self._place(reference, 100))

    @rule(names=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=6))
    def go_wrong(self, names: list[str]) -> None:
        self.panel.faults.script(*names)

    @rule(reference=REFERENCES, turns=st.integers(0, 40))
    def cancel_a_caller(self, reference: str, turns: int) -> None:
        async def cancel() -> None:
            quantity = self.known(reference)
            caller = asyncio.create_task(place(self.journal, self.client, reference, quantity=quantity))
            for _ in range(turns):
                await asyncio.sleep(0)
            caller.cancel()
            await asyncio.gather(caller, return_exceptions=True)
            await until(lambda: not self.journal._running)  # noqa: SLF001 - what was sent is recorded

        self.run(cancel())

    @rule(poor=st.booleans())
    def reprice(self, *, poor: bool) -> None:
        self.panel.change_price(1, Decimal(10**15) if poor else self.rate)

    @rule()
    def close_and_open(self) -> None:
        self.run(self._close())
        self.open()

    @rule(references=st.sets(REFERENCES, min_size=1, max_size=4), way=WAYS)
    def crash(self, references: set[str], way: str) -> None:
        """The process dies while these orders are on their way; another one comes two minutes later."""

        async def die() -> None:
            self.line.stuck = way
            tasks = [
                asyncio.create_task(place(self.journal, self.client, name, quantity=self.known(name)))
                for name in sorted(references)
            ]
            await until(lambda: self.line.hanging + sum(task.done() for task in tasks) == len(tasks))
            self.dead += tasks

        self.run(die())
        self.remains += [*self.clients, self.journal]
        with closing(sqlite3.connect(self.folder / "orders.db")) as connection, connection:
            connection.execute(SILENCE)
        self.open()

    @rule()
    def resolve(self) -> None:
        """Somebody looks at the panel."""

        async def look() -> None:
            sold = [bought(panel) for panel in self.panels]
            for entry in await all_of(self.journal.entries("unknown")):
                found = sold[self._panel(entry)].get(entry.reference)
                if found is None:
                    await self.journal.resolve(entry.reference, placed=False)
                else:
                    await self.journal.resolve(entry.reference, order_id=found.result)

        self.run(look())

    @rule()
    def resolve_wrongly_and_again(self) -> None:
        """Somebody looks at the wrong line, and corrects it."""

        async def look() -> None:
            sold = [bought(panel) for panel in self.panels]
            for entry in await all_of(self.journal.entries("unknown")):
                found = sold[self._panel(entry)].get(entry.reference)
                if found is None:
                    await self.journal.resolve(entry.reference, order_id=f"x-{entry.reference}")
                    await self.journal.resolve(entry.reference, placed=False)
                else:
                    await self.journal.resolve(entry.reference, placed=False)
                    await self.journal.resolve(entry.reference, order_id=found.result)

        self.run(look())

    @staticmethod
    def _panel(entry: JournalEntry) -> int:
        return int(":8001/" in entry.panel)

    @invariant()
    def the_journal_agrees_with_the_panels(self) -> None:
        self.run(self._refresh())

    async def _refresh(self) -> None:
        entries = await all_of(self.journal.entries())
        for number, panel in enumerate(self.panels):
            check(panel, [entry for entry in entries if self._panel(entry) == number])
        assert self.orders.keys() <= {entry.reference for entry in entries}
        for entry in entries:
            now = int(entry.order.form()["quantity"]), self._panel(entry)
            if entry.state == "refused":
                self.orders.pop(entry.reference, None)
            else:
                assert self.orders.setdefault(entry.reference, now) == now
            for refusal in entry.history:
                assert refusal.error

    @rule()
    def what_is_unknown_is_not_sent_again(self) -> None:
        async def ask() -> None:
            received = self.panel.received
            for entry in await all_of(self.journal.entries("unknown")):
                try:
                    await self.journal.place(self.clients[self._panel(entry)], entry.reference, entry.order)
                except OutcomeUnknownError:
                    continue
                raise AssertionError(entry)
            assert self.panel.received == received

        self.run(ask())

    async def _close(self) -> None:
        for client in self.clients:
            await client.aclose()
        await self.journal.aclose()

    def teardown(self) -> None:
        async def bury() -> None:
            await self._close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.gather(*self.dead, return_exceptions=True)
            for one in self.remains:
                await one.aclose()

        if hasattr(self, "journal"):
            self.run(bury())
        self.runner.close()
        shutil.rmtree(self.folder)


TestAccount = Account.TestCase
TestAccount.settings = settings(max_examples=rounds(8, nightly=1_000), stateful_step_count=30)
