"""The circuit breaker of writes, told what happened and when."""

import math

import pytest

from agencia_async._limits.write_breaker import WriteBreaker


def alone(it: WriteBreaker, number: int, now: float = 0.0) -> bool:
    """A write is sent alone and has an unknown outcome; whether that ends the writes."""
    assert it.allows(0, now)
    it.sent(number)
    return it.unknown(number, now, "a page")


def test_after_an_unknown_write_none_is_sent_until_something_later_is_answered() -> None:
    it = WriteBreaker(10, 60.0)
    assert not it.unknown(5, 1.0, "reset")
    assert "the outcome of the last write is unknown (reset)" in str(it.error())
    assert not it.allows(0, 1.0)
    it.answered(4, is_write=False)
    assert not it.allows(0, 1.0)
    it.answered(6, is_write=False)
    assert [it.allows(in_flight, 1.0) for in_flight in (0, 1)] == [True, False]


def test_what_was_answered_before_the_outcome_was_known_counts() -> None:
    it = WriteBreaker(10, 60.0)
    it.answered(6, is_write=False)
    it.unknown(5, 1.0, "timeout")
    assert [it.allows(in_flight, 1.0) for in_flight in (0, 1)] == [True, False]
    assert not it.needs_answer([])


def test_answered_writes_widen_the_window_by_one_each() -> None:
    it = WriteBreaker(4, 60.0)
    it.unknown(1, 1.0, "reset")
    it.answered(2, is_write=True)
    assert [it.allows(in_flight, 1.0) for in_flight in (1, 2)] == [True, False]
    assert not it.is_free(1.0)
    for number in (3, 4, 5):
        it.answered(number, is_write=True)
    assert it.is_free(1.0)
    assert [it.allows(in_flight, 1.0) for in_flight in (3, 4)] == [True, False]


def test_a_late_answer_of_a_write_does_not_end_the_hold() -> None:
    it = WriteBreaker(4, 60.0)
    it.unknown(5, 1.0, "reset")
    it.answered(3, is_write=True)
    assert not it.allows(0, 1.0)


def test_an_answer_is_looked_for_if_nothing_in_flight_can_be_one() -> None:
    it = WriteBreaker(10, 60.0)
    assert not it.needs_answer([])
    it.unknown(5, 1.0, "reset")
    assert it.needs_answer([])
    assert it.needs_answer([3, 4])
    assert not it.needs_answer([3, 6])
    assert it.probe_at == 1.0
    it.probe_failed(1.0)
    assert (it.probe_at, it.next_at(1.0)) == (1.5, 1.5)
    it.probe_failed(2.0)
    assert it.probe_at == pytest.approx(2.65)
    for _ in range(20):
        it.probe_failed(2.0)
    assert it.probe_at == 7.0


def test_without_an_answer_for_a_whole_deadline_no_write_waits() -> None:
    it = WriteBreaker(10, 60.0)
    it.unknown(5, 1.0, "reset")
    assert not it.fails_at_once(60.9)
    assert it.next_at(2.0) == 61.0
    assert it.fails_at_once(61.0)
    assert it.fails_at_once(90.9)
    assert not it.fails_at_once(91.0)  # who comes then waits for an answer again
    assert it.next_at(91.0) == 151.0
    assert it.fails_at_once(151.0)
    it.answered(6, is_write=False)
    assert it.allows(0, 181.0)
    assert it.next_at(181.0) == math.inf


def test_eight_unknown_writes_in_a_row_two_of_them_alone_end_the_rest() -> None:
    it = WriteBreaker(10, 60.0)
    for number in range(1, 11):  # all that were in flight
        assert not it.unknown(number, 1.0, "a page")
    it.answered(11, is_write=False)
    assert not it.allows(0, 1.4)
    assert not alone(it, 12, 1.5)
    it.answered(13, is_write=False)
    assert it.next_at(1.5) == pytest.approx(1.5 + 0.65)
    assert alone(it, 14, 3.0)
    assert it.fails_at_once(32.9)
    assert str(it.error()) == "not sent: the outcome of each of the last 12 writes is unknown (a page)"
    assert it.error().sent == "no"
    it.answered(15, is_write=False)
    assert not it.allows(0, 32.9)
    assert not it.fails_at_once(33.0)
    assert it.allows(0, 33.0)
    it.sent(16)
    it.answered(16, is_write=True)
    assert not it.fails_at_once(33.0)


def test_one_at_a_time_eight_of_them_end_the_rest() -> None:
    it = WriteBreaker(1, 60.0)
    ends = []
    for number in range(1, 16, 2):
        ends.append(alone(it, number, 10.0 * number))
        it.answered(number + 1, is_write=False)
    assert ends == [False] * 7 + [True]


def test_an_answered_write_in_between_ends_nothing() -> None:
    it = WriteBreaker(1, 60.0)
    for number in range(1, 40, 3):
        assert not alone(it, number)
        it.answered(number + 1, is_write=False)
        it.sent(number + 2)
        it.answered(number + 2, is_write=True)


def test_writes_that_collide_are_sent_one_at_a_time_for_a_while() -> None:
    it = WriteBreaker(10, 60.0)
    assert it.collided(0.0)
    assert not it.collided(1.0)  # the others that were in flight
    assert [it.allows(in_flight, 1.0) for in_flight in (0, 1)] == [True, False]
    assert not it.is_free(599.0)
    assert it.next_at(1.0) == 600.0
    assert it.allows(9, 600.0)
    assert it.is_free(600.0)
    assert it.collided(601.0)
    assert not it.allows(1, 601.0 + 1199)
    for start in (2000.0, 5000.0, 9000.0):
        assert it.collided(start)
    assert it.next_at(9000.0) == 9000.0 + 3600
