import asyncio
import contextlib
import logging
from collections.abc import Sequence

import pytest

from agencia_async import (
    AgenciaError,
    ConfigurationError,
    NotAnsweredError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    ReplyError,
    RetryPolicy,
    TransportError,
)
from agencia_async._calls.retry import Retrier
from agencia_async._calls.retry_budget import RetryBudget
from agencia_async._protocol.calls import RetryMode
from agencia_async.errors import twin

NO, MAYBE = TransportError("refused", sent="no"), TransportError("reset", sent="maybe")
UNREADABLE = ReplyError("not JSON")
LIMITED = RateLimitedError("slower")
REFUSED = NotFoundError("Incorrect order ID")


class Script:
    """Attempts that fail as told and then succeed; remembers how long it was told to sleep."""

    def __init__(self, failures: Sequence[BaseException]) -> None:
        self.failures = list(failures)
        self.sleeps: list[float] = []
        self.bounds: list[tuple[float, float]] = []
        self.attempts = 0
        self.uncertain = False

    async def attempt(self) -> str:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        return "value"

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)

    def uniform(self, low: float, high: float) -> float:
        self.bounds.append((low, high))
        return (low + high) / 2

    async def run(
        self,
        retry_mode: RetryMode = RetryMode.ALWAYS,
        policy: RetryPolicy | None = None,
        left: float = 1e9,
        budget: RetryBudget | None = None,
        *,
        patient: bool = False,
    ) -> str:
        policy = policy or RetryPolicy()
        retrier = Retrier(policy, budget=budget, sleep=self.sleep, uniform=self.uniform)
        value, self.uncertain = await retrier.run(
            self.attempt, action="status", retry_mode=retry_mode, left=lambda: left, patient=patient
        )
        return value


@pytest.mark.parametrize("retry_mode", RetryMode)
@pytest.mark.parametrize("failure", [NO, LIMITED])
async def test_what_the_panel_cannot_have_acted_on_is_sent_again(
    retry_mode: RetryMode, failure: AgenciaError
) -> None:
    script = Script([failure, failure])
    assert await script.run(retry_mode) == "value"
    assert script.attempts == 3
    assert not script.uncertain


@pytest.mark.parametrize("repeat", RetryMode)
async def test_what_is_answered_at_once_leaves_nothing_uncertain(repeat: RetryMode) -> None:
    script = Script([])
    assert await script.run(repeat) == "value"
    assert (script.attempts, script.uncertain, script.sleeps) == (1, False, [])


@pytest.mark.parametrize("failure", [MAYBE, UNREADABLE])
async def test_a_read_is_sent_again_whatever_happened(failure: AgenciaError) -> None:
    script = Script([failure])
    assert await script.run() == "value"
    assert script.attempts == 2


@pytest.mark.parametrize("retry_mode", [RetryMode.OPT_IN, RetryMode.NEVER])
@pytest.mark.parametrize("failure", [MAYBE, UNREADABLE])
async def test_a_write_that_may_have_happened_is_not_retried(
    retry_mode: RetryMode, failure: AgenciaError
) -> None:
    script = Script([failure])
    with pytest.raises(OutcomeUnknownError) as caught:
        await script.run(retry_mode)
    assert script.attempts == 1
    assert caught.value.cause is failure
    assert caught.value.sent == failure.sent


async def test_an_uncertain_refill_is_retried_on_opt_in_but_an_order_never() -> None:
    policy = RetryPolicy(repeat_uncertain_writes=True)
    script = Script([MAYBE])
    assert await script.run(RetryMode.OPT_IN, policy) == "value"
    assert script.uncertain
    script = Script([MAYBE])
    with pytest.raises(OutcomeUnknownError):
        await script.run(RetryMode.NEVER, policy)
    assert script.attempts == 1


@pytest.mark.parametrize("retry_mode", RetryMode)
async def test_a_refusal_is_final(retry_mode: RetryMode) -> None:
    script = Script([REFUSED])
    with pytest.raises(NotFoundError) as caught:
        await script.run(retry_mode)
    assert caught.value is REFUSED
    assert script.attempts == 1


async def test_a_write_that_never_left_ends_as_what_it_is() -> None:
    with pytest.raises(TransportError) as caught:
        await Script([NO] * 9).run(RetryMode.NEVER)
    assert caught.value is NO


async def test_the_waits_are_random_between_nothing_and_a_bound_that_doubles() -> None:
    script = Script([MAYBE] * 5)
    policy = RetryPolicy(attempts=6, first_wait=1, max_wait=5)
    assert await script.run(policy=policy) == "value"
    assert script.bounds == [(0, 1), (0, 2), (0, 4), (0, 5), (0, 5)]
    assert script.sleeps == [0.5, 1, 2, 2.5, 2.5]


async def test_the_attempts_are_bounded() -> None:
    script = Script([MAYBE] * 9)
    with pytest.raises(TransportError):
        await script.run(policy=RetryPolicy(attempts=3))
    assert (script.attempts, len(script.sleeps)) == (3, 2)


async def test_retry_after_is_obeyed() -> None:
    script = Script([RateLimitedError("slower", retry_after=7)])
    assert await script.run() == "value"
    assert script.sleeps == [7]


async def test_what_would_begin_after_the_deadline_is_not_waited_for() -> None:
    script = Script([RateLimitedError("slower", retry_after=7)])
    with pytest.raises(RateLimitedError):
        await script.run(left=7)
    assert (script.attempts, script.sleeps) == (1, [])


async def test_what_would_begin_before_the_deadline_is_waited_for() -> None:
    script = Script([RateLimitedError("slower", retry_after=7)])
    assert await script.run(left=7.25) == "value"
    assert (script.attempts, script.sleeps) == (2, [7])


