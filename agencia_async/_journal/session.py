"""The sessions (open journals) of one database: heartbeats, and the orphaned orders of dead ones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, select

from agencia_async._journal.entry import JournalState, written
from agencia_async._journal.process import has_died, this_process
from agencia_async._journal.schema import orders, sessions

EXPIRY: Final = timedelta(seconds=60)
"""A session without a heartbeat for so long counts as dead, even if its process cannot be checked."""

_DIED: Final = "the process that sent it ended before its outcome was recorded"


class Session:
    """One open journal.

    Attributes:
        id: its unique id.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.id = uuid4().hex
        self._now = now

    def heartbeat(self, connection: Connection) -> None:
        """Record that it is alive; register it again if another session declared it dead."""
        seen = written(self._now())
        mine = sessions.c.id == self.id
        if not connection.execute(sessions.update().where(mine).values(seen=seen)).rowcount:
            row = {"id": self.id, "process": this_process(), "seen": seen}
            connection.execute(sessions.insert().values(row))

    def expire_dead(self, connection: Connection) -> None:
        """Mark the orphaned orders of dead sessions as unknown."""
        horizon = written(self._now() - EXPIRY)
        for row in connection.execute(select(sessions)).all():
            if row.id != self.id and (has_died(row.process) or row.seen < horizon):
                self._end(connection, row.id)

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
