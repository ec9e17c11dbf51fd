"""When a request is retried, and when its outcome is unknown instead."""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from attrs import Attribute, field, frozen

from agencia_async._calls.retry_budget import RetryBudget
from agencia_async._checks import check_seconds, check_whole
from agencia_async._protocol.calls import RetryMode
from agencia_async._transport.foreign import ForeignError
from agencia_async.errors import (
    AgenciaError,
    OutcomeUnknownError,
    RateLimitedError,
    ReplyError,
    TransportError,
)

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

_FAILURES = (TransportError, ReplyError)
"""The errors whose retries the budget pays for: the panel gave no usable reply."""

_log = logging.getLogger("agencia_async")


def _whole(_policy: object, attribute: "Attribute[int]", value: object) -> None:
    check_whole(attribute.name, value)


def _seconds(_policy: object, attribute: "Attribute[float]", value: object) -> None:
    check_seconds(attribute.name, value, zero=True)


def _deadline(_policy: object, attribute: "Attribute[float]", value: object) -> None:
    check_seconds(attribute.name, value)


@frozen
class RetryPolicy:
    """How often and for how long a call is attempted: exponential backoff with full jitter.

    Attributes:
        attempts: the maximum number of requests per call, >= 1; 1 disables retries.
        first_wait: seconds, >= 0; the wait before the first retry is random between 0 and this, and the
            bound doubles with each further retry.
        max_wait: seconds, >= 0; the maximum of that bound.
        deadline: seconds, > 0, for the whole call including its retries. Waiting for a slot, or for a permit
            under a rate limit, does not count. Waiting during an outage or a `Retry-After` counts; if a
            `Retry-After` would end after the deadline, `RateLimitedError` is raised at once. For a request of
            a bulk call, these waits do not count either: it waits for the end of an outage, and of a
            `Retry-After` of up to an hour. If the panel does not answer for as long as `deadline`, all calls
            that wait fail.
        repeat_uncertain_writes: retry `refill` and `cancel` even if the panel may have acted on the first
            request. Most panels reject the second one; some execute it again. `add` is never retried this
            way.

    Raises:
        ConfigurationError: an argument is out of range.
    """

    attempts: int = field(default=5, validator=_whole)
    first_wait: float = field(default=0.5, validator=_seconds)
    max_wait: float = field(default=20.0, validator=_seconds)
    deadline: float = field(default=60.0, validator=_deadline)
    repeat_uncertain_writes: bool = False

    def may_retry(self, error: BaseException, retry_mode: RetryMode) -> bool:
        """Whether a request that failed with this error is to be retried."""
        if isinstance(error, RateLimitedError):
            return True
        if not isinstance(error, _FAILURES) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return False
        return error.sent == "no" or self.repeats(retry_mode)

    def repeats(self, retry_mode: RetryMode) -> bool:
        """Whether a request is sent again, though the panel may have acted on it."""
        if retry_mode is RetryMode.OPT_IN:
            return self.repeat_uncertain_writes
        return retry_mode in {RetryMode.ALWAYS, RetryMode.IDEMPOTENT}


class Retrier:
    """Runs the attempts of calls under a policy. Time and randomness are injected."""

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        budget: RetryBudget | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.policy = policy
        self.budget = budget or RetryBudget()
        self.sleep = sleep
        self._uniform = uniform

    async def run(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        action: str,
        retry_mode: RetryMode,
        left: Callable[[], float],
        patient: bool = False,
    ) -> tuple[T, bool]:
        """The first value, and whether the panel may have acted on an attempt before that.

        `action` is named in the log. `left` returns the seconds until the deadline. A patient call waits at
        the gate for a `Retry-After`.

        Raises:
            OutcomeUnknownError: a write failed in a way that leaves open whether the panel acted.
            AgenciaError: the last attempt's error.
        """
        self.budget.deposit()
        try:
            return await attempt(), False  # most calls end here, without loading tenacity
        except AgenciaError as error:
            failure = error
        retries = _Retries(self, attempt, failure, left, patient=patient)
        try:
            return await retries.run(retry_mode, action), retries.uncertain
        except AgenciaError as error:
            failure = error
        except ForeignError as error:
            if retry_mode is RetryMode.ALWAYS or not retries.uncertain:
                raise
            failure = error.as_error()
        # The panel may have acted on this attempt or on an earlier one.
        unclear = retries.uncertain and not isinstance(failure, OutcomeUnknownError)
        if unclear and retry_mode.is_write:
            message = f"the panel may have acted on the request: {failure}"
            raise OutcomeUnknownError(message, cause=failure.with_traceback(None))
        raise failure.with_traceback(None)  # without the many frames of the retry loop

    def wait(self, state: "RetryCallState") -> float:
        """Exponential backoff with full jitter; after a 429 only the panel's `Retry-After`.

        The gate's cooldown comes on top of that, for all calls.
        """
        error = state.outcome and state.outcome.exception()
        if isinstance(error, RateLimitedError):
            return error.retry_after or 0.0
        bound = min(self.policy.max_wait, self.policy.first_wait * 2.0 ** min(state.attempt_number - 1, 64))
        return self._uniform(0, bound)


