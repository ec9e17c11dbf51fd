"""Wherever Python runs: threads, event loops, forks, clocks, panels. Nothing is bought twice or hangs."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from agencia_async import AsyncClient, ConfigurationError, DefaultOrder, InsufficientFundsError
from agencia_async._journal import process
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel, serve
from tests.support.rounds import rounds

from .cluster import Cluster
from .forking import NAMES
from .processes import PIPE, ROOT
from .scene import FIELD, all_of, bought, check, client_of, no_wait, order, place, rich_panel, told

# --- threads and event loops --------------------------------------------------------------------------------


async def test_another_thread_and_its_event_loop(database: str) -> None:
    panel = rich_panel()

    async def elsewhere(journal: Journal) -> str:
        async with client_of(panel) as client:
            try:
                return (await journal.place(client, "r1", order("r1"))).state
            except ConfigurationError as error:
                return str(error)

    async with Journal(database) as journal, client_of(panel) as client:
        await journal.place(client, "r0", order("r0"))
        async with asyncio.timeout(10):
            answers = await asyncio.gather(
                *(asyncio.to_thread(lambda: asyncio.run(elsewhere(journal))) for _ in range(20))
            )
        assert (await journal.place(client, "r2", order("r2"))).state == "placed"
        entries = await all_of(journal.entries())
    assert set(answers) == {
        "the journal belongs to another event loop or thread: open one in each event loop"
    }
    check(panel, entries)
    assert [entry.reference for entry in entries] == ["r0", "r2"]


def test_many_threads_that_are_the_first_at_once(database: str) -> None:
    """As in a web server with threads and a journal of the module: one gets it, all others are told so."""
    panel = rich_panel()
    journal = Journal(database)
    together = threading.Barrier(10)

    async def request(name: str) -> str:
        async with client_of(panel) as client:
            together.wait(20)
            try:
                state = (await journal.place(client, name, order(name))).state
            except ConfigurationError:
                together.wait(20)
                return "refused"
            together.wait(20)
            await journal.aclose()
            return state

    with ThreadPoolExecutor(10) as threads:
        states = list(threads.map(lambda name: asyncio.run(request(name)), map(str, range(10))))
    assert sorted(states) == ["placed", *["refused"] * 9]
    assert len(panel.ledger) == 1


def test_a_second_event_loop(database: str) -> None:
    panel = rich_panel()
    journal = Journal(database)

    async def run(journal: Journal, name: str) -> str:
        async with client_of(panel) as client:
            return await place(journal, client, name)

    async def whole(name: str) -> str:
        async with Journal(database) as another:
            return await run(another, name)

    assert asyncio.run(whole("r0")) == "placed"
    assert asyncio.run(whole("r1")) == "placed"
    with asyncio.Runner() as first, asyncio.Runner() as second:
        assert first.run(run(journal, "r2")) == "placed"
        assert second.run(run(journal, "r3")) == "nothing sent"
        with pytest.raises(ConfigurationError, match="another event loop"):
            second.run(journal.aclose())
        assert first.run(run(journal, "r4")) == "placed"
        first.run(journal.aclose())
    assert bought(panel).keys() == {"r0", "r1", "r2", "r4"}


# --- forks --------------------------------------------------------------------------------------------------


async def fork(how: str, panel: Panel, database: str) -> list[object]:
    """What a forking program prints."""
    command = (sys.executable, "-m", "tests.promises.journal.forking", how, str(panel.url), database)
    forking = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    out, err = await forking.communicate()
    assert (forking.returncode, err) == (0, b"")
    found: list[object] = json.loads(out)
    return found


@pytest.mark.parametrize("how", ["before", "tasks"][: rounds(1, nightly=2)])
async def test_processes_that_were_forked_before_it_is_opened(database: str, how: str) -> None:
    panel = rich_panel()
    async with asyncio.timeout(60), serve(panel):
        outcomes = await fork(how, panel, database)
    assert outcomes == [dict.fromkeys(NAMES, "placed")] * 2
    async with Journal(database) as journal:
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert {entry.state for entry in entries} == {"placed"}
    assert len(panel.ledger) == len(NAMES)


async def test_a_process_that_was_forked_while_it_is_open(database: str) -> None:
    panel = rich_panel()
    async with asyncio.timeout(60), serve(panel):
        told_it, states = await fork("after", panel, database)
    assert str(told_it).startswith("ConfigurationError: the journal was opened in process ")
    assert states == ["placed", "placed"]
    assert len(panel.ledger) == 2


# --- clocks and processes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-2, 2])
@pytest.mark.parametrize("is_hidden", [False, True])
async def test_a_clock_that_jumps_and_a_hidden_proc(
    database: str, hours: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_hidden: bool
) -> None:
    """Whoever lives is not taken for dead: what it is sending is not unknown."""
    if is_hidden:
        monkeypatch.setattr(process, "_PROC", tmp_path / "nothing")
    panel = rich_panel()
    seen: list[str] = []
    inner = httpx.ASGITransport(panel.asgi)

    async def answer(request: httpx.Request) -> httpx.Response:
        later = datetime.now(UTC) + timedelta(hours=hours)
        async with Journal(database, now=lambda: later) as other:
            seen.extend([entry.state.value for entry in await all_of(other.entries())])
        return await inner.handle_async_request(request)

    client = client_of(panel, transport=httpx.MockTransport(answer))
    async with client, Journal(database) as journal:
        assert await place(journal, client, "r") == "placed"
        check(panel, await all_of(journal.entries()))
    assert seen == ["new"]


# --- panels -------------------------------------------------------------------------------------------------


def panel_at(host: str, panel: Panel, field: str | None = None) -> AsyncClient:
    transport = httpx.ASGITransport(panel.asgi)
    url = f"https://{host}/api/v2"
    return AsyncClient(panel.key, base_url=url, transport=transport, idempotency_field=field)


async def test_a_second_panel(database: str) -> None:
    one, other = rich_panel(), rich_panel()
    one.faults.script(None, "drop_after")
    first, second = panel_at("one.example", one), panel_at("other.example", other)
    async with first, second, Journal(database) as journal:
        assert await place(journal, first, "placed") == "placed"
        assert await place(journal, first, "unknown") == "unknown"
        for name in ("placed", "unknown"):
            with pytest.raises(
                ConfigurationError,
                match=r"at https://one\.example/api/v2, not at https://other\.example/",
            ):
                await journal.place(second, name, order(name))
        assert await place(journal, second, "elsewhere") == "placed"
        assert await place(journal, first, "placed") == "placed"
        entries = await all_of(journal.entries())
    assert [entry.panel for entry in entries] == [
        "https://one.example/api/v2",
        "https://one.example/api/v2",
        "https://other.example/api/v2",
    ]
    assert (len(one.ledger), len(other.ledger)) == (2, 1)


async def test_a_panel_whose_address_is_written_in_another_way(database: str) -> None:
    panel = rich_panel()
    async with panel_at("one.example", panel) as first, Journal(database) as journal:
        placed = await journal.place(first, "r", order("r"))
        down = httpx.MockTransport(lambda _: httpx.Response(500))
        same = AsyncClient("another-key", base_url="https://ONE.example:443/api/v2/", transport=down)
        async with same:
            assert await journal.place(same, "r", order("r")) == placed


async def test_a_corrected_order(database: str) -> None:
    panel = Panel(balance=Decimal("0.05"), idempotency_field=FIELD)
    async with panel_at("one.example", panel, FIELD) as client, Journal(database) as journal:
        for quantity in (1000, 1000, 900):
            with pytest.raises(InsufficientFundsError):
                await journal.place(client, "r", order("r", quantity))
        entry = await journal.place(client, "r", order("r", 50))
        assert await journal.get("r") == entry
        with pytest.raises(ConfigurationError, match="different order"):
            await journal.place(client, "r", order("r", 1000))
    assert (entry.state, entry.refusals, entry.order) == ("placed", 3, order("r", 50))
    assert [refusal.order for refusal in entry.history] == [order("r", 1000), order("r", 900)]
    assert {refusal.error for refusal in entry.history} == {"Not enough funds on balance"}
    assert [request.form[FIELD] for request in panel.requests] == ["r", "r#1", "r#2", "r#3"]
    check(panel, [entry])


async def test_what_was_refused_may_be_placed_at_another_panel(database: str) -> None:
    poor, rich = Panel(balance=Decimal(0)), rich_panel()
    first, second = panel_at("poor.example", poor), panel_at("rich.example", rich)
    async with first, second, Journal(database) as journal:
        with pytest.raises(InsufficientFundsError):
            await journal.place(first, "r", order("r"))
        entry = await journal.place(second, "r", order("r"))
    assert (entry.panel, entry.history[0].panel) == (
        "https://rich.example/api/v2",
        "https://poor.example/api/v2",
    )


# --- values of a panel --------------------------------------------------------------------------------------

ODD = ["\0", "a\0b", "\ud800", "9" * 5000, "\U0001f600", "';--"]


@pytest.mark.parametrize("odd", ODD)
async def test_one_odd_value_spoils_no_other(database: str, odd: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        content = request.content.decode()
        if "balance" in content:
            return httpx.Response(200, content=json.dumps({"balance": "1", "currency": odd}))
        name = content.partition("example.com%2F")[2].partition("&")[0]
        number: object = {"good": 5, "list": [f"7{odd}", f"8{odd}"]}.get(name, f"6{odd}")
        reply = {"error": f"Link is wrong {odd}"} if name == "bad" else {"order": number}
        return httpx.Response(200, content=json.dumps(reply))

    names = ["good", "odd", "list", "bad"]
    client = AsyncClient("key", base_url="http://localhost/", transport=httpx.MockTransport(answer))
    async with client, Journal(database, sleep=no_wait) as journal, asyncio.timeout(20):
        await journal.note_balance(client)
        items = [item async for item in journal.place_iter(client, [(name, order(name)) for name in names])]
        states = {item.id: told(item.error) for item in items}
        entries = {entry.reference: entry for entry in await all_of(journal.entries())}
    assert states == {"good": "placed", "odd": "placed", "list": "placed", "bad": "refused"}
    assert {name: entry.state.value for name, entry in entries.items()} == states
    for item in items:
        if item.ok:
            assert item.value == entries[str(item.id)]
    assert len(entries["list"].order_ids) == 2


async def test_a_value_that_no_column_can_hold_fails_alone(
    database: str, change: Callable[[str], None]
) -> None:
    """Here the table itself refuses one of the orders of a group."""
    panel = rich_panel()
    async with Journal(database):
        pass
    change("CREATE UNIQUE INDEX only_one ON agencia_orders (order_id) WHERE order_id = '23501'")
    change(
        "INSERT INTO agencia_orders"
        " (reference, state, kind, form, panel, by_hand, token, created, updated, order_id)"
        " VALUES ('x', 'placed', 'RawOrder', '{}', 'p', '0', 't', '2026', '2026', '23501')"
    )
    names = [f"r{number}" for number in range(10)]
    async with client_of(panel) as client, Journal(database, sleep=no_wait) as journal:
        states = await asyncio.gather(*(place(journal, client, name) for name in names))
    assert sorted(states) == [*["placed"] * 9, "unknown"]


# --- numbers and targets ------------------------------------------------------------------------------------


async def test_one_number_for_two_orders(database: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"order": 5}))
    client = AsyncClient("key", base_url="http://localhost/", transport=transport)
    async with client, Journal(database) as journal:
        first = await journal.place(client, "r0", order("r0"))
        second = await journal.place(client, "r1", order("r1"))
        assert await journal.get("r1") == second
    assert (first.warning, second.state) == (None, "placed")
    assert second.warning == "'r0' has the same id, 5: this panel's ids may be of no use"


async def test_one_link_under_two_references(database: str) -> None:
    panel, moment = rich_panel(), [datetime(2026, 1, 1, tzinfo=UTC)]
    same = DefaultOrder(service=1, link="https://example.com/p", quantity=100)
    async with client_of(panel) as client, Journal(database, now=lambda: moment[0]) as journal:
        entries = [await journal.place(client, "r0", same), await journal.place(client, "r1", same)]
        moment[0] += timedelta(minutes=11)
        entries.append(await journal.place(client, "r2", same))
        assert await all_of(journal.entries()) == entries
    assert [entry.duplicate_of for entry in entries] == [None, "r0", None]


# --- copies of a database ----------------------------------------------------------------------------------


async def test_a_dump_that_is_restored(cluster: Cluster) -> None:
    panel, original, restored = rich_panel(), cluster.make(), cluster.make()
    async with client_of(panel) as client:
        async with Journal(original) as journal:
            await journal.place(client, "r", order("r"))
        cluster.restore(original, restored)
        with pytest.raises(ConfigurationError, match="is a copy of a journal, or was restored"):
            await place_or_raise(Journal(restored), client)
        async with Journal(restored, adopt=True) as journal:
            assert (await journal.place(client, "r", order("r"))).state == "placed"
            with pytest.raises(ConfigurationError, match="use pg_dump"):
                await journal.backup("copy")
    assert len(panel.ledger) == 1


async def place_or_raise(journal: Journal, client: AsyncClient) -> None:
    try:
        await journal.place(client, "r", order("r"))
    finally:
        await journal.aclose()
