import asyncio
import itertools
import logging
import math
from unittest.mock import Mock

import pytest

from agencia_async import AgenciaError, ConfigurationError, RateLimit, RateLimitedError
from agencia_async._concurrency.tasks import closed
from agencia_async._limits.adaptive import AdaptiveLimit
from agencia_async._limits.breaker import Breaker
from agencia_async._limits.circuits import Circuits
from agencia_async._limits.gate import Gate
from agencia_async._limits.rate_limit import Reservations
from agencia_async._limits.write_breaker import WriteBreaker
from agencia_async._protocol.headers import Quota
from tests.support.virtual import virtual_time

DEADLINE = 60.0


def clock() -> float:
    return asyncio.get_running_loop().time()


def gate(slots: int = 10, limit: RateLimit | None = None, reservations: Reservations | None = None) -> Gate:
    found = AdaptiveLimit(first_wait=0.5, longest_wait=20, patience=DEADLINE)
    if reservations is None and limit is not None:
        reservations = limit.open(clock, "account")
    circuits = Circuits(Breaker(slots, DEADLINE), WriteBreaker(slots, DEADLINE))
    return Gate(slots, found, clock, circuits, None if reservations is None else lambda: reservations)


async def through(it: Gate, left: float = DEADLINE, *, urgent: bool = True) -> int:
    """The number of a request that has passed."""
    return it.try_acquire() or (await it.acquire(left, urgent=urgent))[0]


class Crowd:
    """Requests that pass a gate one by one; remembers when, in which order, and what went wrong."""

    def __init__(self, it: Gate, seconds: float = 1.0) -> None:
        self.gate = it
        self.seconds = seconds
        self.passed: list[tuple[str, float]] = []
        self.failed: dict[str, AgenciaError] = {}
        self.most = self._in_flight = 0
        self.failed_at: dict[str, float] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def add(self, *names: str, urgent: bool = True, left: float = DEADLINE) -> None:
        for name in names:
            self.tasks.append(asyncio.create_task(self._pass(name, left, urgent=urgent)))

    async def _pass(self, name: str, left: float, *, urgent: bool) -> None:
        try:
            number = await through(self.gate, left, urgent=urgent)
        except AgenciaError as error:
            self.failed[name], self.failed_at[name] = error, clock()
            return
        self.passed.append((name, clock()))
        self._in_flight += 1
        self.most = max(self.most, self._in_flight)
        try:
            await asyncio.sleep(self.seconds)
            self.gate.accepted(number)
        finally:
            self._in_flight -= 1
            self.gate.release(number)

    async def over(self) -> None:
        await asyncio.gather(*self.tasks, return_exceptions=True)

    @property
    def names(self) -> str:
        return " ".join(name for name, _ in self.passed)

    @property
    def times(self) -> list[float]:
        return [time for _, time in self.passed]


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# --- slots ------------------------------------------------------------------------------------------------


@virtual_time
async def test_slots_bound_what_is_in_flight() -> None:
    crowd = Crowd(gate(2))
    crowd.add(*"abcde")
    await crowd.over()
    assert (crowd.most, crowd.names, crowd.times) == (2, "a b c d e", [0, 0, 1, 1, 2])


@virtual_time
async def test_the_urgent_go_first_and_each_kind_in_its_order() -> None:
    crowd = Crowd(gate(1))
    crowd.add(*"abc", urgent=False)
    await turns()
    crowd.add(*"XYZ")
    await crowd.over()
    assert crowd.names == "a X Y Z b c"


@virtual_time
async def test_an_endless_stream_of_the_urgent_leaves_bulk_reads_one_turn_in_ten() -> None:
    crowd = Crowd(gate(1))
    crowd.add(*"XX")
    crowd.add(*"abc", urgent=False)
    await turns()
    crowd.add(*"X" * 25)
    await crowd.over()
    assert crowd.names.replace(" ", "") == "XXXXXXXXXXaXXXXXXXXXbXXXXXXXXc"


@virtual_time
async def test_the_turns_of_bulk_reads_are_not_saved_up() -> None:
    crowd = Crowd(gate(1))
    crowd.add(*"X" * 25)
    await asyncio.sleep(20.5)
    crowd.add("a", urgent=False)
    await turns()
    crowd.add(*"Y" * 5)
    await crowd.over()
    assert crowd.names.replace(" ", "") == "X" * 25 + "Y" * 5 + "a"