class _Retries(Generic[T]):
    """The retries of one call whose first attempt has failed.

    `uncertain`: the panel may have acted on a failed attempt.
    """

    def __init__(
        self,
        retrier: Retrier,
        attempt: Callable[[], Awaitable[T]],
        first: AgenciaError,
        left: Callable[[], float],
        *,
        patient: bool,
    ) -> None:
        self._patient = patient
        self._retrier = retrier
        self._attempt = attempt
        self._first: AgenciaError | None = first
        self._left = left
        self._is_paid = False
        self.uncertain = False

    async def run(self, retry_mode: RetryMode, action: str) -> T:
        """The value of the first successful retry.

        Raises:
            AgenciaError: the last attempt's error.
        """
        from tenacity import AsyncRetrying, retry_if_exception  # noqa: PLC0415 - loaded with a first failure

        policy = self._retrier.policy
        retrying = AsyncRetrying(
            sleep=self._retrier.sleep,
            stop=self._is_over,
            wait=self._wait,
            retry=retry_if_exception(lambda error: policy.may_retry(error, retry_mode)),
            before_sleep=partial(_log_retry, action),
            reraise=True,
        )
        return cast("T", await retrying(self._next))

    async def _next(self) -> T:
        """First the known failure of the first attempt, then one more attempt each time."""
        first, self._first = self._first, None
        try:
            if first is not None:
                raise first
            value = await self._attempt()
        except AgenciaError as error:
            self.uncertain = self.uncertain or error.sent != "no"
            self._settle(answered=not isinstance(error, _FAILURES))
            raise
        self._settle(answered=True)
        return value

    def _wait(self, state: "RetryCallState") -> float:
        error = state.outcome and state.outcome.exception()
        if self._patient and isinstance(error, RateLimitedError):
            return 0.0  # the cooldown at the gate is as long as the panel asks, and does not count
        return self._retrier.wait(state)

    def _settle(self, *, answered: bool) -> None:
        if self._is_paid and answered:
            self._retrier.budget.release()
        self._is_paid = False

    def _is_over(self, state: "RetryCallState") -> bool:
        """Whether attempts, deadline or retry budget are exhausted."""
        if state.attempt_number >= self._retrier.policy.attempts or state.upcoming_sleep >= self._left():
            return True
        error = state.outcome and state.outcome.exception()
        if not isinstance(error, _FAILURES):  # rate limited: the cooldown governs these
            return False
        self._is_paid = self._retrier.budget.acquire()
        if not self._is_paid:
            error.message = f"{error.message}; not retried: the retry budget is exhausted"
            error.args = (error.message,)
        return not self._is_paid


def load_retrying() -> None:
    """Load what retries need, which takes a while."""
    import tenacity  # noqa: PLC0415

    del tenacity


def _log_retry(action: str, state: "RetryCallState") -> None:
    error, seconds = state.outcome and state.outcome.exception(), state.upcoming_sleep
    when = f"in {seconds:.2f} s"
    if isinstance(error, RateLimitedError) and not seconds:
        asked = "" if error.retry_after is None else f" of {error.retry_after:g} s"
        when = f"after the cooldown{asked}"  # it holds all calls back, at the gate
    _log.info("%s: attempt %d failed, retrying %s: %s", action, state.attempt_number, when, error)
