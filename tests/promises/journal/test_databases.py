"""What a journal promises, on each kind of database."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from unittest.mock import ANY

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    ConfigurationError,
    InsufficientFundsError,
    JournalError,
    OutcomeUnknownError,
)
from agencia_async._journal import store
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel
from tests.support.rounds import rounds
from tests.support.servers import PASSWORD

from .cluster import Cluster
from .scene import all_of, bought, check, client_of, no_wait, order, place, rich_panel, told


async def test_an_order_is_placed_once(database: str) -> None:
    panel = rich_panel()
    async with client_of(panel) as client:
        async with Journal(database) as journal:
            first = await journal.place(client, "r", order("r"))
            again = await journal.place(client, "r", order("r"))
        async with Journal(database) as journal:
            later = await journal.place(client, "r", order("r"))
            with pytest.raises(ConfigurationError, match="a different order"):
                await journal.place(client, "r", order("r", 200))
            assert await journal.get("nothing") is None
    assert first == again == later
    assert (first.state, first.order_id, first.order) == ("placed", 23501, order("r"))
    assert len(panel.requests) == 1
    check(panel, [later])


async def test_what_was_refused_is_sent_again(database: str) -> None:
    panel = Panel(balance=Decimal(0))
    async with client_of(panel) as client, Journal(database) as journal:
        with pytest.raises(InsufficientFundsError):
            await journal.place(client, "r", order("r"))
        check(panel, refused := await all_of(journal.entries("refused")))
        assert [entry.error for entry in refused] == ["Not enough funds on balance"]
        panel.change_price(1, Decimal(0))
        entry = await journal.place(client, "r", order("r"))
        assert (entry.state, entry.created, entry.error) == ("placed", refused[0].created, None)
        assert await all_of(journal.entries()) == [entry]
    check(panel, [entry])


@pytest.mark.parametrize("fault", ["drop_after", "server_error"])
async def test_what_is_unknown_is_resolved_by_a_person(database: str, fault: str) -> None:
    panel = rich_panel()
    panel.faults.script(fault)
    async with client_of(panel) as client, Journal(database) as journal:
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError):
                await journal.place(client, "r", order("r"))
        assert panel.received == 1
        sold = bought(panel).get("r")
        entry = await (
            journal.resolve("r", order_id=sold.result) if sold else journal.resolve("r", placed=False)
        )
        assert entry.state == ("placed" if sold else "refused")
        check(panel, [entry])
        placed = await journal.place(client, "r", order("r"))
    check(panel, [placed])
    assert len(panel.ledger) == 1


async def test_what_a_person_decided_can_be_corrected(database: str) -> None:
    panel = rich_panel()
    panel.faults.actions = {"add"}
    panel.faults.script("drop_after", "drop_after", None)
    async with client_of(panel, max_concurrency=1) as client, Journal(database, sleep=no_wait) as journal:
        for name in ("r", "s", "t"):
            await place(journal, client, name)
        sold = {name: sale.result for name, sale in bought(panel).items()}
        with pytest.raises(ConfigurationError, match="is the id of order 't'; nothing was changed"):
            await journal.resolve("r", order_id=sold["t"])
        await journal.resolve("r", order_id=sold["s"])
        with pytest.raises(ConfigurationError, match="'r', which was resolved manually"):
            await journal.resolve("s", order_id=sold["s"])
        await journal.resolve("r", placed=False)
        for name in ("s", "r"):
            await journal.resolve(name, order_id=sold[name])
        assert {finding.kind for finding in await journal.reconcile(client)} == {"confirmed"}
        check(panel, await all_of(journal.entries()))
        with pytest.raises(ConfigurationError, match="has confirmed its id"):
            await journal.resolve("r", placed=False)
        assert (await journal.resolve("r", order_id="x")).order_id == "x"


async def test_a_correction_while_another_program_places_the_order(database: str) -> None:
    for number in range(rounds(10, nightly=200)):
        panel, name = rich_panel(), f"r{number}"
        panel.faults.script("server_error")
        async with (
            client_of(panel) as client,
            Journal(database, sleep=no_wait) as journal,
            Journal(database, sleep=no_wait) as other,
        ):
            assert await place(journal, client, name) == "unknown"
            await client.balance()  # it answers
            await journal.resolve(name, placed=False)
            await asyncio.gather(
                place(journal, client, name),
                other.resolve(name, order_id=f"x{number}"),
                return_exceptions=True,
            )
            entry = await journal.get(name)
            assert entry is not None
            assert entry.state == "placed"
            assert [sale.result for sale in panel.ledger] == [entry.order_id] * (not entry.resolved_manually)


@pytest.mark.parametrize("faults", [["drop_after"] * 2, ["server_error", "drop_after", "empty_reply"]])
async def test_outcomes_that_are_unknown_at_the_same_moment(database: str, faults: list[str]) -> None:
    panel = rich_panel()
    panel.faults.script(*faults)
    async with client_of(panel) as client, Journal(database, sleep=no_wait) as journal:
        names = [f"r{number}" for number in range(len(faults))]
        states = await asyncio.gather(*(place(journal, client, name) for name in names))
        assert states == ["unknown"] * len(faults)
        entries = await all_of(journal.entries("unknown"))
    check(panel, entries)
    assert len(entries) == len(faults)


async def test_more_entries_than_a_page_holds(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = rounds(50, nightly=500)
    monkeypatch.setattr(store, "_PAGE", page)
    panel = rich_panel()
    names = [f"r{number}" for number in range(2 * page + 1)]
    async with client_of(panel, max_concurrency=50) as client, Journal(database) as journal:
        panel.faults.script(*["rate_limit", None] * 10)
        async for item in journal.place_iter(client, ((name, order(name)) for name in names)):
            item.unwrap()
        entries = await all_of(journal.entries())
        assert await all_of(journal.entries("placed")) == entries
        assert await all_of(journal.entries("refused")) == []
    assert sorted(entry.reference for entry in entries) == sorted(names)
    check(panel, entries)


async def test_many_that_open_an_empty_database_at_once(database: str) -> None:
    panel = rich_panel()
    journals = [Journal(database) for _ in range(8)]
    async with client_of(panel) as client, asyncio.timeout(60):
        entries = await asyncio.gather(*(journal.place(client, "r", order("r")) for journal in journals))
    await asyncio.gather(*(journal.aclose() for journal in journals))
    assert entries == [entries[0]] * 8
    assert len(panel.ledger) == 1


async def test_two_journals_of_one_process(database: str) -> None:
    panel = rich_panel()
    names = [f"r{number}" for number in range(rounds(50, nightly=200))]
    async with Journal(database) as one, Journal(database) as other, client_of(panel) as client:
        async with asyncio.timeout(60):
            ways = [(journal, name) for name in names for journal in (one, other)]
            states = await asyncio.gather(*(place(journal, client, name) for journal, name in ways))
        entries = await all_of(one.entries())
    check(panel, entries)
    assert set(states) == {"placed"}
    assert len(panel.ledger) == len(names)


async def test_a_later_version(database: str, change: Callable[[str], None]) -> None:
    async with Journal(database):
        pass
    change("UPDATE agencia_journal SET version = 5")
    journal = Journal(database)
    with pytest.raises(ConfigurationError, match="version 5; this release supports version 4 and") as caught:
        await journal.get("r")
    await journal.aclose()
    assert PASSWORD not in str(caught.value)


async def test_a_server_that_restarts_between_two_orders(cluster: Cluster) -> None:
    """The connections that it ended cost nobody an error, however many there were."""
    panel = rich_panel()
    names = [f"r{number}" for number in range(20)]
    async with client_of(panel) as client, Journal(cluster.make()) as journal:
        for some in (names[:10], names[10:]):
            states = await asyncio.gather(*(place(journal, client, name) for name in some))
            assert states == ["placed"] * 10
            cluster.restart()
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert len(panel.ledger) == len(entries) == 20


async def test_a_server_that_is_away_for_a_while(cluster: Cluster) -> None:
    panel = rich_panel()
    async with client_of(panel) as client, Journal(cluster.make()) as journal:
        assert await place(journal, client, "r0") == "placed"
        cluster.stop()
        try:
            assert [await place(journal, client, name) for name in ("r0", "r1")] == ["nothing sent"] * 2
            assert panel.received == 1
        finally:
            cluster.start()
        assert [await place(journal, client, name) for name in ("r0", "r1")] == ["placed"] * 2
        entries = await all_of(journal.entries())
    check(panel, entries)
    assert len(panel.ledger) == len(entries) == 2


async def test_a_server_that_restarts_while_an_order_is_on_its_way(cluster: Cluster) -> None:
    panel = rich_panel()
    inner = httpx.ASGITransport(panel.asgi)

    async def answer(request: httpx.Request) -> httpx.Response:
        response = await inner.handle_async_request(request)
        cluster.restart()
        return response

    transport = httpx.MockTransport(answer)
    journal = Journal(cluster.make(), sleep=no_wait)
    async with client_of(panel, transport=transport) as client, journal:
        assert (await journal.place(client, "r", order("r"))).state == "placed"
        entries = await all_of(journal.entries())
    check(panel, entries)


@pytest.mark.parametrize("odd", ["\0", "\U0001f600", "'; --", "%(x)s :y ?"])
async def test_odd_characters_in_what_a_panel_says(database: str, odd: str) -> None:
    """They cost nobody the outcome of an order."""

    def answer(request: httpx.Request) -> httpx.Response:
        refused = b"bad" in request.content
        return httpx.Response(200, json={"error": f"Link is wrong{odd}"} if refused else {"order": 5})

    transport = httpx.MockTransport(answer)
    client = AsyncClient("key", base_url="http://localhost/", transport=transport)
    async with client, Journal(database, sleep=no_wait) as journal:
        items = [
            item
            async for item in journal.place_iter(client, [(name, order(name)) for name in ("good", "bad")])
        ]
        assert {item.id: told(item.error) for item in items} == {"good": "placed", "bad": "refused"}
        states = {entry.reference: entry.state.value for entry in await all_of(journal.entries())}
    assert states == {"good": "placed", "bad": "refused"}


@pytest.mark.parametrize(
    "url", ["postgresql+asyncpg://u:{}@{}/db", "postgresql+asyncpg://{1}/db?user=u&password={0}"]
)
async def test_the_password_of_a_database_is_not_shown(url: str) -> None:
    journal = Journal(url.format(PASSWORD, "127.0.0.1:1"))
    with pytest.raises(JournalError) as caught:
        await journal.get("r")
    assert PASSWORD not in repr(journal) + str(caught.value)
    await journal.aclose()


def test_a_database_of_no_known_kind_shows_no_password() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Journal(f"nonsense://u:{PASSWORD}@127.0.0.1/db")
    assert caught.value.args == (ANY,)
    assert PASSWORD not in str(caught.value)