@virtual_time
async def test_a_bulk_read_that_has_gone_saves_up_no_turn_either() -> None:
    crowd = Crowd(gate(1))
    crowd.add("a", "b", urgent=False)
    await turns()
    crowd.add(*"X" * 15)
    await asyncio.sleep(16.5)
    crowd.add("c", urgent=False)
    await turns()
    crowd.add(*"Y" * 5)
    await crowd.over()
    assert crowd.names.replace(" ", "") == "a" + "X" * 9 + "b" + "X" * 6 + "Y" * 5 + "c"


@virtual_time
async def test_to_wait_for_a_slot_does_not_count() -> None:
    crowd = Crowd(gate(1), seconds=5)
    crowd.add(*"ab")
    crowd.add("c", left=3)
    await crowd.over()
    assert (crowd.names, crowd.times, crowd.failed) == ("a b c", [0, 5, 10], {})


@virtual_time
async def test_who_gives_up_in_the_queue_takes_no_slot() -> None:
    crowd = Crowd(gate(1))
    crowd.add(*"abc")
    await turns()
    crowd.tasks[1].cancel()
    await crowd.over()
    assert (crowd.names, crowd.times) == ("a c", [0, 1])


@virtual_time
async def test_a_slot_that_was_granted_to_who_is_cancelled_in_that_very_turn_is_given_on() -> None:
    it = gate(1)
    crowd = Crowd(it)
    number = it.try_acquire()
    crowd.add(*"ab")
    await turns()
    it.release(number)
    crowd.tasks[0].cancel()
    await crowd.over()
    assert (crowd.names, crowd.times) == ("b", [0])


@virtual_time
async def test_nobody_is_granted_a_slot_or_failed_after_a_cancellation_in_that_very_turn() -> None:
    it = gate(1)
    crowd = Crowd(it)
    number = it.try_acquire()
    crowd.add(*"abc")
    await turns()
    crowd.tasks[0].cancel()
    it.release(number)
    await crowd.over()
    assert (crowd.names, crowd.times) == ("b c", [0, 1])
    number = it.try_acquire()
    crowd.add("d")
    await turns()
    crowd.tasks[3].cancel()
    await it.aclose(closed)
    await crowd.over()
    assert crowd.failed == {}


# --- a configured limit -------------------------------------------------------------------------------------


@virtual_time
async def test_a_limit_spaces_requests_evenly_and_an_urgent_one_gets_the_next_slot() -> None:
    crowd = Crowd(gate(limit=RateLimit(20, per=1)), seconds=0.01)
    crowd.add(*map(str, range(200)), urgent=False)
    await asyncio.sleep(1)
    crowd.add("urgent")
    await crowd.over()
    gaps = [later - earlier for earlier, later in itertools.pairwise(crowd.times)]
    assert gaps == pytest.approx([0.051] * 200)
    assert dict(crowd.passed)["urgent"] <= 1.051


@virtual_time
async def test_to_wait_for_ones_own_limit_does_not_count() -> None:
    it = gate(limit=RateLimit(1, per=100))
    await through(it)
    number, uncounted = await it.acquire(3, urgent=True)
    assert number == 2
    assert uncounted == pytest.approx(100.25)
    await asyncio.sleep(50)
    number, uncounted = await it.acquire(3, urgent=True)
    assert number == 3
    assert uncounted == pytest.approx(50.25)


class Scripted(Reservations):
    """Places after so many seconds each, once `ready` is set."""

    def __init__(self, *waits: float | None) -> None:
        self.waits = list(waits)
        self.asked = self.closed = 0
        self.ready = asyncio.Event()
        self.ready.set()

    async def reserve(self) -> float | None:
        self.asked += 1
        await self.ready.wait()
        if not self.waits:
            raise ZeroDivisionError
        return self.waits.pop(0)

    async def aclose(self) -> None:
        self.closed += 1


@virtual_time
async def test_one_reserves_at_a_time_and_the_reservation_is_for_whoever_stands_first_then() -> None:
    reservations = Scripted(5, 0, 0)
    reservations.ready.clear()
    crowd = Crowd(gate(reservations=reservations), seconds=0)
    crowd.add("a", "b", urgent=False)
    await turns()
    crowd.add("X")
    await turns()
    assert reservations.asked == 1
    reservations.ready.set()
    await crowd.over()
    assert (crowd.names, crowd.times, reservations.asked) == ("X a b", [5, 5, 5], 3)


