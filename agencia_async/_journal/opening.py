"""Opening a database as a journal: created, brought up to date, refused or adopted.

no table ─── empty database ──────────────────► created
│        └── SQLite with pages or tables ─────► refused: another program's, or a copy without its log
newer version ────────────────────────────────► refused
version 1 to 3 migrated, takes its identity ──► opened
this version ─── same identity, complete ─────► opened
             └── a backup, a copy, restored, or without its log ─► refused until it is adopted

Only the database that a journal was written into has its memory. A copy of it does not know what was placed
later, and would buy that again; so it is used only once a person has adopted it. By that all its sessions
end, as they are those of programs that have the original open: what they were sending is unknown.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, Row, func, inspect, select

from agencia_async._journal.entry import clock
from agencia_async._journal.migration import migrate
from agencia_async._journal.process import has_died
from agencia_async._journal.schema import VERSION, balances, orders, sessions, tables, versions
from agencia_async._journal.session import Session
from agencia_async.errors import ConfigurationError


@frozen
class Found:
    """What is found of a database when it is opened.

    Attributes:
        identity: what tells it from any copy.
        path: the path of its file; empty if it has none.
        has_log: a log is beside it, or it needs none.
        claims: how many claims it has held, as far as that is known beside its content.
        size: the bytes of its file.
    """

    identity: str
    path: str = ""
    has_log: bool = True
    claims: int = 0
    size: int = 0


@frozen
class Opening:
    """Opens a database as a journal.

    Attributes:
        name: its name, for messages.
        look: finds what it is; its tables exist by then.
        session: the session that opens it.
        adopt: whether it is adopted if it is a copy.
    """

    name: str
    look: Callable[[Connection], Found]
    session: Session
    adopt: bool

    def prepare(self, connection: Connection) -> datetime | None:
        """Make it ready for use; when the memory of a copy that is adopted may end.

        Raises:
            ConfigurationError: it is another program's, of a later version, or a copy.
        """
        there: set[str] = set(inspect(connection).get_table_names())
        if versions.name not in there:
            self._create(connection, there)
            return None
        version: Any = connection.scalar(select(versions.c.version))
        if version > VERSION:
            raise ConfigurationError(
                f"{self.name} is a journal of version {version}; this release supports version {VERSION} and "
                "earlier ones"
            )
        if version < VERSION:
            migrate(connection, version)
        return self._identify(connection)

    def _create(self, connection: Connection, there: set[str]) -> None:
        if connection.dialect.name == "sqlite":
            if there:
                raise ConfigurationError(f"{self.name} is not a journal, but the database of another program")
            if self.look(connection).size and not self.adopt:
                raise ConfigurationError(
                    f"{self.name} is a database without tables: if it is a copy of a journal, the file with "
                    f"its log ({self.name}-wal) is missing"
                )
        tables.create_all(connection, checkfirst=False)  # fails if another process has created them by now
        connection.execute(versions.insert().values(version=VERSION))
        found = self.look(connection)
        connection.execute(versions.update().values(identity=found.identity, path=found.path))

    def _identify(self, connection: Connection) -> datetime | None:
        found = self.look(connection)
        row = connection.execute(select(versions).limit(1)).one()  # version 1 may have more
        fault = self._fault(connection, row, found)
        if not fault:
            if row.identity is None or row.path != found.path:
                connection.execute(versions.update().values(identity=found.identity, path=found.path))
            return None
        end = _memory_end(connection, row)
        if not self.adopt:
            told = f"after {clock(end)} may be missing in it" if end else "with the original are not in it"
            raise ConfigurationError(
                f"{self.name} {fault}. Orders placed {told}, and would be bought again. To use it "
                "nevertheless, adopt it once: Journal(..., adopt=True) or agencia journal adopt"
            )
        self._adopt(connection, row, found)
        return end or datetime.fromtimestamp(0, UTC)

    def _fault(self, connection: Connection, row: Row[Any], found: Found) -> str:
        """Why its memory may have gaps; empty if it has none."""
        if row.copied:
            return f"is a backup of {clock(datetime.fromisoformat(row.copied))}"
        if row.identity is not None and row.identity != found.identity:
            return "is a copy of a journal, or was restored"
        if row.claims < found.claims:
            return f"was overwritten with an older copy, or its log ({self.name}-wal) is missing"
        is_elsewhere = row.path is not None and row.path != found.path
        if is_elsewhere and not found.has_log and _is_in_use(connection):
            return f"was moved while it was in use, without its log ({row.path}-wal)"
        return ""

    def _adopt(self, connection: Connection, row: Row[Any], found: Found) -> None:
        """Make it the journal that it is a copy of.

        Raises:
            ConfigurationError: it is damaged, or a program uses this very file under another name.
        """
        if connection.dialect.name == "sqlite":
            state = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if state != "ok":
                raise ConfigurationError(f"{self.name} is damaged, and cannot be adopted: {state}")
        if row.identity == found.identity and row.path != found.path:
            processes = connection.scalars(select(sessions.c.process)).all()
            if any(process and not has_died(process) for process in processes):
                raise ConfigurationError(
                    f"{self.name} is in use by a program under its former name: stop that program first"
                )
        self.session.end_all(connection)
        claims = max(row.claims, found.claims)
        connection.execute(
            versions.update().values(identity=found.identity, path=found.path, copied=None, claims=claims)
        )


def _is_in_use(connection: Connection) -> bool:
    return bool(connection.scalar(select(func.count()).select_from(sessions)))


def _memory_end(connection: Connection, row: Row[Any]) -> datetime | None:
    """The last moment of which it knows anything; None if it knows nothing."""
    ends = [row.copied, *(connection.scalar(select(func.max(moment))) for moment in _MOMENTS)]
    known = [end for end in ends if end]
    return datetime.fromisoformat(max(known)) if known else None


_MOMENTS = (orders.c.updated, balances.c.taken)
