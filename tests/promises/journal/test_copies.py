"""Files that were copied, restored, moved or removed: refused until they are adopted."""

import asyncio
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from agencia_async import AsyncClient, ConfigurationError, JournalError
from agencia_async._journal import file_identity
from agencia_async.journal import Journal
from agencia_async.sandbox import serve
from tests.support.rounds import rounds

from .processes import PIPE, ROOT, start
from .scene import all_of, bought, check, client_of, order, place, rich_panel
from .test_kill import Deadly

MOVES = (2, 5, 9)[: rounds(1, nightly=3)]
"""How many orders are placed before the file is copied."""


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def refused(path: Path, client: AsyncClient, reason: str) -> None:
    """It is refused, again and again, and nothing is sent."""
    for _ in range(2):
        journal = Journal(path)
        with pytest.raises(ConfigurationError, match=reason):
            await journal.place(client, "r0", order("r0"))
        await journal.aclose()


async def adopted(path: Path, client: AsyncClient) -> set[str]:
    """What the adopted copy knows, which goes on as a journal of its own."""
    async with Journal(path, adopt=True) as journal:
        assert journal.memory_ends is not None
        known = {entry.reference for entry in await all_of(journal.entries("placed"))}
    async with Journal(path, adopt=True) as journal:
        assert journal.memory_ends is None
        for name in known:
            assert (await journal.place(client, name, order(name))).state == "placed"
    return known


@pytest.mark.parametrize("count", MOVES)
async def test_a_copy_of_the_file_alone_in_mid_run(count: int, tmp_path: Path) -> None:
    panel, path, copy = rich_panel(), tmp_path / "orders.db", tmp_path / "copy.db"
    async with client_of(panel) as client:
        async with Journal(path) as journal:
            for number in range(count):
                await place(journal, client, f"r{number}")
            shutil.copy2(path, copy)
            await refused(copy, client, "is a copy of a journal, or was restored")
            await place(journal, client, "later")
            assert panel.received == count + 1
        assert await adopted(copy, client) <= bought(panel).keys()
        assert panel.received == count + 1
        assert await all_of(Journal(path).entries()) != []


async def test_a_copy_with_its_log_knows_all(tmp_path: Path) -> None:
    panel, path, copy = rich_panel(), tmp_path / "orders.db", tmp_path / "copy.db"
    async with client_of(panel) as client:
        async with Journal(path) as journal:
            await place(journal, client, "r0")
            for end in ("", "-wal"):
                shutil.copy2(f"{path}{end}", f"{copy}{end}")
        await refused(copy, client, "is a copy")
        assert await adopted(copy, client) == {"r0"}


RESTORES: dict[str, Callable[[Path, Path], object]] = {
    "another file": lambda copy, path: copy.replace(path),
    "an inode that is used again": lambda copy, path: [path.unlink(), shutil.copy2(copy, path)],  # type: ignore[func-returns-value]
    "overwritten": lambda copy, path: path.write_bytes(copy.read_bytes()),
}


@pytest.mark.parametrize("how", RESTORES)
async def test_a_file_that_is_restored_in_its_place(how: str, tmp_path: Path) -> None:
    panel, path, copy = rich_panel(), tmp_path / "orders.db", tmp_path / "copy.db"
    async with client_of(panel) as client:
        async with Journal(path) as journal:
            await place(journal, client, "r0")
        shutil.copyfile(path, copy)
        async with Journal(path) as journal:
            await place(journal, client, "r1")
        RESTORES[how](copy, path)
        if how == "overwritten" and not file_identity.noted_claims(str(path)):
            pytest.skip("this file system has no extended attributes")
        await refused(path, client, "older copy" if how == "overwritten" else "was restored")
        assert await adopted(path, client) == {"r0"}
    assert len(panel.ledger) == 2


async def test_a_backup(tmp_path: Path) -> None:
    panel, path, copy = rich_panel(), tmp_path / "orders.db", tmp_path / "copy.db"
    async with client_of(panel) as client:
        async with Journal(path) as journal:
            await place(journal, client, "r0")
            await journal.backup(copy)
            with pytest.raises(ConfigurationError, match=r"copy\.db exists already"):
                await journal.backup(copy)
            with pytest.raises(JournalError, match=r"nowhere/copy\.db cannot be written"):
                await journal.backup(tmp_path / "nowhere" / "copy.db")
            await place(journal, client, "r1")
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert files(tmp_path) == ["copy.db", "orders.db"]
        await refused(copy, client, r"is a backup of \d{4}-")
        assert await adopted(copy, client) == {"r0"}
    assert len(panel.ledger) == 2


async def test_a_journal_in_memory_has_no_backup(tmp_path: Path) -> None:
    async with Journal(":memory:") as journal:
        with pytest.raises(ConfigurationError, match="in-memory"):
            await journal.backup(tmp_path / "copy.db")


