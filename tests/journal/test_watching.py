"""A journal watches its orders: recorded once, told at least once."""

import asyncio
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from agencia_async import (
    AsyncClient,
    AuthenticationError,
    Change,
    ConfigurationError,
    DefaultOrder,
    JournalError,
    NotFoundError,
    OrderStatus,
)
from agencia_async._client import watching
from agencia_async._journal import watched_rows
from agencia_async._journal import watching as journal_watching
from agencia_async.journal import Journal
from tests.support.until import until


class Panel(httpx.AsyncBaseTransport):
    """Numbers orders, and tells of each what the test has set; "Pending" else."""

    def __init__(self) -> None:
        self.rows: dict[str, Mapping[str, object]] = {}
        self.asked: list[str] = []
        self.count = 0
        self.many = False
        self.rejects = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl((await request.aread()).decode()))
        if self.rejects:
            return httpx.Response(200, json={"error": "Invalid API key"})
        if form["action"] == "add":
            self.count += 1
            order = [self.count, self.count + 1000] if self.many else self.count
            return httpx.Response(200, json={"order": order})
        ids = form.get("orders", form.get("order", "")).split(",")
        self.asked += ids
        rows = {key: self.rows.get(key, self.row("Pending", 9)) for key in ids}
        return httpx.Response(200, json=rows if "orders" in form else rows[ids[0]])

    @staticmethod
    def row(status: str, remains: int = 0) -> dict[str, object]:
        return {"charge": "1.50", "status": status, "remains": str(remains), "currency": "USD"}

    def end(self, *keys: int) -> None:
        for key in keys:
            self.rows[str(key)] = self.row("Completed")

    def client(self, url: str = "https://panel.example/") -> AsyncClient:
        return AsyncClient("KEY", base_url=url, transport=self, batch_window=0)


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Panel:
    """A panel that is asked often."""
    monkeypatch.setattr(watching, "LEAST", 0.01)
    monkeypatch.setattr(watching, "UNKNOWN_FOR", 0.02)
    monkeypatch.setattr(journal_watching, "_LOOK_EACH", 0.01)
    return Panel()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "orders.db"


async def place(journal: Journal, client: AsyncClient, *names: str) -> None:
    for name in names:
        order = DefaultOrder(service=1, link=f"https://example.com/{name}", quantity=10)
        await journal.place(client, name, order)


