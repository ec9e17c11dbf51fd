"""Databases that cannot be used, and programs that end in the middle."""

import asyncio
import gc
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from agencia_async import AsyncClient, ConfigurationError, JournalError, OutcomeUnknownError, RetryPolicy
from agencia_async._journal import database as databases
from agencia_async._journal.store import Store
from agencia_async.journal import Journal
from tests.support.rounds import rounds
from tests.support.until import until

from .conftest import SILENCE
from .scene import FIELD, all_of, bought, check, client_of, no_wait, order, place, rich_panel
from .stages import STAGES, Stages


def silence(path: Path) -> None:
    """All sessions were silent for two minutes, and nothing is known of their processes."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(SILENCE)


@contextmanager
def small_disk(pages: int) -> Iterator[None]:
    """SQLite finds room for so many pages only."""

    def limit(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


@pytest.mark.parametrize("pages", range(13, 27, rounds(4, nightly=1)))
async def test_a_full_disk(pages: int, tmp_path: Path) -> None:
    """Wherever it is met, nothing is sent that is not on disk."""
    panel = rich_panel()
    panel.faults.actions = {"add"}
    panel.faults.script(*[None, "server_error"] * 50)
    path = tmp_path / "orders.db"
    names = [f"r{number}{'x' * 190}" for number in range(80)]
    async with client_of(panel) as client:
        with small_disk(pages):
            async with asyncio.timeout(60), Journal(path, sleep=no_wait) as journal:
                states = [await place(journal, client, name) for name in names]
                assert set(states[-2:]) == {"nothing sent"}
                sent = sum(request.action == "add" for request in panel.requests)
        silence(path)
        async with Journal(path) as journal:
            check(panel, await all_of(journal.entries()))
            again = [await place(journal, client, name) for name in names]
            check(panel, await all_of(journal.entries()))
    assert sent < len(names)
    assert {new for old, new in zip(states, again, strict=True) if old == "placed"} == {"placed"}
    assert set(again) == {"placed", "unknown"}


@contextmanager
def nothing_at_all(_: Path) -> Iterator[None]:
    yield


@contextmanager
def no_database(path: Path) -> Iterator[None]:
    path.write_text("Dear diary, " * 1000)
    yield


@contextmanager
def another_programs(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE diary (day TEXT)")
    before = path.read_bytes()
    yield
    assert path.read_bytes() == before, "a file of another program was changed"


@contextmanager
def a_folder(path: Path) -> Iterator[None]:
    path.mkdir()
    yield


@pytest.mark.parametrize(
    ("prepare", "name", "reason"),
    [
        (no_database, "{}/j", "file is not a database"),
        (another_programs, "{}/j", "another program"),
        (a_folder, "{}/j", "unable to open database file"),
        (nothing_at_all, "{}/no such folder/j", "unable to open database file"),
        (nothing_at_all, "sqlite:///file:{}/j?mode=ro&uri=true", "unable to open database file"),
    ],
)
async def test_a_file_that_is_no_journal(prepare: Any, name: str, reason: str, tmp_path: Path) -> None:  # noqa: ANN401 - a context
    panel = rich_panel()
    with prepare(tmp_path / "j"):
        journal = Journal(name.format(tmp_path))
        async with client_of(panel) as client, asyncio.timeout(20):
            with pytest.raises(ConfigurationError, match=reason):
                await journal.place(client, "r", order("r"))
            await journal.aclose()
    assert panel.received == 0


async def test_a_journal_that_could_not_be_opened_is_opened_later(tmp_path: Path) -> None:
    panel = rich_panel()
    journal = Journal(tmp_path / "later" / "orders.db")
    async with client_of(panel) as client:
        assert await place(journal, client, "r") == "nothing sent"
        (tmp_path / "later").mkdir()
        assert await place(journal, client, "r") == "placed"
    await journal.aclose()


async def test_a_journal_that_may_only_be_read(tmp_path: Path) -> None:
    panel = rich_panel()
    async with client_of(panel) as client:
        async with Journal(tmp_path / "j") as journal:
            assert await place(journal, client, "r0") == "placed"
        journal = Journal(f"sqlite:///file:{tmp_path}/j?mode=ro&uri=true")
        assert await place(journal, client, "r1") == "nothing sent"
        await journal.aclose()
    assert panel.received == 1


async def test_a_journal_that_somebody_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_BUSY_TIMEOUT", 0.01)
    panel = rich_panel()
    async with client_of(panel) as client, Journal(tmp_path / "j") as journal:
        await journal.get("nothing")
        with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalError, match="database is locked"):
                await journal.place(client, "r", order("r"))
            assert panel.received == 0
            other.execute("ROLLBACK")
        assert await place(journal, client, "r") == "placed"


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No outcome can be written."""

    async def settle(_store: Store, _settle: object) -> None:
        raise JournalError("the journal cannot be used: disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "settle", settle)
        yield
        patch.undo()


@pytest.mark.usefixtures("unwritable")
@pytest.mark.parametrize("fault", [None, "drop_after", "server_error"])
async def test_an_outcome_that_cannot_be_written(
    fault: str | None, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = rich_panel()
    panel.faults.script(fault)
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async with client_of(panel) as client:
        async with Journal(database, sleep=sleep) as journal:
            with pytest.raises(OutcomeUnknownError, match="recording it failed"):
                await journal.place(client, "r", order("r"))
        assert [pause for pause in pauses if pause < 20] == [0.1, 0.5, 2.0, 5.0]  # without the heart's
        monkeypatch.undo()
        async with Journal(database) as journal:
            check(panel, entries := await all_of(journal.entries()))
            assert [entry.state for entry in entries] == ["unknown"]
            assert await place(journal, client, "r") == "unknown"
    assert panel.received == 1


@pytest.mark.parametrize("fault", [None, "drop_after"])
async def test_what_could_not_be_written_is_not_sent_again_by_the_same_journal(
    fault: str | None, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = rich_panel()
    panel.faults.script(fault)
    settle = Store.settle

    async def fail(_store: Store, _settle: object) -> None:
        raise JournalError("the journal cannot be used: disk I/O error")

    monkeypatch.setattr(Store, "settle", fail)
    async with client_of(panel) as client, Journal(database, sleep=no_wait) as journal:
        assert await place(journal, client, "r") == "unknown"
        monkeypatch.setattr(Store, "settle", settle)
        state = await place(journal, client, "r")
        check(panel, await all_of(journal.entries()))
    assert state in {"placed", "unknown"}
    assert panel.received == 1


@pytest.mark.parametrize("later", ["rate_limit", "server_error"])
async def test_a_repeated_order_whose_first_request_may_have_been_carried_out(
    later: str, database: str
) -> None:
    """What a later attempt proves says nothing of an earlier one: neither refused nor free."""
    panel = rich_panel(idempotency_field=FIELD)
    panel.faults.retry_after = 0
    panel.faults.script("drop_after", later)
    policy = RetryPolicy(attempts=2, first_wait=0)
    async with Journal(database) as journal:
        async with client_of(panel, retry=policy, idempotency_field=FIELD) as client:
            assert await place(journal, client, "r") == "unknown"
        check(panel, await all_of(journal.entries()))
        async with client_of(panel) as client:
            await place(journal, client, "r")
        check(panel, await all_of(journal.entries()))


async def test_a_repeated_order_is_recognised_by_its_reference(database: str) -> None:
    panel = rich_panel(idempotency_field=FIELD)
    panel.faults.script("drop_after", "cut_reply", "server_error")
    async with client_of(panel, idempotency_field=FIELD) as client, Journal(database) as journal:
        assert await place(journal, client, "r") == "placed"
        check(panel, await all_of(journal.entries()))
    assert [request.form[FIELD] for request in panel.requests] == ["r"] * 4


@pytest.mark.parametrize("turns", range(8))
async def test_a_caller_who_leaves_while_a_repetition_is_claimed(
    turns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request may have been carried out: that the second one was not sent changes nothing."""
    panel = Stages(monkeypatch)
    panel.faults.script("drop_after", "drop_after")
    policy = RetryPolicy(attempts=3, first_wait=0)
    transport = httpx.ASGITransport(panel.asgi)
    async with (
        Journal(tmp_path / "j") as journal,
        client_of(panel, transport=transport, retry=policy, idempotency_field=FIELD) as client,
    ):
        caller = asyncio.create_task(place(journal, client, "r"))
        second = lambda: panel.at("claim", "r", turns, caller.cancel)  # noqa: E731 - at its second claim
        panel.at("flight", "r", 0, second)
        async with asyncio.timeout(20):
            await asyncio.gather(caller, return_exceptions=True)
            await until(lambda: not journal._running)  # noqa: SLF001 - all is recorded
    async with Journal(tmp_path / "j") as journal:
        entries = await all_of(journal.entries())
    assert {entry.state for entry in entries} <= {"placed", "unknown"}
    bought_references = {entry.fields["link"].rpartition("/")[2] for entry in panel.ledger}
    assert bought_references == {entry.reference for entry in entries}


async def test_a_session_that_was_taken_for_dead_and_dies(tmp_path: Path) -> None:
    """Its row is gone while it sends, and it dies then: that is noticed."""
    never = asyncio.Event()
    arrived = asyncio.Event()

    async def hang(_request: httpx.Request) -> httpx.Response:
        arrived.set()
        await never.wait()
        raise AssertionError

    path = tmp_path / "j"
    dying = Journal(path)
    stuck = AsyncClient("key", base_url="http://localhost/", transport=httpx.MockTransport(hang))
    await dying.get("nothing")
    silence(path)
    async with Journal(path):
        caller = asyncio.create_task(place(dying, stuck, "r"))
        await arrived.wait()
    silence(path)
    async with Journal(path) as journal:
        states = [entry.state for entry in await all_of(journal.entries())]
    caller.cancel()
    never.set()
    await stuck.aclose()
    await dying.aclose()
    await asyncio.gather(caller, return_exceptions=True)
    assert states == ["unknown"]


async def test_opening_is_cancelled(tmp_path: Path) -> None:
    """What was opened all the same is closed."""
    loop = asyncio.get_running_loop()
    journal = Journal(tmp_path / "j")
    task = asyncio.create_task(journal.get("r"))

    def connected(_connection: object, _record: object) -> None:
        loop.call_soon_threadsafe(task.cancel)

    event.listen(Engine, "connect", connected)
    try:
        async with asyncio.timeout(20):
            await asyncio.gather(task, return_exceptions=True)
            await journal.aclose()
    finally:
        event.remove(Engine, "connect", connected)
    assert task.cancelled()
    assert [file for file in files() if str(tmp_path) in file] == []


def files() -> list[str]:
    """The files that this process has open."""
    return [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nobody closed anything
@pytest.mark.parametrize("turns", range(0, 8, rounds(5, nightly=1)))
@pytest.mark.parametrize("stage", STAGES)
def test_the_event_loop_ends_in_the_middle(
    stage: str,
    turns: int,
    database: str,
    change: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel = Stages(monkeypatch)
    names = [f"r{number}" for number in range(20)]

    async def cut_short() -> None:
        over = asyncio.Event()
        journal, client = Journal(database, sleep=no_wait), client_of(panel)
        panel.at(stage, "r7", turns, over.set)
        callers = [asyncio.create_task(place(journal, client, name)) for name in names]
        assert callers
        await over.wait()

    async def look() -> None:
        async with Journal(database) as journal:
            check(panel, await all_of(journal.entries()))
            async with client_of(panel) as client, asyncio.timeout(20):
                states = {await place(journal, client, name) for name in names}
            check(panel, await all_of(journal.entries()))
            assert states <= {"placed", "unknown"}
            assert len(bought(panel)) >= 1

    with ThreadPoolExecutor(1) as thread:
        with buried_connections():
            thread.submit(lambda: asyncio.run(cut_short())).result(30)
        change(SILENCE)
        thread.submit(lambda: asyncio.run(look())).result(30)


@contextmanager
def buried_connections() -> Iterator[None]:
    """Let the complaints about what the block did not close come now, not in whichever test collects next."""
    gc.freeze()  # to look through all that was there before, each time, would be most of the test's cost
    try:
        yield
        for _ in range(3):  # the pool gives up its connection in one, which leaves the socket to the next
            gc.collect()
    finally:
        gc.unfreeze()
