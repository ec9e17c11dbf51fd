"""Asks for the ids that are due, in batches, a few at once.

*waiting* until an id is due, or one is added ─► *asking* ─► the outcomes are taken, waiting
asking ── nothing was answered, or only that the panel is not there ─► *away*: the ids stay due, and one batch
          is sent each time that a pause is over, which doubles up to a minute; an answer ends it
asking ── the account is rejected ─► the error ends it; in the row of an id beside others it is about that id

While a panel is away for a short time, the circuit breaker of the client holds the batches back, and nothing
of this happens. The tasks are those of one worker pool, however many ids there are.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Generic, TypeVar

from attrs import frozen

from agencia_async._concurrency.tasks import Tasks
from agencia_async._concurrency.workers import WorkerPool
from agencia_async._watch.register import Register
from agencia_async._watch.watched import S, Watched
from agencia_async.errors import AgenciaError, ConfigurationError

T = TypeVar("T")

_LONGEST_PAUSE = 60.0
"""Seconds."""

_log = logging.getLogger("agencia_async")

Outcomes = Mapping[str, T | AgenciaError]


@frozen
class Asking(Generic[T]):
    """How the ids of one client are asked for.

    Attributes:
        fetch: the outcomes of one batch; raises the error of a whole one.
        size: how many ids the next batch may have.
        workers: how many batches may be in flight at once.
        window: seconds for which an id that is added waits for others.
        accepted: set once the panel has accepted the account.
        tasks: the tasks of the client.
        clock: the clock of the event loop, in seconds.
        enter: raises if the client is closed.
    """

    fetch: Callable[[Sequence[str]], Awaitable[Outcomes[T]]]
    size: Callable[[], int]
    workers: int
    window: float
    accepted: asyncio.Event
    tasks: Tasks
    clock: Callable[[], float]
    enter: Callable[[], None]


class Poller(Generic[S]):
    """The polling of one watcher.

    Args:
        asking: how it asks.
        register: what it asks for.
        pause: seconds of the first pause while the panel is away.
        told: is given what has changed, after each batch.
        follow: whether it goes on when all ids have ended.

    Attributes:
        requests: how many batches were asked for.
        error: why nothing is answered; None if it is.
    """

    def __init__(
        self,
        asking: Asking[S],
        register: Register[S],
        pause: float,
        told: Callable[[Sequence[Watched[S]]], Awaitable[None]],
        *,
        follow: bool,
    ) -> None:
        self._asking = asking
        self._register = register
        self._told = told
        self._follow = follow
        self._first_pause = self._pause = pause
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._away_since = math.inf
        self._resumes_at = -math.inf
        self.requests = 0
        self.error: AgenciaError | None = None

    @property
    def away(self) -> float | None:
        """For how many seconds nothing has been answered; None if the panel answers."""
        return None if self.error is None else self._asking.clock() - self._away_since

    @property
    def next_look(self) -> float | None:
        """Seconds until the next id is asked for; None if there is none."""
        at = self._next_at()
        return None if at == math.inf else max(0.0, at - self._asking.clock())

    def wake(self) -> None:
        """Something was added or discarded."""
        self._wake.set()

    async def run(self) -> None:
        """Ask until all ids have ended; then as well, with `follow`.

        Raises:
            AuthenticationError: the account was rejected.
            Exception: whatever `told` raised.
        """
        while self._goes_on():
            asking = self._asking
            pool: WorkerPool[list[str], tuple[float, Outcomes[S]]] = WorkerPool(
                self._batches(),
                self._ask,
                workers=asking.workers,
                may_start=asking.accepted,
                tasks=asking.tasks,
            )
            async with aclosing(pool.results()) as results:
                async for requested, outcomes in results:
                    await self._take(requested, outcomes)

    def _goes_on(self) -> bool:
        return self._follow or self._register.open > 0

    async def _batches(self) -> AsyncGenerator[list[str], None]:
        while self._goes_on() or self._in_flight:  # more may be added while a request is in flight
            self._wake.clear()
            at, now = self._next_at(), self._asking.clock()
            if at <= now:
                self._in_flight += 1
                yield self._register.schedule.take(now, self._asking.size())
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(None if at == math.inf else at):
                        await self._wake.wait()

    def _next_at(self) -> float:
        """When the next batch may be sent; while the panel is away, none beside another."""
        if self.error is not None and self._in_flight:
            return math.inf
        return max(self._register.schedule.next_at(), self._resumes_at)

    async def _ask(self, keys: list[str]) -> tuple[float, Outcomes[S]]:
        self.requests += 1
        requested = self._asking.clock()
        try:
            return requested, await self._asking.fetch(keys)
        except ConfigurationError:
            raise
        except AgenciaError as error:
            outcomes = dict.fromkeys(keys, error)
            if self._register.rejection(outcomes) is not None:
                raise  # at once: no other batch is sent
            return requested, outcomes
        finally:
            self._in_flight -= 1

    async def _take(self, requested: float, outcomes: Outcomes[S]) -> None:
        now = self._asking.clock()
        rejection = self._register.rejection(outcomes)
        if rejection is not None:
            raise rejection
        watched = {key: outcome for key, outcome in outcomes.items() if key in self._register}
        if not self._register.is_of_the_panel(outcomes):
            self._answered(now)
            await self._told(self._register.answered(watched, now, requested))
        elif watched:  # else all were discarded meanwhile
            errors = [outcome for outcome in watched.values() if isinstance(outcome, AgenciaError)]
            self._unanswered(errors[0], now)
            self._register.again(watched, now)
        self._wake.set()

    def _unanswered(self, error: AgenciaError, now: float) -> None:
        if self.error is None:
            count = self._register.open
            ids = "1 id" if count == 1 else f"{count} ids"
            _log.warning("watching %s, and nothing is answered (%s): polling goes on", ids, error)
            self._away_since, self._pause = now, self._first_pause
        elif now < self._resumes_at:
            self.error = error
            return  # it was sent before
        self.error = error
        self._resumes_at = now + self._pause
        self._pause = min(2 * self._pause, max(_LONGEST_PAUSE, self._first_pause))

    def _answered(self, now: float) -> None:
        if self.error is not None:
            _log.info("watching goes on: the panel answers again, after %.0f s", now - self._away_since)
            self.error = None
            self._resumes_at = -math.inf
