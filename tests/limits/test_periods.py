import math

import pytest

from agencia_async._limits.periods import Period, PeriodSearch, recent

BURST = [0.0] * 20


def test_what_was_accepted_later_than_a_time_is_counted_from_the_end() -> None:
    assert [recent([1, 2, 2, 3], since) for since in (0, 1, 2, 3)] == [4, 3, 1, 0]


@pytest.mark.parametrize(
    ("rate_limited", "accepted", "found"),
    [
        ([], 0.9, None),
        ([], 1.0, Period(20, 1)),
        ([0.6], 1.0, Period(20, 1)),
        ([0.6], 1.9, Period(20, 1)),
        ([0.6, 1.0], 1.9, None),
        ([0.6, 1.0], 60.0, Period(20, 60)),
        ([0.6, 59.9], 70.0, Period(20, 60)),
        ([0.6, 60.0], 70.0, None),
        ([0.6, 60.0], 3600.0, Period(20, 3600)),
        ([0.6, 3600.0], 9999.0, None),
    ],
)
def test_a_period_fits_that_was_full_at_each_429_and_no_longer_when_one_was_accepted(
    rate_limited: list[float], accepted: float, found: Period | None
) -> None:
    search = PeriodSearch(BURST, 0.1)
    for now in rate_limited:
        search.rate_limited(now)
    assert search.found(accepted) == found


def test_the_requests_before_the_period_do_not_count() -> None:
    search = PeriodSearch([*range(100), *[99.5] * 20], 99.6)
    search.rate_limited(100.1)
    assert search.found(100.6) == Period(21, 1)
    assert PeriodSearch([0.0], 5000).found(5001) is None


@pytest.mark.parametrize(("left", "found"), [(10, Period(20, 1)), (9, None)])
def test_a_period_of_which_most_is_used_is_full(left: int, found: Period | None) -> None:
    search = PeriodSearch([0.0] * (20 - left) + [0.4] * left, 0.4)
    search.rate_limited(1.2)
    assert search.found(1.5) == found


def test_late_replies_belong_to_what_was_accepted() -> None:
    accepted = list(BURST)
    search = PeriodSearch(accepted, 0.1)
    accepted.append(0.2)
    search.rate_limited(0.6)
    assert search.found(1.1) == Period(21, 1)


def test_the_next_end_of_a_period_that_fits() -> None:
    search = PeriodSearch(BURST, 0.1)
    times = (0.1, 1, 1.1, 60, 60.1, 3600, 3600.1)
    assert [search.next_end(now) for now in times] == [1, 1.1, 60, 60.1, 3600, 3600.1, math.inf]
    search.rate_limited(2)
    assert [search.next_end(now) for now in (0.5, 1.1)] == [1.1, 60]
