"""A database that runs each piece of work in one transaction.

SQLite runs in a thread of its own, which executes whole transactions: an asynchronous driver would switch
threads for every step of one. Other databases are accessed through their asynchronous driver.
"""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from sqlite3 import SQLITE_BUSY, OperationalError
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from agencia_async._journal.schema import versions
from agencia_async.errors import ConfigurationError

T = TypeVar("T")

_BUSY_TIMEOUT: Final = 30.0  # seconds to wait for another process's transaction
_LONGEST_SWITCH: Final = 1.0  # seconds
_MOMENT: Final = 0.01  # seconds
_TRIES: Final = 20
_READS: Final = "agencia_reads"


class _Backend(Protocol):
    async def run(self, do: Callable[[Connection], T], *, reads: bool) -> T:
        """Do it in one transaction."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Database:
    """The database of a path or an SQLAlchemy URL.

    Raises:
        ConfigurationError: the kind of database is unknown, or its driver is not installed.
    """

    def __init__(self, database: str | os.PathLike[str]) -> None:
        text = os.fspath(database)
        reason = ""
        try:
            url = make_url(text) if "://" in text else URL.create("sqlite", database=text)
            self.name = url.set(query={}).render_as_string(hide_password=True) if "://" in text else text
            is_sqlite = url.get_backend_name() == "sqlite"
            self._backend: _Backend = _Sqlite(url) if is_sqlite else _Asynchronous(url)
        except (ArgumentError, ModuleNotFoundError, ValueError) as error:
            reason = _reason(error)
        if reason:
            raise ConfigurationError(f"not a valid database path or URL: {reason}")

    async def run(self, do: Callable[[Connection], T], *, reads: bool = False) -> T:
        """Do it in one transaction; retried after a conflict with another process.

        Raises:
            ConfigurationError: the database cannot be used.
        """
        failure: Exception | None = None
        for _ in range(_TRIES):
            try:
                return await self._backend.run(do, reads=reads)
            except Exception as error:  # noqa: BLE001 - each driver has its own
                failure = error
            if not isinstance(failure, IntegrityError | ProgrammingError):
                break  # else another process has created the row or table in the meantime: retry
        if isinstance(failure, ConfigurationError):
            raise failure
        raise ConfigurationError(f"the journal {self.name} cannot be used: {_reason(failure)}")

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
        self._backend = create_engine(url.set(drivername="sqlite"), **options)
        event.listen(self._backend, "connect", _durable)
        event.listen(self._backend, "begin", _begin)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="agencia-journal")

    async def run(self, do: Callable[[Connection], T], *, reads: bool) -> T:
        def work() -> T:
            engine = self._backend.execution_options(**{_READS: reads})
            with engine.begin() as connection:
                return do(connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def aclose(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._backend.dispose)
        self._thread.shutdown()


class _Asynchronous:
    """Any other database."""

    def __init__(self, url: URL) -> None:
        # A connection that died while idle is replaced before a transaction begins. Once it has begun nothing
        # is retried: it may have been committed although the confirmation was lost.
        self._backend = create_async_engine(url, pool_pre_ping=True)

    async def run(self, do: Callable[[Connection], T], *, reads: bool) -> T:  # noqa: ARG002 - no difference here
        async with self._backend.begin() as connection:
            return await connection.run_sync(do)

    async def aclose(self) -> None:
        await self._backend.dispose()


def _durable(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
    """Make commits durable when they return, and let readers block nobody."""
    connection.isolation_level = None  # transactions are begun below
    cursor = connection.cursor()
    cursor.execute("SELECT name FROM sqlite_master")
    tables = {name for (name,) in cursor.fetchall()}
    if not tables or versions.name in tables:  # the file of another program is not modified
        _write_ahead(cursor)
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


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first fails if another one writes before it."""
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _reason(error: Exception | None) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return " ".join(str(cause).split()) or type(cause).__name__
