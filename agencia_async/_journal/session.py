"""The sessions (open journals) of one database: heartbeats, and the orphaned orders of dead ones.

A session is made when a journal is opened, in the process and event loop that own it from then on (`Owner`).

opened ── heartbeats while orders are in flight ── closed: its row is gone
│  └── its process has certainly ended (`has_died`) ──────► dead
│  └── no heartbeat for `EXPIRY`, whatever its process ───► dead
│  └── its row is gone, and it lives: its next heartbeat writes it again
dead: its orders in flight become unknown, whoever notices it first; a late outcome is recorded all the same

The heartbeats are times of the database's own clock, and nobody else's. PostgreSQL has the clock of its
server. With SQLite all processes are on one machine, and the clock is that by which the machine counts how
long it is up: nobody can set it. A heartbeat that is ahead of the clock (the machine was started again, the
clock of a server was set back) counts as one of just now.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Double, cast, func, literal, select

from agencia_async._journal.entry import JournalState, written
from agencia_async._journal.process import has_died, this_process
from agencia_async._journal.schema import orders, sessions

EXPIRY: Final = 60.0
"""Seconds; a session without a heartbeat for so long counts as dead, even if its process cannot be
checked."""
OFTEN: Final = 5.0
"""Seconds; a heartbeat so long ago is recent enough for one more claim."""

_DIED: Final = "the process that sent it ended before its outcome was recorded"


def moment(connection: Connection) -> ColumnElement[Any]:
    """The time now by the database's own clock, in seconds."""
    if connection.dialect.name == "sqlite":
        return literal(time.monotonic(), Double)
    return cast(func.extract("epoch", func.clock_timestamp()), Double)


class Session:
    """One open journal.

    Attributes:
        id: its unique id.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.id = uuid4().hex
        self._now = now
        self._last = float("-inf")

    def heartbeat(self, connection: Connection) -> None:
        """Record that it is alive; register it again if another session declared it dead."""
        values = {"seen": written(self._now()), "beat": moment(connection)}
        mine = sessions.c.id == self.id
        if not connection.execute(sessions.update().where(mine).values(values)).rowcount:
            row = {"id": self.id, "process": this_process(), **values}
            connection.execute(sessions.insert().values(row))

    @property
    def is_due(self) -> bool:
        """Whether its last heartbeat is too long ago for one more claim."""
        return time.monotonic() - self._last >= OFTEN

    def beaten(self) -> None:
        """Note that a heartbeat was committed."""
        self._last = time.monotonic()

    def expire_dead(self, connection: Connection) -> None:
        """Mark the orphaned orders of dead sessions as unknown."""
        now = moment(connection)
        ahead = sessions.c.beat.is_(None) | (sessions.c.beat > now)
        connection.execute(sessions.update().where(ahead).values(beat=now))
        for row in connection.execute(select(sessions, (now - sessions.c.beat).label("age"))).all():
            if row.id != self.id and (row.age > EXPIRY or has_died(row.process)):
                self._end(connection, row.id)
        known = select(sessions.c.id)
        self._unknown(connection, orders.c.session.is_not(None) & orders.c.session.not_in(known))

    def end_all(self, connection: Connection) -> None:
        """End all sessions: those of the programs that have the original of a copy open."""
        connection.execute(sessions.delete())
        self._unknown(connection, orders.c.session.is_not(None))

    def leave(self, connection: Connection) -> None:
        """End this session. Orders without an outcome become unknown."""
        self._end(connection, self.id)

    def forget(self, connection: Connection, reference: str) -> None:
        """Mark an order of this session, whose outcome was lost, as unknown."""
        self._unknown(connection, (orders.c.session == self.id) & (orders.c.reference == reference))

    def _end(self, connection: Connection, session: str) -> None:
        self._unknown(connection, orders.c.session == session)
        connection.execute(sessions.delete().where(sessions.c.id == session))

    def _unknown(self, connection: Connection, which: ColumnElement[bool]) -> None:
        values = {
            "state": JournalState.UNKNOWN,
            "error": _DIED,
            "session": None,
            "updated": written(self._now()),
        }
        connection.execute(orders.update().where(which, orders.c.state == JournalState.NEW).values(values))
