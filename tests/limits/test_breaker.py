"""The circuit breaker, told what happened and when."""

import pytest

from agencia_async._limits.breaker import Breaker

PATIENCE = 60.0
NOON = 1_700_000_000.0  # 22:13:20 UTC


def breaker(slots: int = 10) -> Breaker:
    return Breaker(slots, PATIENCE, lambda: NOON)


def fail(it: Breaker, count: int, now: float = 1.0, first: int = 1) -> list[bool]:
    """That many requests are sent and not answered."""
    return [it.failed(number, now, "HTTP 502") for number in range(first, first + count)]


def opened(now: float = 1.0, slots: int = 10) -> Breaker:
    it = breaker(slots)
    assert fail(it, 5, now)[-1] or slots < 3
    return it


def test_it_opens_at_five_failures_in_a_row() -> None:
    it = breaker()
    assert fail(it, 5) == [False] * 4 + [True]
    assert (it.circuit, it.is_free) == ("open", False)


@pytest.mark.parametrize(("slots", "threshold"), [(1, 3), (2, 3), (3, 5), (50, 5)])
def test_few_slots_have_a_lower_threshold(slots: int, threshold: int) -> None:
    assert fail(breaker(slots), threshold) == [False] * (threshold - 1) + [True]


def test_an_answer_in_between_keeps_it_closed() -> None:
    it = breaker()
    for number in range(1, 30, 5):
        fail(it, 4, first=number)
        assert it.answered(number + 4, 1.0) is None
    assert (it.circuit, it.is_free) == ("closed", True)


def test_nothing_is_sent_but_a_probe_at_growing_intervals() -> None:
    it = opened(now=1.0)
    due = []
    now = 1.0
    for number in range(100, 116):
        assert not it.allows(0, it.probe_at - 0.001)
        now = it.probe_at
        due.append(now)
        assert it.allows(0, now)
        it.sent(number)
        assert (it.circuit, it.allows(0, now)) == ("half_open", False)
        assert not it.failed(number, now, "HTTP 502")
        assert it.circuit == "open"
    waits = [later - earlier for earlier, later in zip([1.0, *due], due, strict=False)]
    assert waits[:4] == pytest.approx([0.5, 0.65, 0.845, 1.0985])
    assert max(waits) == pytest.approx(5.0)
    assert len([at for at in due if at <= 61]) <= 40


def test_an_answered_probe_closes_it_and_the_others_follow_gradually() -> None:
    it = opened(now=1.0)
    it.sent(9)
    assert it.answered(9, 4.0) == pytest.approx(3.0)
    assert (it.circuit, it.is_free) == ("closed", False)
    assert [it.allows(in_flight, 4.0) for in_flight in (0, 1, 2)] == [True, True, False]
    for number in range(10, 18):
        assert it.answered(number, 4.0) is None
    assert it.is_free


def test_an_answer_that_was_on_its_way_makes_the_probe_due() -> None:
    it = opened(now=1.0)
    assert it.answered(3, 1.1) is None
    assert (it.circuit, it.allows(0, 1.1)) == ("open", True)


def test_failures_from_before_its_end_do_not_open_it_again() -> None:
    it = opened()
    it.sent(9)
    it.answered(9, 2.0)
    assert fail(it, 8, first=1) == [False] * 8
    assert fail(it, 5, first=10)[-1]


def test_a_late_failure_is_not_that_of_the_probe() -> None:
    it = opened(now=1.0)
    it.sent(9)
    at = it.probe_at
    assert not it.failed(4, 2.0, "late")
    assert (it.circuit, it.probe_at) == ("half_open", at)


def test_an_abandoned_probe_makes_room_for_another() -> None:
    it = opened(now=1.0)
    it.sent(9)
    it.abandoned(8)
    assert not it.allows(0, 2.0)
    it.abandoned(9)
    assert it.allows(0, 2.0)


def test_after_a_read_the_next_probe_is_the_clients_own() -> None:
    it = opened()
    it.sent(9)
    it.failed(9, 2.0, "HTTP 502")
    assert it.wants_own
    it.sent(10)
    it.failed(10, 3.0, "HTTP 502", is_own=True)
    assert not it.wants_own


def test_without_an_answer_for_a_whole_deadline_nobody_waits() -> None:
    it = opened(now=1.0)
    assert it.silent_at == 61.0
    assert not it.fails_at_once(60.9)
    it.sent(9)
    assert it.fails_at_once(61.0)
    it.failed(9, 62.0, "HTTP 504")
    assert it.fails_at_once(62.1)
    assert not it.fails_at_once(it.probe_at)  # who comes then waits for a probe
    it.sent(10)
    it.answered(10, 70.0)
    assert not it.fails_at_once(70.0)


def test_the_error_tells_since_when_and_why() -> None:
    it = opened(now=1.0)
    error = it.error(43.4)
    assert str(error) == "the panel has not answered for 42 s, since 22:13:20 UTC (HTTP 502)"
    assert error.sent == "no"


def test_503s_that_come_again_soon_with_answers_in_between_are_a_limit() -> None:
    it = breaker()
    for number in range(1, 7):
        it.answered(number, 1.0)
    assert it.pressure(1.0) is None  # the first time it may be an outage
    assert it.pressure(1.05) is None  # the same event
    for number in range(7, 13):
        it.answered(number, 1.5)
    assert it.pressure(1.6) == pytest.approx((10.0, 0.6))
    assert it.pressure(2.6) is None  # nothing was answered since
    it.answered(13, 3.0)
    assert it.pressure(9.0) is None  # too long ago