def rows_of(path: Path) -> dict[str, Any]:
    """What is on disk, whatever the journal says."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        return {row["order_id"]: dict(row) for row in database.execute("SELECT * FROM agencia_watched")}


def seen(changes: list[Change[OrderStatus]]) -> list[tuple[object, str | None, int]]:
    return [(change.id, status_of(change), change.number) for change in changes]


def status_of(change: Change[OrderStatus]) -> str | None:
    value: OrderStatus | None = change.value
    return None if value is None else value.status


async def test_all_that_was_placed_is_watched_to_its_end(panel: Panel, path: Path) -> None:
    changes = []
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a", "b")
        async for change in journal.watch(client):
            changes.append(change)
            panel.end(1, *([2] if len(changes) > 2 else []))
        assert sorted(seen(changes)) == [
            (1, "Completed", 2),
            (1, "Pending", 1),
            (2, "Completed", 2),
            (2, "Pending", 1),
        ]
        asked = len(panel.asked)
        assert [change async for change in journal.watch(client)] == []
        assert len(panel.asked) == asked
    row = rows_of(path)["1"]
    assert (row["state"], row["charge"], row["remains"], row["final"]) == ("Completed", "1.50", "0", 1)
    assert (row["number"], row["told_number"], row["panel"]) == (2, 2, "https://panel.example")
    assert json.loads(row["told"]) == json.loads(row["status"])
    assert row["since"] <= row["updated"]


async def test_a_restart_goes_on_where_it_was(panel: Panel, path: Path) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a", "b")
        stream = journal.watch(client)
        await anext(stream)
        await anext(stream)
        third = asyncio.ensure_future(anext(stream))
        await until(lambda: rows_of(path)["2"]["told_number"] == 1)
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)
        await stream.aclose()
    panel.end(1, 2)
    async with panel.client() as client, Journal(path) as journal:
        changes = [change async for change in journal.watch(client)]
    assert sorted(seen(changes)) == [(1, "Completed", 2), (2, "Completed", 2)]
    assert {change.previous.status for change in changes if change.previous} == {"Pending"}


async def test_what_was_recorded_and_not_taken_is_told_with_its_number(panel: Panel, path: Path) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        panel.end(1)
        async for change in journal.watch(client):
            assert seen([change]) == [(1, "Completed", 1)]
            break
    assert rows_of(path)["1"]["told_number"] == 0
    asked = len(panel.asked)
    async with panel.client() as client, Journal(path) as journal:
        again = [told async for told in journal.watch(client)]
    assert again == [change]
    assert len(panel.asked) == asked
    assert rows_of(path)["1"]["told_number"] == 1


async def test_an_order_that_the_panel_does_not_know(panel: Panel, path: Path) -> None:
    panel.rows["1"] = {"error": "Incorrect order ID"}
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        stream = journal.watch(client)
        first = await anext(stream)
        await stream.aclose()
        (again,) = [change async for change in journal.watch(client)]
        assert [change async for change in journal.watch(client)] == []
    for change in (first, again):
        assert isinstance(change.error, NotFoundError)
        assert (change.number, change.is_final, change.error.id) == (1, True, 1)
    assert rows_of(path)["1"]["final"] == 1


async def test_only_orders_of_the_clients_panel(panel: Panel, path: Path) -> None:
    other = Panel()
    other.count = 50
    panel.end(1)
    other.end(51)
    second = other.client("https://other.example/")
    async with panel.client() as client, second, Journal(path) as journal:
        await place(journal, client, "a")
        await place(journal, second, "b")
        assert seen([change async for change in journal.watch(client)]) == [(1, "Completed", 1)]
        assert seen([change async for change in journal.watch(second)]) == [(51, "Completed", 1)]


async def test_all_numbers_of_an_order_are_watched(panel: Panel, path: Path) -> None:
    panel.many = True
    panel.end(1, 1001, 2)
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        changes = [change async for change in journal.watch(client)]
        assert sorted(seen(changes)) == [(1, "Completed", 1), (1001, "Completed", 1)]
        panel.many = False
        await place(journal, client, "b")
        assert seen([change async for change in journal.watch(client)]) == [(2, "Completed", 1)]


async def test_with_follow_it_goes_on_with_what_is_placed_later(panel: Panel, path: Path) -> None:
    panel.end(1, 2)
    journal = Journal(path)
    changes: list[Change[OrderStatus]] = []

    async def loop(client: AsyncClient) -> None:
        async for change in journal.watch(client, follow=True):  # pragma: no branch - it is cancelled
            changes.append(change)
            await place(journal, client, "b")

    async with panel.client() as client:
        await place(journal, client, "a")
        looping = asyncio.ensure_future(loop(client))
        await until(lambda: len(changes) == 2)
        await journal.aclose()
        with pytest.raises(ConfigurationError, match="the journal is closed"):
            await looping
    assert seen(changes) == [(1, "Completed", 1), (2, "Completed", 1)]


async def test_two_programs_record_a_change_once(panel: Panel, path: Path) -> None:
    async with panel.client() as client, Journal(path) as one, Journal(path) as other:
        await place(one, client, *"abc")
        streams = [one.watch(client), other.watch(client)]
        firsts = await asyncio.gather(*map(anext, streams))
        panel.end(1, 2, 3)
        rest = await asyncio.gather(*map(_all, streams))
    for first, more in zip(firsts, rest, strict=True):
        finals = [change for change in [first, *more] if change.is_final]
        assert sorted(seen(finals)) == [(1, "Completed", 2), (2, "Completed", 2), (3, "Completed", 2)]
    assert {row["number"] for row in rows_of(path).values()} == {2}


async def _all(stream: AsyncIterator[Change[OrderStatus]]) -> list[Change[OrderStatus]]:
    return [change async for change in stream]


async def test_a_change_after_what_another_program_has_recorded(panel: Panel, path: Path) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        stream = journal.watch(client)
        await anext(stream)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("""UPDATE agencia_watched SET number = 7, status = '{"status": "Processing"}'""")
        panel.end(1)
        assert seen([await anext(stream)]) == [(1, "Completed", 8)]
        await stream.aclose()


@pytest.mark.usefixtures("panel")
async def test_a_field_that_differs_each_time_is_no_other_change(path: Path) -> None:
    timed = TimedPanel()
    async with timed.client() as client, Journal(path) as one, Journal(path) as other:
        await place(one, client, *"ab")
        streams = [one.watch(client), other.watch(client)]
        firsts = await asyncio.gather(*map(anext, streams))
        timed.end(1, 2)
        rest = await asyncio.gather(*map(_all, streams))
    for first, more in zip(firsts, rest, strict=True):
        finals = [change for change in [first, *more] if change.is_final]
        assert sorted(seen(finals)) == [(1, "Completed", 2), (2, "Completed", 2)]
    assert {row["number"] for row in rows_of(path).values()} == {2}


class TimedPanel(Panel):
    """Has a field in each row that never is the same."""

    def __init__(self) -> None:
        super().__init__()
        self.times = itertools.count()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        told = response.json()
        for row in told.values() if "status" not in told else [told]:
            if isinstance(row, dict):
                row["time"] = next(self.times)
        return httpx.Response(200, json=told)


@pytest.mark.parametrize("is_told", [False, True])
async def test_an_answer_that_is_older_than_what_is_recorded_is_not(
    panel: Panel, path: Path, *, is_told: bool
) -> None:
    """The request of one program is answered late, with what was true before the other one saw the end."""
    late = LatePanel()
    late.rows = {"1": panel.row("In progress", 5)}
    async with panel.client() as client, late.client() as slow, Journal(path) as one, Journal(path) as other:
        await place(one, client, "a")
        behind = other.watch(slow)
        first = asyncio.create_task(anext(behind))
        await until(lambda: bool(late.asked))
        panel.end(1)
        ahead = one.watch(client)
        assert seen([await anext(ahead)]) == [(1, "Completed", 1)]
        if is_told:
            assert await _all(ahead) == []
        late.answers.set()
        assert seen([await first]) == [(1, "Completed", 1)]
        assert await _all(behind) == []
    (row,) = rows_of(path).values()
    assert (row["state"], row["number"], row["final"]) == ("Completed", 1, 1)


class LatePanel(Panel):
    """Answers once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        await self.answers.wait()
        return response