@virtual_time
async def test_a_reservation_that_cannot_be_made_is_tried_again_each_second() -> None:
    reservations = Scripted(None, None, 0, 0)
    crowd = Crowd(gate(reservations=reservations), seconds=0)
    crowd.add("a", "b")
    await asyncio.sleep(1.5)
    assert (crowd.names, reservations.asked) == ("", 2)
    await crowd.over()
    assert (crowd.names, crowd.times, reservations.asked) == ("a b", [2, 2], 4)


@virtual_time
async def test_who_fails_while_no_reservation_can_be_made_fails_at_once() -> None:
    reservations = Scripted(*[None] * 9)
    it = gate(reservations=reservations)
    crowd = Crowd(it)
    crowd.add("a", "b")
    await asyncio.sleep(1.5)
    await it.aclose(closed)
    await crowd.over()
    assert crowd.failed_at == {"a": 1.5, "b": 1.5}
    assert (crowd.names, reservations.asked, reservations.closed) == ("", 2, 1)


@virtual_time
async def test_who_is_cancelled_while_no_reservation_can_be_made_leaves_it_to_the_next() -> None:
    reservations = Scripted(None, None, 0)
    crowd = Crowd(gate(reservations=reservations))
    crowd.add("a", "b")
    await asyncio.sleep(0.5)
    crowd.tasks[0].cancel()
    await crowd.over()
    assert (crowd.names, crowd.times) == ("b", [1.5])


@virtual_time
async def test_no_reservation_is_asked_for_while_no_slot_is_free() -> None:
    reservations = Scripted(0, 0)
    crowd = Crowd(gate(1, reservations=reservations), seconds=7)
    crowd.add("a", "b")
    await asyncio.sleep(6)
    assert reservations.asked == 1
    await crowd.over()
    assert (crowd.times, reservations.asked) == ([0, 7], 2)


@virtual_time
async def test_when_who_reserves_is_cancelled_the_next_one_does() -> None:
    reservations = Scripted(0)
    reservations.ready.clear()
    crowd = Crowd(gate(reservations=reservations))
    crowd.add("a", "b")
    await turns()
    crowd.tasks[0].cancel()
    await turns()
    assert reservations.asked == 2
    reservations.ready.set()
    await crowd.over()
    assert crowd.names == "b"


@virtual_time
async def test_when_who_is_to_reserve_is_cancelled_before_it_does_the_next_one_does() -> None:
    reservations = Scripted(0, 0, 0)
    it = gate(1, reservations=reservations)
    number = await through(it)
    crowd = Crowd(it)
    crowd.add("a", "b")
    await turns()
    it.release(number)
    crowd.tasks[0].cancel()
    await crowd.over()
    assert (crowd.names, reservations.asked) == ("b", 2)


@virtual_time
async def test_a_reservation_that_cannot_be_had_is_one_callers_fault_only() -> None:
    reservations = Scripted()
    it = gate(reservations=reservations)
    with pytest.raises(ZeroDivisionError):
        await through(it)
    reservations.waits = [0]
    assert await through(it) == 1


@virtual_time
async def test_a_reservation_is_kept_for_whoever_comes_until_its_time() -> None:
    reservations = Scripted(5, 5)
    crowd = Crowd(gate(reservations=reservations), seconds=0)
    crowd.add("a")
    await turns()
    crowd.tasks[0].cancel()
    await asyncio.sleep(1)
    crowd.add("b")
    await crowd.over()
    assert (crowd.names, crowd.times, reservations.asked) == ("b", [5], 1)


@virtual_time
async def test_a_reservation_that_nobody_used_is_not_used_late() -> None:
    reservations = Scripted(5, 3)
    crowd = Crowd(gate(reservations=reservations), seconds=0)
    crowd.add("a")
    await turns()
    crowd.tasks[0].cancel()
    await asyncio.sleep(9)
    crowd.add("b")
    await crowd.over()
    assert (crowd.times, reservations.asked) == ([12], 2)


@virtual_time
async def test_a_reservation_within_a_cooldown_is_dropped() -> None:
    reservations = Scripted(0, 5, 1, 9)
    it = gate(reservations=reservations)
    number = await through(it)
    crowd = Crowd(it, seconds=0)
    crowd.add("a", "b")
    await turns()
    it.rate_limited(number, 7)
    it.release(number)
    await crowd.over()
    assert (crowd.times, reservations.asked) == ([8, 17], 4)