@pytest.mark.parametrize("failure", [asyncio.CancelledError(), KeyboardInterrupt(), ZeroDivisionError()])
async def test_what_is_no_error_of_ours_passes_through(failure: BaseException) -> None:
    script = Script([failure])
    with pytest.raises(type(failure)) as caught:
        await script.run()
    assert caught.value is failure
    assert script.attempts == 1


@pytest.mark.parametrize(
    ("failure", "patient", "told"),
    [
        (MAYBE, False, "in 0.25 s: reset"),
        (MAYBE, True, "in 0.25 s: reset"),
        (RateLimitedError("slower", retry_after=7), False, "in 7.00 s: slower"),
        (RateLimitedError("slower", retry_after=7), True, "after the cooldown of 7 s: slower"),
        (LIMITED, False, "after the cooldown: slower"),
        (LIMITED, True, "after the cooldown: slower"),
    ],
)
async def test_a_retry_is_logged(
    caplog: pytest.LogCaptureFixture,
    failure: AgenciaError,
    patient: bool,  # noqa: FBT001
    told: str,
) -> None:
    with caplog.at_level(logging.INFO, "agencia_async"):
        await Script([failure]).run(patient=patient)
    assert caplog.messages == [f"status: attempt 1 failed, retrying {told}"]


def test_only_known_errors_are_ever_retried() -> None:
    policy = RetryPolicy(repeat_uncertain_writes=True)
    assert policy.may_retry(NotAnsweredError("left out"), RetryMode.ALWAYS)
    assert not policy.may_retry(OutcomeUnknownError("who knows"), RetryMode.ALWAYS)
    assert not policy.may_retry(ValueError("bug"), RetryMode.ALWAYS)


@pytest.mark.parametrize("last", [NO, LIMITED, REFUSED])
async def test_an_attempt_that_may_have_acted_is_not_forgotten(last: AgenciaError) -> None:
    script = Script([MAYBE, last, last, last, last])
    with pytest.raises(OutcomeUnknownError) as caught:
        await script.run(RetryMode.OPT_IN, RetryPolicy(repeat_uncertain_writes=True))
    assert caught.value.cause is last
    assert caught.value.sent == "maybe"


class Boundless(RetryBudget):
    """Pays for everything."""

    def acquire(self) -> bool:
        return True


class Spent(RetryBudget):
    """Has `left` repetitions."""

    def __init__(self, left: float = 0.0) -> None:
        super().__init__()
        self._left = left

    @property
    def left(self) -> float:
        return self._left


async def test_where_too_many_requests_fail_a_call_ends_with_its_first_error() -> None:
    for failure in (NO, MAYBE, UNREADABLE):
        script, error = Script([twin(failure)] * 5), twin(failure)
        with pytest.raises(
            type(error), match=f"^{error.message}; not retried: the retry budget is exhausted$"
        ):
            await script.run(budget=Spent())
        assert (script.attempts, script.sleeps) == (1, [])


async def test_what_may_have_happened_is_unknown_although_the_budget_is_spent() -> None:
    policy = RetryPolicy(repeat_uncertain_writes=True)
    script = Script([twin(MAYBE), twin(MAYBE), twin(MAYBE)])
    with pytest.raises(OutcomeUnknownError, match="retry budget is exhausted") as caught:
        await script.run(RetryMode.OPT_IN, policy, budget=Spent(1))
    assert (script.attempts, caught.value.sent) == (2, "maybe")


async def test_a_429_costs_nothing_of_the_budget() -> None:
    budget = Spent(0)
    script = Script([LIMITED, LIMITED])
    assert await script.run(budget=budget) == "value"
    assert script.sleeps == [0, 0]  # the client's own pause governs it
    assert budget.left == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        ([], 10),
        ([LIMITED], 10),
        ([REFUSED], 10),
        ([MAYBE], 9),
        ([MAYBE, MAYBE, REFUSED], 8),
        ([MAYBE] * 9, 6),
    ],
)
async def test_a_retry_that_is_answered_is_refunded(answers: list[AgenciaError], left: float) -> None:
    budget = Spent(10)
    with contextlib.suppress(AgenciaError):
        await Script([twin(MAYBE), *map(twin, answers)]).run(budget=budget)
    assert budget.left == pytest.approx(left + 0.2)


async def test_a_retry_that_is_not_made_is_not_paid_for() -> None:
    budget = Spent(10)
    for policy, left in ((RetryPolicy(attempts=1), 1e9), (RetryPolicy(), 0.0)):
        with pytest.raises(TransportError, match=r"^reset$"):
            await Script([twin(MAYBE)]).run(policy=policy, left=left, budget=budget)
    assert budget.left == pytest.approx(10.4)


async def test_any_number_of_attempts_has_a_wait() -> None:
    script = Script([MAYBE] * 1100)  # 2.0**1024 is no number any more
    policy = RetryPolicy(attempts=1101, max_wait=1)
    assert await script.run(policy=policy, budget=Boundless()) == "value"
    assert max(script.bounds) == (0, 1)


@pytest.mark.parametrize(
    ("name", "wrong", "least"),
    [("attempts", 0, 1), ("first_wait", -0.1, 0), ("max_wait", -0.1, 0), ("deadline", 0, 0.1)],
)
def test_what_a_policy_cannot_be_is_named(name: str, wrong: float, least: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{name}\b"):
        RetryPolicy(**{name: wrong})  # type: ignore[arg-type]
    assert getattr(RetryPolicy(**{name: least}), name) == least  # type: ignore[arg-type]
