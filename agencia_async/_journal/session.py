"""The open journals of one database: who lives, who has died, and what the dead left under way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, select

from agencia_async._journal.entry import JournalState, written
from agencia_async._journal.process import has_died, this_process
from agencia_async._journal.schema import orders, sessions

LAPSE: Final = timedelta(seconds=60)
"""A session that has not been seen for so long, and of whose process nothing is known, counts as dead."""

_DIED: Final = "what sent it ended before its outcome was recorded"


class Session:
    """One open journal.

    Attributes:
        id: its name among the sessions.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.id = uuid4().hex
        self._now = now

    def sign(self, connection: Connection) -> None:
        """Show that it lives, also to one that thought it dead."""
        seen = written(self._now())
        mine = sessions.c.id == self.id
        if not connection.execute(sessions.update().where(mine).values(seen=seen)).rowcount:
            row = {"id": self.id, "process": this_process(), "seen": seen}
            connection.execute(sessions.insert().values(row))

    def bury(self, connection: Connection) -> None:
        """Make unknown what dead sessions left under way."""
        horizon = written(self._now() - LAPSE)
        for row in connection.execute(select(sessions)).all():
            if row.id != self.id and (has_died(row.process) or row.seen < horizon):
                self._give_up(connection, row.id)

    def leave(self, connection: Connection) -> None:
        """End it. What has no outcome by now is unknown."""
        self._give_up(connection, self.id)

    def forget(self, connection: Connection, reference: str) -> None:
        """Make unknown what this session began and has lost sight of."""
        self._unknown(connection, (orders.c.session == self.id) & (orders.c.reference == reference))

    def _give_up(self, connection: Connection, session: str) -> None:
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
