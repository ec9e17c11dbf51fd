"""Files that were copied, restored, moved or removed: refused until they are adopted, and nothing is bought twice."""

import asyncio
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agencia_async import AsyncClient, ConfigurationError, JournalError
from agencia_async._journal import file_identity
from agencia_async.journal import Journal
from agencia_async.sandbox import serve

from .processes import start
from .scene import all_of, bought, check, client_of, order, place, rich_panel
from .test_kill import Deadly

MOVES = (2, 5, 9)
"""How many orders are placed before the file is copied."""


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
    "another file": lambda copy, path: os.replace(copy, path),
    "an inode that is used again": lambda copy, path: (path.unlink(), shutil.copy2(copy, path)),
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
        assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "orders.db"]
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
    "replaced": lambda path: (shutil.copyfile(path, f"{path}2"), os.replace(f"{path}2", path)),
}


@pytest.mark.parametrize("how", CHANGES)
async def test_a_file_that_goes_away_in_mid_run(how: str, tmp_path: Path) -> None:
    """Nothing more is sent; what is in flight is recorded."""
    panel, path = Deadly(), tmp_path / "orders.db"
    panel.left, panel.kill = 3, lambda: CHANGES[how](path)
    async with client_of(panel) as client, Journal(path) as journal:
        states = [await place(journal, client, f"r{number}") for number in range(5)]
        with pytest.raises(JournalError, match="was moved, removed or replaced") as caught:
            await journal.place(client, "r9", order("r9"))
        assert caught.value.sent == "no"
        entries = await all_of(journal.entries())
        check(panel, entries)
        assert states == ["placed"] * 3 + ["nothing sent"] * 2
        if how == "moved":
            await refused(
                tmp_path / "moved.db", client, "was moved while it was in use, without its log|older copy"
            )
            with pytest.raises(ConfigurationError, match="is in use under its former name"):
                await Journal(tmp_path / "moved.db", adopt=True).__aenter__()
    assert len(panel.ledger) == 3


async def test_a_file_that_is_moved_while_nobody_uses_it(tmp_path: Path) -> None:
    panel, path, moved = rich_panel(), tmp_path / "orders.db", tmp_path / "moved.db"
    async with client_of(panel) as client:
        async with Journal(path) as journal:
            await place(journal, client, "r0")
        assert [file.name for file in tmp_path.iterdir()] == ["orders.db"]
        path.rename(moved)
        async with Journal(moved) as journal:
            assert await place(journal, client, "r0") == "placed"
    assert len(panel.ledger) == 1


async def test_a_file_without_its_tables(tmp_path: Path) -> None:
    """As a copy of the file alone was, in the version before."""
    panel, path = rich_panel(), tmp_path / "orders.db"
    async with Journal(path):
        pass
    path.write_bytes(path.read_bytes()[:100].ljust(4096, b"\0"))
    panel_client = client_of(panel)
    async with panel_client as client:
        for _ in range(2):
            with pytest.raises((ConfigurationError, JournalError)):
                await Journal(path).place(client, "r", order("r"))
    assert panel.received == 0


async def test_copies_after_a_crash(tmp_path: Path) -> None:
    """The original goes on by itself; a copy that was taken at any moment, or after the crash, is refused."""
    panel, path = Deadly(), tmp_path / "orders.db"
    copies = [tmp_path / f"copy{number}.db" for number in range(3)]
    async with asyncio.timeout(60), serve(panel):
        for copy, after in zip(copies, (1, 20, 40), strict=True):
            panel.left, panel.kill = after, lambda copy=copy: shutil.copyfile(path, copy)  # type: ignore[misc]
            process = await start(panel.url, str(path), 1, 100)
            await asyncio.to_thread(lambda: None)
            while panel.left > 0:
                await asyncio.sleep(0.01)
            process.kill()
            await process.communicate()
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


async def test_a_damaged_copy_cannot_be_adopted(tmp_path: Path) -> None:
    panel, path, copy = rich_panel(), tmp_path / "orders.db", tmp_path / "copy.db"
    async with client_of(panel) as client, Journal(path) as journal:
        for number in range(30):
            await place(journal, client, f"r{number}")
    content = bytearray(path.read_bytes())
    content[-4096 * 3 : -4096 * 2] = b"\xff" * 4096
    copy.write_bytes(content)
    with pytest.raises((ConfigurationError, JournalError), match="damaged|malformed"):
        await Journal(copy, adopt=True).__aenter__()
