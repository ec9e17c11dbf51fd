"""When a request is sent again, and when its outcome is unknown instead."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import Attribute, field, frozen
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from agencia_async._checks import check_seconds, check_whole
from agencia_async._protocol import Repeat
from agencia_async.errors import (
    AgenciaError,
    OutcomeUnknownError,
    RateLimitedError,
    ReplyError,
    TransportError,
)

T = TypeVar("T")

_log = logging.getLogger("agencia_async")


def _whole(_policy: object, attribute: "Attribute[int]", value: object) -> None:
    check_whole(attribute.name, value)


def _seconds(_policy: object, attribute: "Attribute[float]", value: object) -> None:
    check_seconds(attribute.name, value, zero=True)


def _deadline(_policy: object, attribute: "Attribute[float]", value: object) -> None:
    check_seconds(attribute.name, value)


@frozen
class RetryPolicy:
    """How often and how long a call is tried.

    Attributes:
        attempts: requests per call at the most, at least 1.
        first_wait: seconds; the wait after the first failure is random between 0 and this, and the
            bound doubles with each further failure.
        max_wait: seconds; the bound grows no further than this.
        deadline: seconds for the call as a whole, waits included. A `Retry-After` that would end
            later is not waited for: the `RateLimitedError` is raised at once.
        repeat_uncertain_writes: send `refill` and `cancel` again even when the panel may have acted.
            Most panels refuse a second one, some make it again. `add` is never repeated.
    """

    attempts: int = field(default=5, validator=_whole)
    first_wait: float = field(default=0.5, validator=_seconds)
    max_wait: float = field(default=20.0, validator=_seconds)
    deadline: float = field(default=60.0, validator=_deadline)
    repeat_uncertain_writes: bool = False

    def may_repeat(self, error: BaseException, repeat: Repeat) -> bool:
        """Is a request that failed with this error to be sent again?"""
        if isinstance(error, RateLimitedError):
            return True
        if not isinstance(error, TransportError | ReplyError):
            return False
        return (
            error.sent == "no"
            or repeat in {Repeat.ALWAYS, Repeat.RECOGNISED}
            or (repeat is Repeat.IF_TOLD and self.repeat_uncertain_writes)
        )


class Retrier:
    """Runs the attempts of a call under a policy. Time and randomness come from outside."""

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._policy = policy
        self._sleep = sleep
        self._uniform = uniform

    async def run(
        self, attempt: Callable[[], Awaitable[T]], *, repeat: Repeat, left: Callable[[], float]
    ) -> tuple[T, bool]:
        """The first value, and whether the panel may have acted on an attempt before that.

        `left` tells the seconds until the deadline.

        Raises:
            OutcomeUnknownError: a write failed in a way that leaves open whether the panel acted.
            AgenciaError: the last attempt's error.
        """
        first: AgenciaError | None
        try:
            return await attempt(), False  # most calls end here, and pay for no repetition
        except AgenciaError as error:
            first = error
        retrying = AsyncRetrying(
            sleep=self._sleep,
            stop=_Stop(self._policy.attempts, left),
            wait=self._wait,
            retry=retry_if_exception(lambda error: self._policy.may_repeat(error, repeat)),
            before_sleep=_tell,
            reraise=True,
        )
        uncertain = False

        async def noted() -> T:
            nonlocal first, uncertain
            try:
                if first is None:
                    return await attempt()
                known, first = first, None
                raise known
            except AgenciaError as error:
                uncertain = uncertain or error.sent != "no"
                raise

        try:
            return await retrying(noted), uncertain
        except AgenciaError as error:
            failure = error
        if isinstance(failure, OutcomeUnknownError):
            raise failure.with_traceback(None)
        if repeat is not Repeat.ALWAYS and uncertain:  # by this attempt or an earlier one
            raise OutcomeUnknownError(
                f"the panel may have acted: {failure}", cause=failure.with_traceback(None)
            )
        raise failure.with_traceback(None)  # without the many frames of the retry loop

    def _wait(self, state: RetryCallState) -> float:
        """Full jitter under a bound that doubles; after a refusal for the rate only what the panel asks for.

        The client's own pause comes to that, and holds for all calls.
        """
        error = state.outcome and state.outcome.exception()
        if isinstance(error, RateLimitedError):
            return error.retry_after or 0.0
        bound = min(self._policy.max_wait, self._policy.first_wait * 2.0 ** min(state.attempt_number - 1, 64))
        return self._uniform(0, bound)


class _Stop(stop_after_attempt):
    """Stops when the attempts are used up, or when the next would begin after the deadline."""

    def __init__(self, attempts: int, left: Callable[[], float]) -> None:
        super().__init__(attempts)
        self._left = left

    def __call__(self, retry_state: RetryCallState) -> bool:
        return super().__call__(retry_state) or retry_state.upcoming_sleep >= self._left()


def _tell(state: RetryCallState) -> None:
    error = state.outcome and state.outcome.exception()
    _log.info("attempt %d failed, again in %.2f s: %s", state.attempt_number, state.upcoming_sleep, error)
