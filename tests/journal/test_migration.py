"""A journal that version 1 has written: its own statements, as that release made them."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agencia_async import ConfigurationError, OutcomeUnknownError
from agencia_async.journal import Journal
from tests.journal.scene import LINK, ORDER, OTHER, Panel, all_of

TABLES = """
CREATE TABLE agencia_journal (version INTEGER NOT NULL);
CREATE TABLE agencia_sessions (
    id VARCHAR(32) NOT NULL, process VARCHAR(200) NOT NULL, seen VARCHAR(40) NOT NULL, PRIMARY KEY (id)
);
CREATE TABLE agencia_orders (
    number INTEGER NOT NULL, reference VARCHAR(200) NOT NULL, state VARCHAR(8) NOT NULL,
    kind VARCHAR(200) NOT NULL, form TEXT NOT NULL, order_id TEXT, error TEXT, panel TEXT NOT NULL,
    by_hand BOOLEAN NOT NULL, session VARCHAR(32), token VARCHAR(32) NOT NULL, created VARCHAR(40) NOT NULL,
    updated VARCHAR(40) NOT NULL, PRIMARY KEY (number), UNIQUE (reference)
);
CREATE INDEX agencia_orders_by_state ON agencia_orders (state, number);
CREATE TABLE agencia_balances (
    number INTEGER NOT NULL, panel TEXT NOT NULL, taken VARCHAR(40) NOT NULL, balance TEXT NOT NULL,
    currency TEXT NOT NULL, PRIMARY KEY (number)
);
INSERT INTO agencia_journal VALUES (1);
INSERT INTO agencia_sessions VALUES ('dead', '', '2026-01-01T00:00:00.000000+00:00');
"""
ROW = (
    "INSERT INTO agencia_orders (reference, state, kind, form, order_id, error, panel, by_hand, session,"
    " token, created, updated) VALUES (?, ?, 'DefaultOrder', ?, ?, ?, 'https://panel.example/', 0, ?, ?,"
    " ?, ?)"
)
FORM = f'{{"service": "1", "link": "{LINK}", "quantity": "1000"}}'
MOMENT = "2026-01-01T00:00:00.000000+00:00"


def write(path: Path, *rows: tuple[str, str, str | None, str | None, str | None]) -> None:
    """A journal of version 1: reference, state, id, error and session of each order."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(TABLES)
        for number, (reference, state, order_id, error, session) in enumerate(rows):
            connection.execute(
                ROW, (reference, state, FORM, order_id, error, session, f"t{number}", MOMENT, MOMENT)
            )


async def test_a_journal_of_version_1_goes_on(path: Path) -> None:
    write(
        path,
        ("placed", "placed", "7", None, None),
        ("refused", "refused", None, "Not enough funds", None),
        ("not placed", "refused", None, "resolved manually as not placed", None),
        ("unknown", "unknown", None, "late", None),
        ("new", "new", None, None, None),
        ("cafe\u0301", "placed", "8", None, None),
    )
    panel = Panel()
    async with panel.client(idempotency_field="request_id") as client:
        for _ in range(2):
            async with Journal(path) as journal:
                assert [entry.state.value for entry in await all_of(journal)][:1] == ["placed"]
        async with Journal(path) as journal:
            assert (await journal.place(client, "placed", ORDER)).order_ids == (7,)
            assert (await journal.place(client, "caf\u00e9", ORDER)).order_id == 8
            with pytest.raises(OutcomeUnknownError):
                await journal.place(client, "unknown", ORDER)
            assert panel.forms == []
            corrected = await journal.place(client, "refused", OTHER)
            assert (corrected.refusals, corrected.history[0].order) == (1, ORDER)
            assert (await journal.place(client, "not placed", ORDER)).refusals == 0
            assert (await journal.place(client, "new", ORDER)).order_id == 3
    assert [form["request_id"] for form in panel.added] == ["refused#1", "not placed", "new"]


async def test_two_spellings_that_version_1_took_for_two_references_stay(path: Path) -> None:
    write(path, ("caf\u00e9", "placed", "7", None, None), ("cafe\u0301", "placed", "8", None, None))
    async with Journal(path) as journal:
        assert [entry.order_id for entry in await all_of(journal)] == [7, 8]
        entry = await journal.get("cafe\u0301")
        assert entry is not None
        assert entry.order_id == 7


async def test_what_a_dead_session_of_version_1_left_is_unknown_after_a_while(path: Path) -> None:
    """Nothing is known of its process, and its last heartbeat is that of another clock."""
    write(path, ("a", "new", None, None, "dead"))
    async with Journal(path) as journal:
        assert [entry.state.value for entry in await all_of(journal)] == ["new"]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE agencia_sessions SET beat = beat - 61")
    async with Journal(path) as journal:
        assert [entry.state.value for entry in await all_of(journal)] == ["unknown"]


async def test_a_number_of_version_1_that_comes_again_is_noticed(path: Path) -> None:
    write(path, ("a", "placed", "1", None, None))
    async with Panel().client() as client, Journal(path) as journal:
        entry = await journal.place(client, "b", ORDER)
    assert entry.warning == "'a' has the same id, 1: this panel's ids may be of no use"


async def test_a_copy_of_a_migrated_journal_is_refused(path: Path) -> None:
    write(path)
    async with Journal(path):
        copy = path.with_name("copy.db")
        shutil.copyfile(path, copy)
    with pytest.raises(ConfigurationError, match="is a copy of a journal"):
        await Journal(copy).__aenter__()


async def test_a_journal_of_version_2_goes_on(path: Path) -> None:
    panel = Panel()
    async with panel.client() as client, Journal(path) as journal:
        await journal.place(client, "a", ORDER)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE agencia_watched")
        connection.execute("UPDATE agencia_journal SET version = 2")
        connection.execute("UPDATE agencia_orders SET state = 'refused', error = 'no', refusals = 3")
    async with Journal(path) as journal:
        (entry,) = await all_of(journal)
        assert entry.refusals == 3
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version FROM agencia_journal").fetchone() == (4,)
        assert connection.execute("SELECT count(*) FROM agencia_watched").fetchone() == (0,)


async def test_a_journal_of_version_3_goes_on(path: Path) -> None:
    panel = Panel()
    async with panel.client() as client, Journal(path) as journal:
        await journal.place(client, "a", ORDER)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE agencia_orders DROP COLUMN verified")
        connection.execute("UPDATE agencia_journal SET version = 3")
    async with Journal(path) as journal:
        (entry,) = await all_of(journal)
        assert (entry.order_id, entry.was_verified) == (1, False)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version FROM agencia_journal").fetchone() == (4,)