async def test_a_backup_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Journal(tmp_path / "orders.db") as journal:
        monkeypatch.setattr("time.strftime", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await journal.backup(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


CHANGES: dict[str, Callable[[Path], object]] = {
    "moved": lambda path: path.rename(path.with_name("moved.db")),
    "removed": lambda path: path.unlink(),
    "replaced": lambda path: (shutil.copyfile(path, f"{path}2"), Path(f"{path}2").replace(path)),
}


@pytest.mark.parametrize("how", CHANGES)
async def test_a_file_that_goes_away_in_mid_run(how: str, tmp_path: Path) -> None:
    """Nothing more is sent; what is in flight is recorded."""
    panel, path = Deadly(), tmp_path / "orders.db"
    panel.left, panel.kill = 3, partial(CHANGES[how], path)
    async with client_of(panel) as client, Journal(path) as journal:
        states = [await place(journal, client, f"r{number}") for number in range(5)]
        with pytest.raises(JournalError, match="was moved, removed or replaced") as caught:
            await journal.place(client, "r9", order("r9"))
        assert caught.value.sent == "no"
        entries = await all_of(journal.entries())
        check(panel, entries)
        assert states == ["placed"] * 3 + ["nothing sent"] * 2
    assert len(panel.ledger) == 3


async def test_a_file_that_is_moved_while_nobody_uses_it(tmp_path: Path) -> None:
    panel, path, moved = rich_panel(), tmp_path / "orders.db", tmp_path / "moved.db"
    async with client_of(panel) as client:
        async with Journal(path) as journal:
            await place(journal, client, "r0")
        assert files(tmp_path) == ["orders.db"]
        path.rename(moved)
        async with Journal(moved) as journal:
            assert await place(journal, client, "r0") == "placed"
    assert len(panel.ledger) == 1


async def test_a_file_without_its_tables(tmp_path: Path) -> None:
    """As a copy of the file alone was, in the version before."""
    panel, path = rich_panel(), tmp_path / "orders.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert path.stat().st_size == 4096
    async with client_of(panel) as client:
        await refused(path, client, "is a database without tables")
        async with Journal(path, adopt=True) as journal:
            assert await place(journal, client, "r0") == "placed"
    assert len(panel.ledger) == 1


async def crash(panel: Deadly, path: Path, after: int, do: Callable[[], object]) -> None:
    """A process places orders, and is killed at once after something was done at a certain order."""
    done = asyncio.Event()

    def act() -> None:
        do()
        done.set()

    panel.left, panel.kill = after, act
    process = await start(panel.url, str(path), panel.received, 60)
    await done.wait()
    process.kill()
    await process.communicate()


async def test_copies_in_a_run_that_ends_in_a_crash(tmp_path: Path) -> None:
    """The original goes on by itself; a copy that was taken at any moment, or after the crash, is refused."""
    panel, path = Deadly(), tmp_path / "orders.db"
    copies = [tmp_path / f"copy{number}.db" for number in range(rounds(2, nightly=20))]
    async with asyncio.timeout(300), serve(panel):
        for number, copy in enumerate(copies):
            after = 1 + 7 * (number % 4)
            await crash(panel, path, after, partial(shutil.copyfile, path, copy))
        async with client_of(panel) as client:
            last = tmp_path / "last.db"
            shutil.copyfile(path, last)
            for copy in (*copies, last):
                await refused(copy, client, "is a copy")
            received = panel.received
            async with Journal(path) as journal:
                check(panel, await all_of(journal.entries()))
            for copy in copies:
                assert await adopted(copy, client) <= bought(panel).keys()
            assert panel.received == received


@pytest.mark.parametrize("with_log", [True, False])
async def test_a_file_that_is_moved_in_a_run_that_ends_in_a_crash(tmp_path: Path, *, with_log: bool) -> None:
    """Neither what was moved nor what is missing is taken for a journal: each lacks what was placed."""
    panel, path, moved = Deadly(), tmp_path / "orders.db", tmp_path / "moved.db"
    async with asyncio.timeout(60), serve(panel):
        await crash(panel, path, 15, partial(path.rename, moved))
        async with client_of(panel) as client:
            await refused(
                moved, client, r"overwritten with an older copy, or its log|was moved while it was in"
            )
            await refused(path, client, r"is missing, but its log .*orders\.db-wal is there")
            received = panel.received
            if with_log:
                shutil.move(f"{path}-wal", f"{moved}-wal")
                async with Journal(moved) as journal:
                    check(panel, await all_of(journal.entries()))
            else:
                assert await adopted(moved, client) <= bought(panel).keys()
            assert panel.received == received


async def test_a_file_that_is_moved_in_use_is_not_adopted_while_that_goes_on(tmp_path: Path) -> None:
    path, moved = tmp_path / "orders.db", tmp_path / "moved.db"
    command = f"""
import asyncio, pathlib, sys
from agencia_async.journal import Journal
async def main():
    async with Journal({str(path)!r}):
        pathlib.Path({str(path)!r}).rename({str(moved)!r})
        print("moved", flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"moved\n"
    journal = Journal(moved, adopt=True)
    with pytest.raises(ConfigurationError, match="under its former name"):
        await journal.get("r")
    await journal.aclose()
    await process.communicate(b"")
    assert process.returncode == 0
    async with Journal(moved) as journal:
        assert await journal.get("r") is None


async def test_a_damaged_copy_cannot_be_adopted(tmp_path: Path) -> None:
    path, copy = tmp_path / "orders.db", tmp_path / "copy.db"
    async with Journal(path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master "
            "WHERE name = 'sqlite_autoindex_agencia_sessions_1') WHERE name = 'agencia_orders_by_target'"
        )
    shutil.copyfile(path, copy)
    journal = Journal(copy, adopt=True)
    with pytest.raises(ConfigurationError, match=r"copy\.db is damaged, and cannot be adopted"):
        await journal.get("r")
    await journal.aclose()
