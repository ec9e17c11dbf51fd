import math

import pytest

from agencia_async._limits.header_quota import HeaderQuota


def test_as_many_may_leave_as_are_left_when_those_under_way_are_counted() -> None:
    credit = HeaderQuota()
    assert (credit.is_known, credit.until) == (False, 0)
    credit.update(5, 30, in_flight=3, now=10)
    credit.sent(11)
    assert (credit.is_known, credit.until) == (True, 0)
    credit.sent(12)
    assert credit.until == 40
    credit.sent(40)
    assert (credit.is_known, credit.until) == (False, 0)


def test_a_reply_that_was_overtaken_gives_nothing_back() -> None:
    credit = HeaderQuota()
    credit.update(4, 30, in_flight=2, now=0)
    credit.update(5, 29.2, in_flight=1, now=1)
    for _ in range(3):
        assert credit.until == 0
        credit.sent(1)
    assert credit.until == pytest.approx(30.2)
    credit.update(9, 60, in_flight=0, now=30)
    assert credit.until == 0


def test_nothing_told_leaves_no_bound() -> None:
    credit = HeaderQuota()
    credit.sent(math.inf)
    assert credit.until == 0
