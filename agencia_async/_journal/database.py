"""A database that runs each piece of work in one transaction.

SQLite runs in a thread of its own, which executes whole transactions: an asynchronous driver would switch
threads for every step of one. PostgreSQL is accessed through its asynchronous driver.

An SQLite file is complete in itself while nobody has it open. Then it has a rollback journal; whoever opens
it switches it to write-ahead logging, whose commits need a single sync to the disk, and whoever closes it
last switches it back. So that the file alone shows that it is in use, its tables are written before the first
switch, and the session of whoever opens it is copied from the log into the file (`mark`) before anything is
claimed.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_NOTADB, OperationalError
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from agencia_async._journal.backup import copy_sqlite
from agencia_async._journal.file_identity import Place, identity_of, note_claims, noted_claims, place_of
from agencia_async._journal.location import Location
from agencia_async._journal.opening import Found
from agencia_async._journal.schema import orders, versions
from agencia_async.errors import AgenciaError, ConfigurationError, JournalError

T = TypeVar("T")

_BUSY_TIMEOUT: Final = 30.0  # seconds to wait for another process's transaction
_LONGEST_SWITCH: Final = 1.0  # seconds
_MOMENT: Final = 0.01  # seconds
_TRIES: Final = 20
_READS: Final = "agencia_reads"
_MISTAKES: Final = {SQLITE_CANTOPEN, SQLITE_NOTADB}
"""The path is wrong: no database can be opened there, or the file is none."""
_COUNT: Final = versions.update().values(claims=versions.c.claims + 1)
_COUNTED: Final = select(versions.c.claims)
_OF_THE_DATA: Final = ("22", "54")
"""The classes of SQLSTATE for a value that cannot be stored."""
_ITEM_ERRORS: Final = (DataError, IntegrityError, ProgrammingError, ValueError, TypeError, LookupError)


class ItemError(JournalError):
    """The database can be used, but not with one of these values."""


class _Backend(Protocol):
    async def run(self, do: Callable[[Connection], T], *, reads: bool, claims: bool) -> T:
        """Do it in one transaction, which contains claims or not."""
        ...

    def look(self, connection: Connection) -> Found:
        """Find what the database is, when it is opened."""
        ...

    def is_elsewhere(self) -> bool:
        """Whether the file that was opened is no longer at its path."""
        ...

    def has_stray_log(self) -> bool:
        """Whether there is a log and no file that it belongs to, which SQLite would throw away."""
        ...

    async def speed_up(self) -> None:
        """Make commits cheap, before the first session is written."""
        ...

    async def mark(self) -> None:
        """See to it that a copy of the file alone shows that it is in use."""
        ...

    async def backup(self, target: Path) -> None:
        """Copy the whole database into a new file."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Database:
    """The database at a location; `fault` tells why there can be none."""

    def __init__(self, location: Location) -> None:
        self.name = location.name
        self.fault = ""
        try:
            self._backend: _Backend = (
                _Sqlite(location.url) if location.is_sqlite else _Asynchronous(location.url)
            )
        except ImportError as error:
            self.fault = f"not a valid database path or URL: {_reason(error)}"

    async def run(self, do: Callable[[Connection], T], *, reads: bool = False, claims: bool = False) -> T:
        """Do it in one transaction; retried after a conflict with another process.

        Raises:
            ConfigurationError: it is no database, or not for a journal.
            ItemError: one of the values cannot be written.
            JournalError: the database cannot be used.
        """
        failure: Exception | None = None
        for _ in range(_TRIES):
            try:
                return await self._backend.run(do, reads=reads, claims=claims)
            except Exception as error:  # noqa: BLE001 - each driver has its own
                failure = error
            if not isinstance(failure, IntegrityError | ProgrammingError):
                break  # else another process has created the row or table in the meantime: retry
        if isinstance(failure, AgenciaError):
            raise failure
        kind = _kind(failure)
        raise kind(f"the journal {self.name} cannot be used: {_reason(failure)}")

    def look(self, connection: Connection) -> Found:
        """Find what the database is, when it is opened."""
        return self._backend.look(connection)

    def is_elsewhere(self) -> bool:
        """Whether the file that was opened is no longer at its path."""
        return self._backend.is_elsewhere()

    def has_stray_log(self) -> bool:
        """Whether there is a log and no file that it belongs to, which SQLite would throw away."""
        return self._backend.has_stray_log()

    async def speed_up(self) -> None:
        """Make commits cheap, before the first session is written."""
        await self._backend.speed_up()

    async def mark(self) -> None:
        """See to it that a copy of the file alone shows that it is in use."""
        await self._backend.mark()

    async def backup(self, target: Path) -> None:
        """Copy the whole database into a new file.

        Raises:
            ConfigurationError: the file exists already, or it is no SQLite database.
            JournalError: it cannot be read or written.
        """
        failure: Exception
        try:
            await self._backend.backup(target)
        except FileExistsError:
            failure = ConfigurationError(f"{target} exists already")
        except (OSError, sqlite3.Error) as error:
            failure = JournalError(f"the backup {target} cannot be written: {_reason(error)}")
        else:
            return
        raise failure

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()


