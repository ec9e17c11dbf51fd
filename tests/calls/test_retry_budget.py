import pytest

from agencia_async._calls.retry_budget import RetryBudget


def spent() -> RetryBudget:
    budget = RetryBudget()
    while budget.acquire():
        pass
    return budget


def test_ten_calls_may_use_up_all_their_attempts() -> None:
    budget = RetryBudget()
    assert sum(budget.acquire() for _ in range(100)) == 50


def test_five_calls_pay_for_a_retry() -> None:
    budget = spent()
    repetitions = 0
    for _ in range(1000):
        budget.deposit()
        repetitions += budget.acquire()
    assert repetitions == pytest.approx(200, abs=1)


def test_no_more_than_the_reserve_is_saved_up() -> None:
    budget = RetryBudget()
    for _ in range(100):
        budget.deposit()
    budget.release()
    assert sum(budget.acquire() for _ in range(100)) == 50


def test_what_was_answered_costs_nothing() -> None:
    budget = spent()
    budget.release()
    for _ in range(100):
        assert budget.acquire()
        budget.release()
