"""The open journals of one database: who lives, who has died, and what the dead left under way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, select

from agencia_async._journal.entry import JournalState, written
from agencia_async._journal.process import has_died, this_process
from agencia_async._journal.schema import orders, sessions

LAPSE: Final = timedelta(seconds=60)
"""A session that has not been seen for so long, and of whose process nothing is known, counts as dead."""

_DIED: Final = "the process that sent it ended before an answer came"


class Session:
    """One open journal.

    Attributes:
        id: its name among the sessions.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.id = uuid4().hex
        self._now = now
        self._seen: datetime | None = None

    def sign(self, connection: Connection) -> None:
        """Show that it lives, unless it did so just now."""
        now = self._now()
        if self._seen is not None and timedelta() <= now - self._seen < LAPSE / 6:
            return
        mine = sessions.c.id == self.id
        if not connection.execute(sessions.update().where(mine).values(seen=written(now))).rowcount:
            row = {"id": self.id, "process": this_process(), "seen": written(now)}
            connection.execute(sessions.insert().values(row))
        self._seen = now

    def bury(self, connection: Connection) -> None:
        """Make unknown what dead sessions left under way."""
        horizon = written(self._now() - LAPSE)
        for row in connection.execute(select(sessions)).all():
            if row.id != self.id and (has_died(row.process) or row.seen < horizon):
                self._give_up(connection, row.id)

    def leave(self, connection: Connection) -> None:
        """End it. What has no outcome by now is unknown."""
        self._give_up(connection, self.id)

    def _give_up(self, connection: Connection, session: str) -> None:
        under_way = (orders.c.session == session) & (orders.c.state == JournalState.NEW)
        values = {
            "state": JournalState.UNKNOWN,
            "error": _DIED,
            "session": None,
            "updated": written(self._now()),
        }
        connection.execute(orders.update().where(under_way).values(values))
        connection.execute(sessions.delete().where(sessions.c.id == session))
