"""When ids are due, and what a batch is filled up with."""

import math
import time
from random import Random

import pytest

from agencia_async._watch.schedule import Intervals, Schedule

DEFAULT = Intervals(5.0, 3600.0)


@pytest.mark.parametrize(
    ("age", "interval"),
    [(0, 5), (5, 5), (6, 6), (12.5, 12.5), (13, 12.5), (80, 12.5), (100, 15), (1000, 150), (10**5, 3600)],
)
def test_an_interval_is_a_share_of_the_age(age: float, interval: float) -> None:
    assert DEFAULT.after(age) == interval


def test_the_bounds_hold_where_they_meet() -> None:
    assert [Intervals(7, 7).after(age) for age in (0, 10, 10_000)] == [7, 7, 7]


def looks(until: float, intervals: Intervals = DEFAULT) -> list[float]:
    times = [0.0]
    while times[-1] < until:
        times.append(times[-1] + intervals.after(times[-1]))
    return times


def test_the_looks_at_one_order() -> None:
    assert looks(60) == [0, 5, 10, 20, 32.5, 45, 57.5, 70]


def test_nothing_is_due_before_its_time() -> None:
    schedule = Schedule()
    schedule.put("a", 10)
    assert (schedule.take(9.9, 100), schedule.next_at(), len(schedule)) == ([], 10, 1)
    assert (schedule.take(10, 100), schedule.next_at(), len(schedule)) == (["a"], math.inf, 0)
    assert schedule.take(11, 100) == []


def test_a_batch_is_filled_up_with_what_is_due_next() -> None:
    schedule = Schedule()
    for key, due in {"c": 3, "a": 1, "d": 4, "b": 2}.items():
        schedule.put(key, due)
    assert schedule.take(1, 3) == ["a", "b", "c"]
    assert schedule.next_at() == 4


def test_another_time_replaces_the_first() -> None:
    schedule = Schedule()
    schedule.put("a", 1)
    schedule.put("b", 2)
    schedule.put("a", 3)
    assert (schedule.next_at(), len(schedule)) == (2, 2)
    assert schedule.take(2, 100) == ["b", "a"]


def test_what_is_discarded_is_never_due() -> None:
    schedule = Schedule()
    for key in "abc":
        schedule.put(key, 1)
    schedule.discard("a")
    schedule.discard("nothing")
    assert schedule.take(1, 100) == ["b", "c"]
    schedule.put("a", 1)
    schedule.discard("a")
    assert schedule.next_at() == math.inf


def test_the_heap_does_not_grow_with_what_is_void() -> None:
    schedule = Schedule()
    for time_ in range(10_000):
        schedule.put("a", time_)
        schedule.put("b", time_)
    assert len(schedule._heap) <= 2 * 2 + 64  # noqa: SLF001 - what it is about
    assert schedule.take(9_999, 100) == ["a", "b"]


def test_a_look_at_many_is_fast() -> None:
    schedule, chance = Schedule(), Random(1)
    for number in range(100_000):
        schedule.put(str(number), chance.random() * 3600)
    best = math.inf
    for _ in range(20):
        began = time.perf_counter()
        batch = schedule.take(3600, 100)
        best = min(best, time.perf_counter() - began)
        assert len(batch) == 100
    assert best < 0.005
