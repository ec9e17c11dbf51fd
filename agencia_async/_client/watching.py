"""The part of the client that watches orders and refills to their end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from agencia_async._bulk.batches import Batches
from agencia_async._bulk.chunks import Ids, read_all
from agencia_async._calls.channel import now
from agencia_async._checks import check_policy, check_seconds
from agencia_async._models.ids import id_text
from agencia_async._protocol import actions
from agencia_async._protocol.actions import Action
from agencia_async._protocol.outcomes import Outcomes
from agencia_async.errors import AgenciaError, ConfigurationError, of_id
from agencia_async.models import Change, Id, OrderStatus, RefillStatus

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from agencia_async._watch.polling import Asking
    from agencia_async._watch.register import Rules
    from agencia_async._watch.waiting import Waits
    from agencia_async._watch.watcher import Record, Watcher

S = TypeVar("S", OrderStatus, RefillStatus)

LEAST, MOST, UNKNOWN_FOR = 5.0, 3600.0, 600.0
"""Seconds."""

Snapshot = Mapping[str, Any]


class Watching:
    """What watches through one client: the watchers, and those who wait for single ids."""

    def __init__(self, batches: Batches, window: float) -> None:
        self._batches = batches
        self._window = window
        self._waits: dict[tuple[str, float], Waits[Any]] = {}

    def _asking(self, action: Action[S]) -> "Asking[S]":
        from agencia_async._watch.polling import Asking  # noqa: PLC0415 - loaded by those who watch

        batches, channel = self._batches, self._batches.sender.channel

        async def fetch(wire_ids: Sequence[str]) -> Outcomes[S]:
            return await batches.send(action, wire_ids, urgent=False)

        return Asking(
            fetch=fetch,
            size=partial(batches.next_size, action),
            workers=batches.workers,
            window=self._window,
            accepted=channel.accepted,
            tasks=batches.tasks,
            clock=now,
            enter=channel.enter,
        )

    def watcher(  # noqa: PLR0913 - as `AsyncClient.watcher`
        self,
        action: Action[Any],
        *,
        min_interval: float,
        max_interval: float,
        unknown_for: float,
        known: Snapshot | None,
        follow: bool,
        record: "Record | None" = None,
    ) -> "Watcher[Any]":
        """A watcher of the ids of one action."""
        from agencia_async._watch.snapshot import ORDERS, REFILLS, Kind  # noqa: PLC0415
        from agencia_async._watch.watcher import Watcher, WatchTerms  # noqa: PLC0415

        check_policy("follow", follow, bool)
        rules = watch_rules(min_interval, max_interval, unknown_for)
        kind: Kind[Any] = REFILLS if action is actions.REFILL_STATUS else ORDERS
        return Watcher(WatchTerms(self._asking(action), kind, rules, known, follow=follow, record=record))

    def recorded(
        self,
        record: "Record",
        *,
        follow: bool,
        min_interval: float | None,
        max_interval: float | None,
        unknown_for: float | None,
    ) -> "Watcher[OrderStatus]":
        """A watcher of orders whose changes are recorded before they are told; None for the defaults."""
        return self.watcher(
            actions.STATUS,
            min_interval=LEAST if min_interval is None else min_interval,
            max_interval=MOST if max_interval is None else max_interval,
            unknown_for=UNKNOWN_FOR if unknown_for is None else unknown_for,
            known=None,
            follow=follow,
            record=record,
        )

    async def wait(self, action: Action[S], given: Id, timeout: float | None, unknown_for: float) -> S:  # noqa: ASYNC109
        """The final status of one id."""
        key = id_text(given)
        if timeout is not None:
            check_seconds("timeout", timeout, zero=True)
        check_seconds("unknown_for", unknown_for, zero=True)
        self._batches.sender.channel.enter()
        try:
            async with asyncio.timeout(timeout):
                return await self._waits_of(action, unknown_for).result(given, key)
        except TimeoutError:
            failure: Exception = TimeoutError(f"{given} has not ended within {timeout:g} s")
        except AgenciaError as error:
            failure = error if error.id is None else of_id(error, given)
        raise failure

    def _waits_of(self, action: Action[S], unknown_for: float) -> "Waits[S]":
        from agencia_async._watch.waiting import Waits  # noqa: PLC0415

        key = (action.name, unknown_for)
        if key not in self._waits:
            new = partial(
                self.watcher,
                action,
                min_interval=LEAST,
                max_interval=MOST,
                unknown_for=unknown_for,
                known=None,
                follow=False,
            )
            self._waits[key] = Waits(new, self._batches.tasks)
        return self._waits[key]


def watch_rules(min_interval: float, max_interval: float, unknown_for: float) -> "Rules":
    """How ids are watched.

    Raises:
        ConfigurationError: a number is invalid.
    """
    from agencia_async._watch.register import Rules  # noqa: PLC0415
    from agencia_async._watch.schedule import Intervals  # noqa: PLC0415

    check_seconds("min_interval", min_interval)
    check_seconds("max_interval", max_interval)
    check_seconds("unknown_for", unknown_for, zero=True)
    if max_interval < min_interval:
        raise ConfigurationError(f"max_interval must be >= min_interval, got {max_interval} < {min_interval}")
    return Rules(Intervals(min_interval, max_interval), unknown_for)


async def changes_of(
    ids: Ids, watching: "Callable[[], AbstractAsyncContextManager[Watcher[S]]]"
) -> AsyncGenerator[Change[S], None]:
    """The changes of these ids to their end, by a watcher of their own."""
    given, _ = await read_all(ids)
    async with watching() as watcher:
        watcher.add(*given)
        async for change in watcher:
            yield change


class WatchingClient:
    """The methods of `AsyncClient` that watch."""

    _watching: Watching

    def watch(
        self,
        ids: Ids,
        min_interval: float = LEAST,
        max_interval: float = MOST,
        unknown_for: float = UNKNOWN_FOR,
        known: Snapshot | None = None,
    ) -> AsyncGenerator[Change[OrderStatus], None]:
        """Watch any number of orders until they end: yields each change of status, charge or remains once.

        The first status of an order is a change as well, unless it equals the one in `known`. The loop ends
        when every order has ended, each with exactly one final change: a final status, or an error. If an
        order changes again before its last change was read, the two are merged. During an outage of the
        panel the loop continues, and polls again from time to time.

        Args:
            ids: the ids of the orders.
            min_interval: the minimum seconds between two requests for an order, > 0.
            max_interval: the maximum seconds between two requests for an order, >= `min_interval`; orders
                that change rarely are polled less often, up to this.
            unknown_for: seconds for which an error such as `NotFoundError` does not end an order, >= 0: some
                panels do not know a new order at once.
            known: the `snapshot()` of an earlier watcher, to continue from.

        Raises:
            AuthenticationError: the account was rejected.
            ConfigurationError: an argument is invalid, or the client was closed.
        """
        return changes_of(ids, partial(self.watcher, min_interval, max_interval, unknown_for, known))

    def watcher(
        self,
        min_interval: float = LEAST,
        max_interval: float = MOST,
        unknown_for: float = UNKNOWN_FOR,
        known: Snapshot | None = None,
        *,
        follow: bool = False,
    ) -> "Watcher[OrderStatus]":
        """The object behind `watch`: orders can be added and discarded during the iteration.

        Args:
            min_interval: as for `watch`.
            max_interval: as for `watch`.
            unknown_for: as for `watch`.
            known: as for `watch`.
            follow: when every order has ended, wait for more to be added instead of ending the loop.

        Raises:
            ConfigurationError: an argument is invalid.
        """
        return self._watching.watcher(
            actions.STATUS,
            min_interval=min_interval,
            max_interval=max_interval,
            unknown_for=unknown_for,
            known=known,
            follow=follow,
        )

    async def wait(
        self,
        id: Id,  # noqa: A002 - the protocol's own word
        timeout: float | None = None,  # noqa: ASYNC109 - the usual name
        unknown_for: float = UNKNOWN_FOR,
    ) -> OrderStatus:
        """Wait until one order has ended; returns its final status. Concurrent waits share their requests.

        Args:
            id: the id of the order.
            timeout: the maximum seconds to wait, >= 0; None for no limit.
            unknown_for: as for `watch`.

        Raises:
            TimeoutError: it has not ended within `timeout` seconds.
            NotFoundError: the panel has not known it for `unknown_for` seconds.
            AuthenticationError: the account was rejected.
            ConfigurationError: the client was closed.
        """
        return await self._watching.wait(actions.STATUS, id, timeout, unknown_for)

    def watch_refills(
        self,
        ids: Ids,
        min_interval: float = LEAST,
        max_interval: float = MOST,
        unknown_for: float = UNKNOWN_FOR,
        known: Snapshot | None = None,
    ) -> AsyncGenerator[Change[RefillStatus], None]:
        """Watch any number of refills until they end, as `watch` does for orders."""
        new = partial(
            self._watching.watcher,
            actions.REFILL_STATUS,
            min_interval=min_interval,
            max_interval=max_interval,
            unknown_for=unknown_for,
            known=known,
            follow=False,
        )
        return changes_of(ids, new)

    async def wait_refill(
        self,
        id: Id,  # noqa: A002
        timeout: float | None = None,  # noqa: ASYNC109
        unknown_for: float = UNKNOWN_FOR,
    ) -> RefillStatus:
        """Wait until one refill has ended, as `wait` does for an order."""
        return await self._watching.wait(actions.REFILL_STATUS, id, timeout, unknown_for)
