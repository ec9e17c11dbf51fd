"""A client's reservations in a shared store, and its local fallback while the store is unavailable.

    shared   --- Redis does not answer in time, or with an error ----> degraded
    degraded --- it answers a health check, made once a second ------> recovering
    recovering --- time enough for the others to recover as well ----> shared

While degraded, a client keeps to the limit divided by the number of clients last seen, counted from its last
send time. So it does while recovering: to the first clients that are back, all send times look free.

A client without a fallback sends nothing while the store is unavailable, and asks again until it answers.
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
"""Seconds that a call with a fallback waits for Redis."""
_CHECK_TIMEOUT = 2.0
"""Seconds of a health check, and of an attempt without a fallback: a new connection may take its time."""
_CHECK_INTERVAL = 1.0
"""Seconds between health checks of an unavailable Redis."""


class Reservation(NamedTuple):
    """The seconds until a reserved send time, and how many clients were seen recently."""

    wait: float
    clients: int


class ReservationStore(Protocol):
    """Where send times are reserved. Whatever it raises means that it is unavailable."""

    async def reserve(self, slots: int = 1) -> Reservation:
        """Reserve the next send time; with 0 slots only look at it."""
        ...

    async def leave(self) -> None:
        """Deregister this client, so that it is no longer counted."""
        ...

    async def aclose(self) -> None:
        """Close the connection."""
        ...


class SharedReservations(Reservations):
    """The reservations of one client.

    Args:
        store: where they are made.
        where: the store's address in log messages.
        interval: seconds between two send times, of all clients together.
        clock: in seconds.
    """

    def __init__(
        self,
        store: ReservationStore,
        where: str,
        interval: float,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._where = where
        self._interval = interval
        self._clock = clock
        self._last_slot: float = -math.inf
        self._checked: float = -math.inf
        self._recovering_until: float = -math.inf
        self._clients = 1
        self._degraded = False
        self._tasks = Tasks()
        self._checking = False

    async def reserve(self) -> float:
        """Make the next reservation; the seconds until it may be used."""
        reserved = None
        if self._degraded:
            self._check_if_due()
        else:
            reserved = await self._reserved()
        now, own = self._clock(), self._last_slot + self._interval * self._clients
        if reserved is None:
            self._last_slot = max(now, own)
        elif now < self._recovering_until:
            self._last_slot = max(now + reserved.wait, own)
        else:
            self._last_slot, self._clients = now + reserved.wait, reserved.clients
        return self._last_slot - now

    async def _reserved(self) -> Reservation | None:
        """A reservation in the store, if that is available."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._store.reserve()
        except Exception as error:  # noqa: BLE001 - whatever it is, calls go on
            self._degrade(error)
            return None

    def _degrade(self, error: Exception) -> None:
        if self._degraded:  # closed meanwhile
            return
        self._degraded, self._checked = True, self._clock()
        _log.warning(
            "Redis at %s is unavailable (%s): this client falls back to 1/%d of the rate limit",
            self._where,
            type(error).__name__,
            self._clients,
        )

    def _check_if_due(self) -> None:
        """Start a health check of the store, unless there was one recently."""
        if not self._checking and not self._tasks.closed and self._clock() >= self._checked + _CHECK_INTERVAL:
            self._checking = True
            self._tasks.start(self._check())

    async def _check(self) -> None:
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT):
                seen = await self._store.reserve(0)
        except Exception:  # noqa: BLE001 - it is still unavailable
            return
        finally:
            self._checking, self._checked = False, self._clock()
        self._degraded, self._clients = False, max(self._clients, seen.clients)
        others = _CHECK_INTERVAL + _CHECK_TIMEOUT + self._interval * self._clients
        self._recovering_until = self._clock() + others
        _log.info("Redis at %s is available again: the rate limit is shared", self._where)

    async def aclose(self) -> None:
        """Give the share back to the other clients, and close the connection."""
        is_counted, self._degraded = not self._degraded and self._last_slot > -math.inf, True
        await self._tasks.aclose()
        await _end(self._store, is_counted=is_counted)


class PatientReservations(Reservations):
    """The reservations of one client that sends nothing while the store is unavailable.

    Args:
        store: where they are made.
        where: the store's address in log messages.
    """

    def __init__(self, store: ReservationStore, where: str) -> None:
        self._store = store
        self._where = where
        self._is_counted = False
        self._is_lost = False
        self._is_closed = False
        self._attempt = asyncio.Lock()
        self._limit = asyncio.timeout(None)

    async def reserve(self) -> float | None:
        """Make the next reservation; None if the store does not answer in time, or with an error."""
        async with self._attempt:
            try:
                async with asyncio.timeout(_CHECK_TIMEOUT) as self._limit:
                    reserved = await self._store.reserve()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                self._lose(error)
                return None
        self._find()
        return reserved.wait

    def _lose(self, error: Exception) -> None:
        if not (self._is_lost or self._is_closed):
            self._is_lost = True
            reason = type(error).__name__
            _log.warning("Redis at %s is unavailable (%s): requests wait for it", self._where, reason)

    def _find(self) -> None:
        if self._is_lost:
            _log.info("Redis at %s is available again: the rate limit is shared", self._where)
        self._is_counted, self._is_lost = True, False

    async def aclose(self) -> None:
        """Give the share back to the other clients, and close the connection."""
        self._is_closed = True
        if self._attempt.locked():
            self._limit.reschedule(asyncio.get_running_loop().time())  # it ends now
        async with self._attempt:
            await _end(self._store, is_counted=self._is_counted and not self._is_lost)


async def _end(store: ReservationStore, *, is_counted: bool) -> None:
    """Deregister a client that is counted, and close the store."""
    if is_counted:
        await _in_time(store.leave())
    await _in_time(store.aclose())


async def _in_time(work: Awaitable[None]) -> None:
    """Do it, but neither wait for long nor fail."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await work
    except Exception:  # noqa: BLE001 - whatever it is, this is the end
        return