@virtual_time
async def test_a_reservation_behind_a_cooldown_is_kept() -> None:
    reservations = Scripted(0, 9)
    it = gate(reservations=reservations)
    number = await through(it)
    crowd = Crowd(it, seconds=0)
    crowd.add("a")
    await turns()
    it.rate_limited(number, 7)
    it.release(number)
    await crowd.over()
    assert (crowd.times, reservations.asked) == ([9], 2)


@virtual_time
async def test_a_reservation_that_comes_within_a_cooldown_is_dropped_as_well() -> None:
    reservations = Scripted(0, 1, 2)
    it = gate(reservations=reservations)
    number = await through(it)
    crowd = Crowd(it, seconds=0)
    reservations.ready.clear()
    crowd.add("a")
    await turns()
    it.rate_limited(number, 7)
    it.release(number)
    reservations.ready.set()
    await crowd.over()
    assert (crowd.times, reservations.asked) == ([9], 3)


@virtual_time
async def test_a_reservation_before_the_panels_quota_is_full_again_is_dropped() -> None:
    reservations = Scripted(0, 5, 2)
    it = gate(reservations=reservations)
    number = await through(it)
    crowd = Crowd(it, seconds=0)
    crowd.add("a")
    await turns()
    it.quota_received(Quota(0, 7))
    it.accepted(number)
    it.release(number)
    await crowd.over()
    assert (crowd.times, reservations.asked) == ([9], 3)


async def left_behind_a_cooldown(it: Gate) -> Crowd:
    """A reservation was made within a cooldown, and whoever made it has gone."""
    number = await through(it)
    crowd = Crowd(it, seconds=0)
    crowd.add("a")
    await turns()
    it.rate_limited(number, 7)
    it.release(number)
    await asyncio.sleep(1)
    crowd.tasks[0].cancel()
    return crowd


@virtual_time
async def test_a_reservation_behind_a_cooldown_that_nobody_came_for_is_not_used_late() -> None:
    reservations = Scripted(0, 9, 3)
    it = gate(reservations=reservations)
    crowd = await left_behind_a_cooldown(it)
    await asyncio.sleep(19)
    crowd.add("b")
    await crowd.over()
    assert (crowd.names, crowd.times, reservations.asked) == ("b", [23], 3)


@virtual_time
async def test_a_reservation_behind_a_cooldown_is_kept_for_whoever_comes_by_its_time() -> None:
    reservations = Scripted(0, 9)
    it = gate(reservations=reservations)
    crowd = await left_behind_a_cooldown(it)
    await asyncio.sleep(7)
    crowd.add("b")
    await crowd.over()
    assert (crowd.names, crowd.times, reservations.asked) == ("b", [9], 2)


@virtual_time
async def test_a_reservation_that_comes_when_nobody_waits_any_more_is_not_used_late() -> None:
    reservations = Scripted(0, 1, 2)
    it = gate(reservations=reservations)
    number = await through(it)
    crowd = Crowd(it, seconds=0)
    reservations.ready.clear()
    crowd.add("a", left=3)
    await turns()
    it.rate_limited(number, 7)
    it.accepted(number)
    it.release(number)
    reservations.ready.set()
    await crowd.over()
    await asyncio.sleep(20)
    crowd.add("b")
    await crowd.over()
    assert (list(crowd.failed), crowd.times, reservations.asked) == (["a"], [22], 3)


# --- pauses -----------------------------------------------------------------------------------------------


@virtual_time
async def test_after_a_cooldown_one_goes_ahead_and_the_others_follow() -> None:
    it = gate()
    crowd = Crowd(it)
    it.rate_limited(it.try_acquire(), None)
    crowd.add(*"abc")
    await crowd.over()
    assert (crowd.names, crowd.times) == ("a b c", [0.5, 1.5, 1.5])


@virtual_time
async def test_a_probe_that_ends_without_an_answer_is_followed_by_another() -> None:
    it = gate()
    crowd = Crowd(it)
    it.rate_limited(it.try_acquire(), None)
    crowd.add(*"abc")
    await asyncio.sleep(1)
    crowd.tasks[0].cancel()
    await crowd.over()
    assert (crowd.names, crowd.times) == ("a b c", [0.5, 1, 2])


