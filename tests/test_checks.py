import pytest

from agencia_async import ConfigurationError, RateLimit, RetryPolicy


@pytest.mark.parametrize("attempts", [0, -1, 1.5, "3", True, None])
def test_attempts_are_a_whole_number(attempts: object) -> None:
    with pytest.raises(ConfigurationError, match="attempts must be an integer >= 1"):
        RetryPolicy(attempts=attempts)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["first_wait", "max_wait"])
@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "3", True, None])
def test_waits_are_seconds(name: str, seconds: object) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be a number of seconds >= 0"):
        RetryPolicy(**{name: seconds})  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), None])
def test_a_deadline_is_above_zero(seconds: object) -> None:
    with pytest.raises(ConfigurationError, match="deadline must be a number of seconds > 0"):
        RetryPolicy(deadline=seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [(0, 1), (1, 0), (-1, 1), ("60", 60)])
def test_a_rate_limit_is_above_zero(limit: tuple[float, float]) -> None:
    with pytest.raises(ConfigurationError, match="must be a number > 0"):
        RateLimit(*limit)
