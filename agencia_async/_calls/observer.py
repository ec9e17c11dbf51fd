"""Tells the hooks of a client what becomes of its calls.

A call is *started*, makes any number of attempts, each *started* and *ended*, and is *ended*. What was
started is ended exactly once, also if it is cancelled. Before each attempt it may be *waiting*.
"""

import asyncio
import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from agencia_async._concurrency.coalescer import CALLERS
from agencia_async._protocol.calls import Call
from agencia_async._transport.foreign import ForeignError
from agencia_async.hooks import AttemptInfo, CallInfo, Hook

_log = logging.getLogger("agencia_async")


class Observer:
    """The hooks of a client; one that raises is logged once, and disturbs nothing.

    Args:
        hooks: are told in this order.
        url: the panel's, without its query.
        clock: the event loop's, in seconds.
    """

    def __init__(self, hooks: Sequence[Hook], url: str, clock: Callable[[], float]) -> None:
        self._hooks = tuple(hooks)
        self._url = url
        self.clock = clock
        self._failed: list[Hook] = []

    def with_hooks(self, hooks: Sequence[Hook]) -> "Observer":
        """The same for other hooks: one that is in both is logged once as well."""
        other = Observer(hooks, self._url, self.clock)
        other._failed = self._failed
        return other

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def call(self, call: Call[Any]) -> "ObservedCall":
        """A call that begins."""
        return ObservedCall(self, CallInfo(call.action, len(call.reader.ids), self._url, CALLERS.get()))

    def tell(self, tell: Callable[[Hook], None]) -> None:
        """Tell all hooks."""
        for hook in self._hooks:
            try:
                tell(hook)
            except (Exception, asyncio.CancelledError):  # noqa: BLE001 - it is not the call's
                self._raised(hook)

    def _raised(self, hook: Hook) -> None:
        if not any(hook is failed for failed in self._failed):
            self._failed.append(hook)
            _log.exception("the hook %s raised; it is logged once", type(hook).__qualname__)


class ObservedCall:
    """One call, of which the hooks are told."""

    def __init__(self, observer: Observer, info: CallInfo) -> None:
        self._observer = observer
        self._info = info

    @contextmanager
    def running(self) -> Generator[None]:
        """For the block, the call runs."""
        info = self._info
        self._observer.tell(lambda hook: hook.call_started(info))
        try:
            yield
        except BaseException as error:
            info.error = error
            raise
        finally:
            self._observer.tell(lambda hook: hook.call_ended(info))

    @contextmanager
    def waiting(self) -> Generator[None]:
        """For the block, it waits."""
        since = self._observer.clock()
        try:
            yield
        finally:
            self._info.queued += self._observer.clock() - since

    @contextmanager
    def attempt(self) -> Generator[AttemptInfo]:
        """For the block, it makes an attempt."""
        info, observer = self._info, self._observer
        info.attempts += 1
        attempt = AttemptInfo(info.attempts)
        observer.tell(lambda hook: hook.attempt_started(info, attempt))
        since = observer.clock()
        try:
            yield attempt
        except BaseException as error:
            attempt.error = error.original if isinstance(error, ForeignError) else error
            raise
        finally:
            attempt.seconds = observer.clock() - since
            observer.tell(lambda hook: hook.attempt_ended(info, attempt))
