"""A client's places on the board that it shares with others; its own share of them while the board is away.

    shared --- Redis does not answer in time, or with an error ---> alone
    alone  --- it answers a task that looks for it once a second --> wary
    wary   --- time enough for the others to find it, too --> shared

Alone, a client keeps to the limit divided by the clients that were seen at it last, counted from its last
place. So it does while it is wary: to those who are on the board first, all places look free.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from agencia_async._concurrency.tasks import Tasks
from agencia_async._limits.rate_limit import Reservations

_log = logging.getLogger("agencia_async")

_PATIENCE = 0.25
"""Seconds that a call waits for Redis."""
_LONG_PATIENCE = 2.0
"""Seconds that nobody waits: a new connection may take its time."""
_PAUSE = 1.0
"""Seconds from one look for a lost Redis to the next."""


class Reservation(NamedTuple):
    """A place: the seconds until it may be used, and how many clients were seen lately."""

    wait: float
    clients: int


class ReservationStore(Protocol):
    """Where places are reserved. Whatever it raises, it cannot be reached."""

    async def reserve(self, slots: int = 1) -> Reservation:
        """Take the next place, or none and only look."""
        ...

    async def leave(self) -> None:
        """Be counted no more."""
        ...

    async def aclose(self) -> None:
        """Close the connection."""
        ...


class SharedReservations(Reservations):
    """The places of one client.

    Args:
        board: where they are reserved.
        where: what to call it in the log.
        interval: seconds from one place to the next, of all clients together.
        clock: in seconds.
    """

    def __init__(
        self,
        board: ReservationStore,
        where: str,
        interval: float,
        clock: Callable[[], float],
    ) -> None:
        self._board = board
        self._where = where
        self._interval = interval
        self._clock = clock
        self._last_slot: float = -math.inf
        self._looked: float = -math.inf
        self._wary_until: float = -math.inf
        self._clients = 1
        self._alone = False
        self._tasks = Tasks()
        self._looking = False

    async def reserve(self) -> float:
        """Take the next place; the seconds until it may be used."""
        reserved = None
        if self._alone:
            self._seek()
        else:
            reserved = await self._reserved()
        now, own = self._clock(), self._last_slot + self._interval * self._clients
        if reserved is None:
            self._last_slot = max(now, own)
        elif now < self._wary_until:
            self._last_slot = max(now + reserved.wait, own)
        else:
            self._last_slot, self._clients = now + reserved.wait, reserved.clients
        return self._last_slot - now

    async def _reserved(self) -> Reservation | None:
        """A place on the board, if it can be reached."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._board.reserve()
        except Exception as error:  # noqa: BLE001 - whatever it is, calls go on
            self._lose(error)
            return None

    def _lose(self, error: Exception) -> None:
        if self._alone:  # closed meanwhile
            return
        self._alone, self._looked = True, self._clock()
        _log.warning(
            "no answer from Redis at %s (%s): until there is one, this client keeps to 1/%d of the limit",
            self._where,
            type(error).__name__,
            self._clients,
        )

    def _seek(self) -> None:
        """Let a task look for the board, if none has lately."""
        if not self._looking and not self._tasks.closed and self._clock() >= self._looked + _PAUSE:
            self._looking = True
            self._tasks.start(self._look())

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(_LONG_PATIENCE):
                seen = await self._board.reserve(0)
        except Exception:  # noqa: BLE001 - it is still away
            return
        finally:
            self._looking, self._looked = False, self._clock()
        self._alone, self._clients = False, max(self._clients, seen.clients)
        self._wary_until = self._clock() + _PAUSE + _LONG_PATIENCE + self._interval * self._clients
        _log.info("Redis at %s answers again: the limit is shared", self._where)

    async def aclose(self) -> None:
        """Let the others have the share, and close the connection."""
        is_counted, self._alone = not self._alone and self._last_slot > -math.inf, True
        await self._tasks.aclose()
        if is_counted:
            await self._in_time(self._board.leave())
        await self._in_time(self._board.aclose())

    async def _in_time(self, work: Awaitable[None]) -> None:
        """Do it, but do not wait for long, nor fail if it cannot be done."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await work
        except Exception:  # noqa: BLE001 - whatever it is, this is the end
            return