@virtual_time
async def test_a_probe_that_is_cancelled_in_the_very_turn_that_lets_it_go_is_followed_by_another() -> None:
    it = gate()
    crowd = Crowd(it)
    it.rate_limited(it.try_acquire(), None)
    crowd.add(*"ab")
    await turns()
    asyncio.get_running_loop().call_at(0.5, crowd.tasks[0].cancel)
    await crowd.over()
    assert (crowd.names, crowd.times) == ("b", [0.5])


@virtual_time
async def test_a_cooldown_ends_before_its_time_when_the_flight_is_accepted() -> None:
    it = gate()
    numbers = [it.try_acquire() for _ in range(10)]
    it.rate_limited(numbers[0], None)
    crowd = Crowd(it)
    crowd.add(*"abc")
    await asyncio.sleep(0.1)
    for number in numbers:
        it.release(number)
    for number in numbers[1:7]:
        it.accepted(number)
    await crowd.over()
    assert crowd.times == [0.1] * 3


@pytest.mark.parametrize(
    ("asked", "told"), [(70.0, "the panel asked to wait"), (None, "cooldown after 429 replies")]
)
def test_a_cooldown_beyond_the_deadline_is_not_waited_for(asked: float | None, told: str) -> None:
    @virtual_time
    async def check() -> None:
        it = gate(1)
        crowd = Crowd(it)
        number = it.try_acquire()
        crowd.add("a", left=0.4)
        await turns()
        it.rate_limited(number, asked)
        it.release(number)
        await turns()
        crowd.add("b", left=0.3)
        await turns()
        assert clock() == 0
        for error in crowd.failed.values():
            assert isinstance(error, RateLimitedError)
            assert told in str(error)
            assert (error.retry_after, error.sent) == (asked or 0.5, "no")
        assert crowd.failed.keys() == {"a", "b"}

    check()


@pytest.mark.parametrize("is_queued", [True, False])
@virtual_time
async def test_a_pause_is_waited_for_by_those_who_have_time_beyond_its_end(*, is_queued: bool) -> None:
    it = gate(1)
    crowd = Crowd(it)
    number = it.try_acquire()
    if not is_queued:
        it.rate_limited(number, 7)
    crowd.add("a", left=7)
    crowd.add("b", left=7.25)
    await turns()
    if is_queued:
        it.rate_limited(number, 7)
    it.release(number)
    await crowd.over()
    assert (crowd.names, crowd.times, crowd.failed_at) == ("b", [7], {"a": 0})


def limited(it: Gate, asked: float | None = None, *, late: int = 0) -> list[int]:
    """Ten requests are accepted and the next ten refused, but for those whose numbers it gives."""
    for number in [it.try_acquire() for _ in range(10)]:
        it.accepted(number)
        it.release(number)
    numbers = [it.try_acquire() for _ in range(10)]
    for number in numbers[late:]:
        it.rate_limited(number, asked)
        it.release(number)
    return numbers[:late]


@pytest.mark.parametrize(
    ("asked", "passed", "failed_at"), [(0.5, [0.5], {}), (30, [], {"a": 0}), (None, [0.5], {})]
)
@virtual_time
async def test_to_wait_behind_a_limit_that_is_found_does_not_count_but_where_the_panel_asks_for_longer(
    asked: float | None, passed: list[float], failed_at: dict[str, float]
) -> None:
    it = gate()
    limited(it, asked)
    crowd = Crowd(it)
    crowd.add("a", left=0.6 if asked else 0.1)
    await crowd.over()
    assert (crowd.times, crowd.failed_at) == (passed, failed_at)


@virtual_time
async def test_what_was_waited_while_it_did_not_count_is_left_when_it_counts_again() -> None:
    it = gate()
    for number in [it.try_acquire() for _ in range(10)]:
        it.accepted(number)
        it.release(number)
    *numbers, late = [it.try_acquire() for _ in range(10)]
    crowd = Crowd(it)
    crowd.add("a", left=30)
    await asyncio.sleep(5)
    for number in numbers:
        it.rate_limited(number, None)
    await asyncio.sleep(DEADLINE + 1)
    it.rate_limited(late, None)
    await crowd.over()
    assert str(crowd.failed["a"]) == "rate limited until the deadline"
    assert crowd.failed_at == {"a": 5 + 61 + 30}