class _Sqlite:
    """SQLite, in one thread."""

    def __init__(self, url: URL) -> None:
        options: dict[str, Any] = {
            "connect_args": {} if "timeout" in url.query else {"timeout": _BUSY_TIMEOUT}
        }
        if url.database in {None, "", ":memory:"}:
            options["poolclass"] = StaticPool  # each connection would have its own in-memory database
            options["connect_args"]["check_same_thread"] = False
        self._backend = create_engine(url, **options)
        event.listen(self._backend, "connect", _durable)
        event.listen(self._backend, "begin", _begin)
        self._reader = self._backend.execution_options(**{_READS: True})
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="agencia-journal")
        self._path = ""
        self._place: Place | None = None

    async def run(self, do: Callable[[Connection], T], *, reads: bool, claims: bool) -> T:
        def work() -> T:
            noted = 0
            with (self._reader if reads else self._backend).begin() as connection:
                result = do(connection)
                if claims and self._path:
                    connection.execute(_COUNT)
                    noted = connection.scalar(_COUNTED) or 0
            if noted:
                note_claims(self._path, noted)
            return result

        return await self._in_thread(work)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def look(self, connection: Connection) -> Found:
        (_, _, path), *_ = connection.exec_driver_sql("PRAGMA database_list").all()
        named = self._backend.url.database or ""
        if not path:  # in memory
            return Found("")
        self._path = path if named.startswith("file:") else named  # SQLite's has followed symbolic links
        self._place = place_of(self._path)
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        has_log = mode != "wal" or _size(f"{path}-wal") > 0
        return Found(identity_of(self._path), path, has_log, noted_claims(self._path), _size(self._path))

    def is_elsewhere(self) -> bool:
        return bool(self._path) and place_of(self._path) != self._place

    def has_stray_log(self) -> bool:
        path = self._backend.url.database or ""
        return bool(path) and _size(path) == 0 and _size(f"{path}-wal") > 0

    async def speed_up(self) -> None:
        with suppress(OperationalError):  # somebody reads it all the time: it is only slower
            await self._with_cursor(_write_ahead)

    async def mark(self) -> None:
        await self._with_cursor(lambda cursor: cursor.execute("PRAGMA wal_checkpoint(FULL)"))

    async def _with_cursor(self, do: Callable[[Any], object]) -> None:
        """Do what needs no transaction."""

        def work() -> None:
            with closing(self._backend.raw_connection()) as connection:
                do(connection.cursor())

        if self._path:
            await self._in_thread(work)

    async def backup(self, target: Path) -> None:
        if not self._path:
            raise ConfigurationError("an in-memory journal has no backup")
        await asyncio.to_thread(copy_sqlite, self._path, target)

    async def aclose(self) -> None:
        with suppress(sqlite3.Error):  # somebody else has it open
            await self._with_cursor(_roll_back)
        await self._in_thread(self._backend.dispose)
        self._thread.shutdown()


class _Asynchronous:
    """PostgreSQL."""

    def __init__(self, url: URL) -> None:
        # A connection that died while idle is replaced before a transaction begins. Once it has begun nothing
        # is retried: it may have been committed although the confirmation was lost.
        self._backend = create_async_engine(url, pool_pre_ping=True)

    async def run(self, do: Callable[[Connection], T], *, reads: bool, claims: bool) -> T:  # noqa: ARG002 - no difference here
        async with self._backend.begin() as connection:
            return await connection.run_sync(do)

    def look(self, connection: Connection) -> Found:
        return Found(_identity(connection))  # pragma: no cover - in a greenlet, unseen by coverage

    def is_elsewhere(self) -> bool:
        return False

    def has_stray_log(self) -> bool:
        return False

    async def speed_up(self) -> None:
        pass

    async def mark(self) -> None:
        pass

    async def backup(self, target: Path) -> None:  # noqa: ARG002 - of the protocol
        raise ConfigurationError("only a journal on SQLite has backups of its own: use pg_dump")

    async def aclose(self) -> None:
        await self._backend.dispose()


def _identity(connection: Connection) -> str:  # pragma: no cover - in a greenlet, see above
    """That of a PostgreSQL database: a dump that is restored has another server, database or table."""
    system: object = ""
    with suppress(DBAPIError), connection.begin_nested():  # not everybody may read it
        system = connection.scalar(text("SELECT system_identifier FROM pg_control_system()"))
    tables = text(
        f"SELECT oid::text || ':' || '{orders.name}'::regclass::oid FROM pg_database"  # noqa: S608 - a constant
        " WHERE datname = current_database()"
    )
    return f"{system}:{connection.scalar(tables)}"


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - as in file_identity
    except OSError:
        return 0


def _durable(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
    """Make commits durable when they return."""
    connection.isolation_level = None  # transactions are begun below
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _write_ahead(cursor: Any) -> None:  # noqa: ANN401 - the driver's own
    """Enable write-ahead logging, with retries: SQLite's busy timeout does not apply here."""
    until = time.monotonic() + _LONGEST_SWITCH
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            if error.sqlite_errorcode != SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_MOMENT)
        else:
            return


def _roll_back(cursor: Any) -> None:  # noqa: ANN401 - the driver's own
    """Disable write-ahead logging, so that the file is complete in itself, unless somebody else uses it."""
    cursor.execute("PRAGMA busy_timeout = 0")
    cursor.execute("PRAGMA journal_mode = DELETE")


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first fails if another one writes before it."""
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _kind(error: Exception | None) -> type[AgenciaError]:
    """Whose fault it is: the program's, that of one value, or the database's."""
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _MISTAKES:
        return ConfigurationError
    state = str(getattr(cause, "sqlstate", None) or "")
    is_one_value = isinstance(error, _ITEM_ERRORS) or state[:2] in _OF_THE_DATA
    return ItemError if is_one_value else JournalError


def _reason(error: Exception | None) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return " ".join(str(cause).split()) or type(cause).__name__
