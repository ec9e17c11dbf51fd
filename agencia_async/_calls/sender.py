"""How every call is sent: through the gate, within its deadline, retried where that is safe."""

from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import TypeVar

from agencia_async._calls.channel import Channel
from agencia_async._calls.execution import Attempt, CallTerms, Execution
from agencia_async._calls.observer import Observer
from agencia_async._calls.retry import Retrier, RetryPolicy, load_retrying
from agencia_async._calls.retry_budget import RetryBudget
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async._protocol.outcomes import as_unknown, errors_in
from agencia_async._transport.foreign import ForeignError
from agencia_async.errors import AgenciaError, OutcomeUnknownError

T = TypeVar("T")

_LEAST_FOR_A_WRITE = 1.0
"""Seconds, or a tenth of the deadline."""


@cache
def _load() -> None:
    """Load what a failure needs before the first write is sent: afterwards it may be impossible.

    An import opens files. Without a free descriptor it would raise after the panel has acted.
    """
    from agencia_async._protocol import pages, refusal_kinds  # noqa: PLC0415 - slow; reads may never need it

    load_retrying()
    del pages, refusal_kinds


class Sender:
    """Sends the calls of one client, under one policy.

    Args:
        channel: what all calls of the client share.
        policy: when they are retried.
        timeout: seconds for one attempt.
        limit: the most bytes of a reply.
        observer: is told of the calls.
        budget: the client's retry budget.
    """

    def __init__(  # noqa: PLR0913 - what may differ between calls
        self,
        channel: Channel,
        policy: RetryPolicy,
        *,
        timeout: float,
        limit: int,
        observer: Observer,
        budget: RetryBudget,
    ) -> None:
        self.channel = channel
        self.budget = budget
        self._observer = observer
        self._retrier = Retrier(policy, budget=budget)
        least = min(_LEAST_FOR_A_WRITE, policy.deadline / 10)
        self._terms = CallTerms(timeout, policy.deadline, least, limit, policy.repeats)

    async def send(
        self,
        call: Call[T],
        around: Callable[[Attempt[T]], Awaitable[T]] | None = None,
        *,
        urgent: bool = True,
        patient: bool = False,
        once: bool = False,
    ) -> T:
        """Send a request and its retries, until there is a value or an error.

        `around` wraps each attempt: it is called once the gate is passed, and makes the attempt. Urgent calls
        take precedence over those that are not. For patient ones, the requests of a bulk call, waiting at
        the gate does not count towards the deadline. With `once` a read is not retried.

        Raises:
            AgenciaError: the last attempt's error.
            Exception: what code of the caller's raised, as it is; of a write, nothing was sent. For a write
                of a bulk call it is the cause of a `TransportError`.
        """
        self.channel.enter()
        if call.retry_mode.is_write:
            _load()
        made = partial(Execution[T], self.channel, self._terms, call, around, urgent=urgent, patient=patient)
        if not self._observer:
            return await self._run(call, made(), patient=patient, once=once)
        observed = self._observer.call(call)
        with observed.running():
            return await self._run(call, made(observed=observed), patient=patient, once=once)

    async def _run(self, call: Call[T], execution: Execution[T], *, patient: bool, once: bool) -> T:
        try:
            return await self._retried(execution, call, patient=patient, once=once)
        except ForeignError as wrapped:
            error = wrapped.original
            if patient and call.retry_mode.is_write:  # a bulk call must not lose the outcomes of its others
                error = wrapped.as_error(call.action, execution.attempts)
        raise error

    async def _retried(self, execution: Execution[T], call: Call[T], *, patient: bool, once: bool) -> T:
        try:
            if once:
                value, uncertain = await execution.attempt(), False
            else:
                value, uncertain = await self._retrier.run(
                    execution.attempt,
                    action=call.action,
                    retry_mode=call.retry_mode,
                    left=execution.left,
                    patient=patient,
                )
        except AgenciaError as error:
            error.action, error.attempts = call.action, execution.attempts
            if isinstance(error, OutcomeUnknownError):
                self.channel.counters.unknown += len(call.reader.ids) or 1
            raise
        if uncertain and call.retry_mode is RetryMode.OPT_IN:
            value = as_unknown(value)
        for failed in errors_in(value):
            failed.action, failed.attempts = call.action, execution.attempts
            self.channel.counters.unknown += isinstance(failed, OutcomeUnknownError)
            self.channel.redact(failed)
        return value