async def test_a_change_that_is_told_after_a_newer_one_does_not_take_its_place(
    panel: Panel, path: Path
) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        async with journal.watcher(client) as watcher:
            first = await anext(watcher)
            panel.end(1)
            last = await anext(watcher)
            watcher.told(last)
            watcher.told(first)
        assert [first.number, last.number] == [1, 2]
        assert await _all(journal.watch(client)) == []


async def test_a_journal_that_cannot_be_written_ends_it(
    panel: Panel, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        monkeypatch.setattr(journal_watching, "record_all", _fails)
        with pytest.raises(JournalError, match="disk full"):
            await anext(journal.watch(client))
        monkeypatch.undo()
        panel.end(1)
        assert seen([change async for change in journal.watch(client)])[-1][:2] == (1, "Completed")


def _fails(*_: object, **__: object) -> None:
    raise JournalError("disk full")


async def test_marks_that_cannot_be_written_are_told_again(
    panel: Panel, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.end(1)
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        with monkeypatch.context() as patch:
            patch.setattr(journal_watching, "mark_told", _fails)
            first = [change async for change in journal.watch(client)]
        assert [change async for change in journal.watch(client)] == first


async def test_a_search_for_new_orders_that_fails_is_made_again(
    panel: Panel, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.end(1)
    rows_to_watch = watched_rows.rows_to_watch
    fails = iter([False, True])

    def look(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        begun.append(1)
        if next(fails, False):
            raise JournalError("locked")
        return rows_to_watch(*given, **named)

    begun: list[int] = []
    async with panel.client() as client, Journal(path) as journal:
        monkeypatch.setattr(journal_watching, "rows_to_watch", look)
        stream = journal.watch(client, follow=True)
        waiting = asyncio.ensure_future(anext(stream))
        await until(lambda: len(begun) == 2)
        await place(journal, client, "a")
        assert seen([await waiting]) == [(1, "Completed", 1)]
        await stream.aclose()


async def test_a_rejected_key_and_a_closed_client_end_it(panel: Panel, path: Path) -> None:
    client = panel.client()
    async with Journal(path) as journal:
        await place(journal, client, "a")
        panel.rejects = True
        with pytest.raises(AuthenticationError):
            await anext(journal.watch(client))
        await client.aclose()
        with pytest.raises(ConfigurationError, match="the client is closed"):
            await anext(journal.watch(client))


async def test_a_closed_journal_watches_nothing(panel: Panel, path: Path) -> None:
    journal = Journal(path)
    await journal.aclose()
    async with panel.client() as client:
        with pytest.raises(ConfigurationError, match="the journal is closed"):
            await anext(journal.watch(client))


async def test_a_watcher_tells_again_what_was_not_said_to_be_told(panel: Panel, path: Path) -> None:
    panel.end(1, 2, 3)
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, *"abc")
        async with journal.watcher(client) as watcher:
            changes = {change.id: change async for change in watcher}
            watcher.told(changes[3])
            watcher.told(changes[1])
            assert watcher.stats().states == {"Completed": 1}
        assert seen([change async for change in journal.watch(client)]) == [(2, "Completed", 1)]
        assert watcher.stats().requests == 1


async def test_the_intervals_are_those_that_are_given(panel: Panel, path: Path) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        panel.rows["1"] = {"error": "Incorrect order ID"}
        async with journal.watcher(client, min_interval=90, max_interval=90, unknown_for=900) as watcher:
            waiting = asyncio.ensure_future(anext(watcher))
            await until(lambda: watcher.stats().requests == 1 and watcher.stats().next_look)
            assert 80 < (watcher.stats().next_look or 0) <= 90
            waiting.cancel()
        with pytest.raises(ConfigurationError, match="max_interval must be >= min_interval"):
            await anext(journal.watch(client, min_interval=90, max_interval=9))


async def test_a_watcher_that_cannot_read_the_journal(
    panel: Panel, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with panel.client() as client, Journal(path) as journal:
        monkeypatch.setattr(journal_watching, "rows_to_watch", _fails)
        watcher = journal.watcher(client)
        with pytest.raises(JournalError, match="disk full"):
            await watcher.__aenter__()
        assert journal._watchers == set()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def test_a_number_that_a_person_has_corrected_is_not_watched(panel: Panel, path: Path) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a", "b")
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE agencia_orders SET state = 'unknown', order_id = NULL, bought = NULL")
        await journal.resolve("a", order_id=77)
        await journal.resolve("b", order_id=78)
        async with journal.watcher(client) as watcher:
            assert {(await anext(watcher)).id, (await anext(watcher)).id} == {77, 78}
        await journal.resolve("a", order_id=1)
        await journal.resolve("b", placed=False)
        panel.asked.clear()
        panel.end(1)
        assert [change.id async for change in journal.watch(client)] == [1]
    assert {*panel.asked} == {"1"}


def doubt(path: Path, *names: str) -> None:
    """The outcomes of these orders are unknown."""
    with closing(sqlite3.connect(path)) as database, database:
        for name in names:
            database.execute(
                "UPDATE agencia_orders SET state = 'unknown', order_id = NULL, bought = NULL"
                " WHERE reference = ?",
                (name,),
            )


@pytest.mark.parametrize("follow", [True, False])
async def test_a_number_that_is_corrected_meanwhile_is_asked_for_no_more(
    panel: Panel, path: Path, *, follow: bool
) -> None:
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a", "b", "c")
        doubt(path, "a", "b")
        await journal.resolve("a", order_id=71)
        await journal.resolve("b", order_id=72)
        async with journal.watcher(client, follow=follow) as watcher:
            assert {(await anext(watcher)).id for _ in range(3)} == {71, 72, 3}
            await journal.resolve("a", order_id=81)
            await journal.resolve("b", placed=False)
            await until(lambda: watcher.stats().watched == 1 + follow)
            panel.end(71, 72, 81, 3)
            last = {(await anext(watcher)).id for _ in range(1 + follow)}
            assert last == ({3, 81} if follow else {3})
            await until(lambda: watcher.stats().watched == 0)
    assert {rows_of(path)[number]["state"] for number in ("71", "72")} <= {"Pending", None}


async def test_no_change_of_a_number_that_is_corrected_is_recorded(
    panel: Panel, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_watching, "_LOOK_EACH", 60)
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a", "b")
        doubt(path, "a")
        await journal.resolve("a", order_id=71)
        async with journal.watcher(client) as watcher:
            assert {(await anext(watcher)).id, (await anext(watcher)).id} == {71, 2}
            await journal.resolve("a", order_id=81)
            panel.end(71)
            await until(lambda: watcher.stats().watched == 1)
            panel.end(2)
            assert [change.id async for change in watcher] == [2]
    assert rows_of(path)["71"]["state"] == "Pending"


async def test_each_number_of_a_split_order_stays_watched(panel: Panel, path: Path) -> None:
    panel.many = True
    async with panel.client() as client, Journal(path) as journal:
        await place(journal, client, "a")
        async with journal.watcher(client) as watcher:
            assert {(await anext(watcher)).id, (await anext(watcher)).id} == {1, 1001}
            asked = len(panel.asked)
            await until(lambda: len(panel.asked) > asked + 9)
            panel.end(1, 1001)
            assert {change.id async for change in watcher} == {1, 1001}