@virtual_time
async def test_when_waiting_comes_to_count_within_a_pause_who_has_too_little_time_is_told_at_once() -> None:
    it = gate()
    [late] = limited(it, late=1)
    for _ in range(8):
        number = await through(it, math.inf)
        it.rate_limited(number, None)
        it.release(number)
    assert clock() == 0.5 + 0.5 + 2 + 4 + 8 + 16 + 20 + 9
    crowd = Crowd(it)
    crowd.add("a", left=5)
    crowd.add("b", left=25)
    await asyncio.sleep(DEADLINE + 1 - clock())  # the panel has accepted nothing for longer than a deadline
    it.rate_limited(late, None)
    it.release(late)
    await crowd.over()
    assert "cooldown after 429 replies: 19 s more" in str(crowd.failed["a"])
    assert (crowd.failed_at, crowd.times) == ({"a": 61}, [80])


@virtual_time
async def test_timers_are_set_for_no_single_one_of_many_that_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    timers = Mock(wraps=loop.call_at)
    monkeypatch.setattr(loop, "call_at", timers)
    it = gate()
    numbers = [it.try_acquire() for _ in range(10)]
    crowd = Crowd(it)
    crowd.add(*map(str, range(500)))
    await turns()
    assert timers.call_count == 0
    it.rate_limited(numbers[0], None)
    for number in numbers[1:7]:
        it.accepted(number)
    assert timers.call_count == 1
    it.release(numbers[0])
    await turns()
    assert crowd.names == "0"


@virtual_time
async def test_a_probe_is_waited_for_until_the_deadline() -> None:
    it = gate()
    it.rate_limited(it.try_acquire(), None)
    crowd = Crowd(it, seconds=9)
    crowd.add("a")
    crowd.add("b", left=3)
    await crowd.over()
    error = crowd.failed["b"]
    assert isinstance(error, RateLimitedError)
    assert str(error) == "rate limited until the deadline"
    assert crowd.names == "a"


@virtual_time
async def test_a_cooldown_counts_although_waiting_for_a_limit_does_not() -> None:
    it = gate(limit=RateLimit(1, per=100))
    number = await through(it)
    crowd = Crowd(it, seconds=50)
    crowd.add("a", left=30)
    await asyncio.sleep(50)
    it.rate_limited(number, 60)
    await turns()
    assert "to wait 60 s more" in str(crowd.failed["a"])


@virtual_time
async def test_a_limit_that_is_discovered_is_logged_and_waiting_for_it_does_not_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "agencia_async")
    it = gate()
    for number in [it.try_acquire() for _ in range(10)]:
        it.accepted(number)
        it.release(number)
    for number in [it.try_acquire() for _ in range(10)]:
        it.rate_limited(number, None)
        it.release(number)
    crowd = Crowd(it, seconds=0.05)
    crowd.add(*map(str, range(50)), left=1)
    await crowd.over()
    assert (crowd.failed, len(crowd.passed)) == ({}, 50)
    assert crowd.times[-1] > 2
    crowd.add(*map(str, range(2000)), left=1e9)
    await crowd.over()
    assert caplog.messages == [
        "discovered a rate limit of about 18.2 requests per second",
        "the discovered rate limit no longer applies",
    ]


@virtual_time
async def test_a_limit_is_found_although_requests_come_one_by_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "agencia_async")
    it = gate()
    for is_limited in (False, True, True, True, False):
        number = await through(it)
        if is_limited:
            it.rate_limited(number, None)
        else:
            it.accepted(number)
        it.release(number)
    assert caplog.messages == ["discovered a rate limit of about 0.286 requests per second"]


# --- the end ----------------------------------------------------------------------------------------------


@virtual_time
async def test_those_who_wait_are_told_of_the_end() -> None:
    reservations = Scripted(0, 1000)
    it = gate(reservations=reservations)
    await through(it)
    crowd = Crowd(it)
    crowd.add(*"ab")
    await turns()
    await it.aclose(closed)
    await crowd.over()
    assert {type(error) for error in crowd.failed.values()} == {ConfigurationError}
    assert (len(crowd.failed), reservations.closed, clock()) == (2, 1, 0)


@virtual_time
async def test_deadlines_of_those_who_went_are_forgotten() -> None:
    it = gate(1)
    crowd = Crowd(it, seconds=0.01)
    for start in range(0, 1000, 50):
        crowd.add(*map(str, range(start, start + 50)))
        await asyncio.sleep(0.51)
    await crowd.over()
    assert len(crowd.passed) == 1000
    assert len(it._deadlines._heap) <= 2 * 50 + 64  # noqa: SLF001 - no public way to see what is kept
