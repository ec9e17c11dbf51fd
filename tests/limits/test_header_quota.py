import math

import pytest

from agencia_async._limits.header_quota import HeaderQuota


def test_as_many_may_leave_as_are_left_when_those_in_flight_are_counted() -> None:
    quota = HeaderQuota()
    assert (quota.is_known, quota.until) == (False, 0)
    quota.update(5, 30, in_flight=3, now=10)
    quota.sent(11)
    assert (quota.is_known, quota.until) == (True, 0)
    quota.sent(12)
    assert quota.until == 40
    quota.sent(40)
    assert (quota.is_known, quota.until) == (False, 0)


def test_a_reply_that_was_overtaken_gives_nothing_back() -> None:
    quota = HeaderQuota()
    quota.update(4, 30, in_flight=2, now=0)
    quota.update(5, 29.2, in_flight=1, now=1)
    for _ in range(3):
        assert quota.until == 0
        quota.sent(1)
    assert quota.until == pytest.approx(30.2)
    quota.update(9, 60, in_flight=0, now=30)
    assert quota.until == 0


def test_without_a_reported_quota_there_is_no_bound() -> None:
    quota = HeaderQuota()
    quota.sent(math.inf)
    assert quota.until == 0
