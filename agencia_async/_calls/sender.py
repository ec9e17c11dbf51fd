"""How every call is sent: in its turn, within the deadline, and again where that is safe."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from agencia_async._calls.channel import Channel
from agencia_async._calls.execution import Attempt, Execution, Times
from agencia_async._calls.retry import Retrier, RetryPolicy
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async._protocol.outcomes import as_unknown, errors_in
from agencia_async.errors import AgenciaError

T = TypeVar("T")

_LEAST_FOR_A_WRITE = 1.0
"""Seconds, or a tenth of the deadline."""


class Sender:
    """Sends the calls of one client, under one policy."""

    def __init__(self, channel: Channel, policy: RetryPolicy, timeout: float) -> None:
        self.channel = channel
        self._retrier = Retrier(policy)
        self._times = Times(timeout, policy.deadline, min(_LEAST_FOR_A_WRITE, policy.deadline / 10))

    async def send(
        self,
        call: Call[T],
        around: Callable[[Attempt[T]], Awaitable[T]] | None = None,
        *,
        urgent: bool = True,
    ) -> T:
        """One request and its retries, until there is a value or an error.

        `around` is given each attempt once nothing holds it back any more, and makes it. What is not urgent
        lets all go first that is.
        """
        self.channel.enter()
        execution = Execution(self.channel, self._times, call, around, urgent=urgent)
        try:
            value, uncertain = await self._retrier.run(
                execution.attempt, retry_mode=call.retry_mode, left=execution.left
            )
        except AgenciaError as error:
            error.action, error.attempts = call.action, execution.attempts
            raise
        if uncertain and call.retry_mode is RetryMode.OPT_IN:
            value = as_unknown(value)
        for failed in errors_in(value):
            failed.action, failed.attempts = call.action, execution.attempts
            self.channel.redact(failed)
        return value
