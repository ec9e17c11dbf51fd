import math
from random import Random

import pytest

from agencia_async._limits.adaptive import AdaptiveLimit
from agencia_async._limits.flight import is_significant


class Line:
    """Numbers the requests of a client, and tells what became of them."""

    def __init__(
        self, first_wait: float = 0.5, longest_wait: float = 20, *, is_configured: bool = False
    ) -> None:
        self.found = AdaptiveLimit(
            first_wait=first_wait, longest_wait=longest_wait, patience=60, is_configured=is_configured
        )
        self.now = 0.0
        self.last = 0
        self.in_flight: list[int] = []

    def leave(self, count: int = 1) -> list[int]:
        numbers = list(range(self.last + 1, self.last + count + 1))
        for number in numbers:
            self.last = number
            self.in_flight.append(number)
            self.found.sent(number, self.now)
        return numbers

    def accept(self, *numbers: int) -> None:
        for number in numbers:
            self.found.accepted(number, self.now)
            self.in_flight.remove(number)

    def refuse(self, *numbers: int, asked: float | None = None) -> None:
        for number in numbers:
            count = len(self.in_flight)
            self.found.rate_limited(number, last=self.last, in_flight=count, now=self.now, asked=asked)
            self.in_flight.remove(number)

    def burst(self, accepted: int = 20, refused: int = 10) -> None:
        """A panel's limit is used up within a tenth of a second."""
        self.accept(*self.leave(accepted))
        self.now += 0.1
        self.refuse(*self.leave(refused))

    def probe(self, *, accepted: bool) -> None:
        """Wait for the end of the pause, and send one ahead."""
        self.now += self.found.wait(self.now)
        numbers = self.leave()
        assert self.found.wait(self.now) == math.inf
        if accepted:
            self.accept(*numbers)
        else:
            self.refuse(*numbers)

    def paced(self, answers: str) -> None:
        """Requests at the pace that was found, accepted (.) or refused (x)."""
        for answer in answers:
            self.now += self.found.wait(self.now)
            numbers = self.leave()
            if answer == ".":
                self.accept(*numbers)
            else:
                self.refuse(*numbers)

    @property
    def pace(self) -> float:
        assert self.found.cubic is not None
        return self.found.cubic.pace


def limited() -> Line:
    """A client that has found a limit of 20 a second, and is at half the way to it."""
    line = Line()
    line.burst()
    line.now = 0.95
    line.found.cooldown.until = line.now
    line.probe(accepted=True)
    return line


@pytest.mark.parametrize(
    ("refused", "answers", "told"),
    [(2, 3, False), (3, 3, True), (3, 4, False), (4, 5, True), (4, 10, False), (5, 10, True), (13, 50, True)],
)
def test_three_429s_and_a_fifth_of_the_others_are_significant(
    refused: int, answers: int, *, told: bool
) -> None:
    assert is_significant(refused, answers) is told


@pytest.mark.parametrize("answers", [3, 4, 5, 10, 20, 50])
def test_one_stray_in_ten_is_hardly_ever_taken_for_a_limit(answers: int) -> None:
    refused = [1 + sum(chance < 0.1 for chance in draws) for draws in _draws(answers - 1)]
    assert sum(is_significant(one, answers) for one in refused) <= 0.015 * len(refused)


def _draws(count: int) -> list[list[float]]:
    random = Random(1)
    return [[random.random() for _ in range(count)] for _ in range(4000)]


def test_nothing_is_held_back_as_long_as_nothing_is_refused() -> None:
    line = Line()
    for _ in range(1000):
        line.accept(*line.leave(10))
    assert (line.found.free, line.found.wait(line.now), line.found.counts(line.now)) == (True, 0, True)


def test_a_flight_that_is_rate_limited_shows_a_limit_whose_pace_is_what_was_accepted_by_then() -> None:
    line = Line()
    line.burst()
    assert (line.found.is_limited, line.found.cubic, line.found.wait(line.now)) == (True, None, 0.5)
    line.probe(accepted=False)
    assert line.found.wait(line.now) == pytest.approx(0.4)  # a second after the first one was accepted
    line.probe(accepted=True)
    assert line.now == pytest.approx(1.0)
    assert line.pace == pytest.approx(0.95 * 20 / 1.02)
    assert not line.found.cooldown.is_on


def test_a_limit_by_the_minute_is_found_as_well() -> None:
    line = Line()
    line.burst(accepted=60)
    for _ in range(6):
        line.probe(accepted=False)
    line.probe(accepted=True)
    assert line.now == pytest.approx(49.1)
    assert line.pace == pytest.approx(60 / 49.1)


def test_a_limit_by_the_minute_is_tried_when_the_minute_is_over() -> None:
    line = Line()
    line.burst(accepted=60)
    for _ in range(7):
        line.probe(accepted=False)
    line.probe(accepted=True)
    assert line.now == pytest.approx(60)
    assert line.pace == pytest.approx(0.95 * 60 / 60.25)


def test_what_was_slow_before_the_burst_does_not_count() -> None:
    line = Line()
    for _ in range(100):
        line.accept(*line.leave())
        line.now += 1
    begun = line.now
    line.burst()
    line.probe(accepted=True)
    assert line.pace == pytest.approx(20 / (line.now - begun))


def test_a_stray_ends_its_cooldown_as_soon_as_its_flight_says_so() -> None:
    line = Line()
    first, *others = line.leave(10)
    line.refuse(first)
    assert line.found.wait(line.now) == 0.5
    line.accept(*others[:5])
    assert line.found.wait(line.now) == 0.5
    line.accept(others[5])
    assert (line.found.free, line.found.wait(line.now)) == (True, 0)


def test_a_cooldown_that_the_panel_asks_for_is_kept_even_so() -> None:
    line = Line()
    first, second, *others = line.leave(10)
    line.refuse(first, asked=3)
    line.refuse(second, asked=5)
    line.accept(*others)
    assert not line.found.is_limited
    assert line.found.wait(line.now) == 5
    line.probe(accepted=True)
    assert line.found.free


def test_a_small_flight_proves_nothing_but_three_429s_in_a_row_do() -> None:
    line = Line()
    line.accept(*line.leave(8))
    line.refuse(*line.leave(2))
    assert not line.found.is_limited
    line.probe(accepted=False)
    assert line.found.is_limited


def test_nor_does_a_small_flight_but_five_of_ten_answers_do() -> None:
    line = Line()
    for accepted in (3, 1, 1, 0, 0):
        assert not line.found.is_limited
        line.accept(*line.leave(accepted))
        line.now += line.found.wait(line.now)
        numbers = line.leave()
        line.refuse(*numbers)
        if accepted:
            line.probe(accepted=True)
    assert line.found.is_limited


def test_without_a_wait_of_its_own_a_client_cooldown_once_there_is_a_limit() -> None:
    line = Line(first_wait=0)
    line.accept(*line.leave(20))
    numbers = line.leave(10)
    line.refuse(*numbers[:4])
    assert (line.found.free, line.found.wait(line.now)) == (True, 0)
    line.refuse(*numbers[4:])
    assert line.found.wait(line.now) == 0.1
    line.probe(accepted=False)
    assert line.found.wait(line.now) == pytest.approx(0.2)


def test_a_limit_without_anything_accepted_before_it_begins_slowly() -> None:
    line = Line()
    line.burst(accepted=0)
    line.probe(accepted=True)
    assert line.pace == pytest.approx(1)


def test_a_429_near_the_ceiling_lowers_the_pace_and_costs_a_short_pause() -> None:
    line = limited()
    assert line.pace == pytest.approx(21.05, rel=0.01)
    line.paced("." * 20 + "x")
    assert line.pace == pytest.approx(0.95 * 21.05, rel=0.1)
    assert line.found.wait(line.now) == pytest.approx(2 / 21.05, rel=0.1)
    before = line.pace
    line.paced("." * 250 + "x")
    assert line.pace == pytest.approx(before, rel=0.1)
    assert line.found.is_limited


def test_late_429s_lower_it_no_further() -> None:
    line = limited()
    line.now += line.found.wait(line.now)
    numbers = line.leave(3)
    line.refuse(numbers[0])
    pace = line.pace
    line.refuse(*numbers[1:], asked=1)
    assert line.pace == pace
    assert line.found.wait(line.now) == 1


def test_a_limit_that_has_fallen_is_followed() -> None:
    line = limited()
    line.paced("x" + ".x" * 3)
    assert line.pace < 14
    assert line.found.is_limited


def test_429s_far_below_the_ceiling_end_the_limit() -> None:
    line = limited()
    line.paced("x" + "." * 250 + "x")
    pace = line.pace
    line.paced(("." * 9 + "x") * 2)
    assert line.pace == pytest.approx(pace, rel=0.05)
    line.paced("." * 9 + "x")
    assert (line.found.is_limited, line.found.cubic) == (False, None)


def test_a_ceiling_that_was_too_high_in_the_beginning_comes_down_and_the_limit_stays() -> None:
    line = limited()
    line.paced("x")
    pace = line.pace
    line.paced("." * 12 + "x")
    assert line.found.is_limited
    assert line.pace == pytest.approx(0.95 * pace, rel=0.02)
    line.paced("." * 250 + "x" + "." * 250)
    assert line.found.is_limited


def test_a_limit_that_is_discovered_again_at_once_is_believed_for_longer() -> None:
    line = limited()
    line.paced("x" + ("." * 9 + "x") * 3)
    line.probe(accepted=True)
    line.burst()
    line.probe(accepted=True)
    line.paced("x" + ("." * 9 + "x") * 3)
    assert line.found.is_limited


def test_a_limit_that_is_no_longer_kept_is_left() -> None:
    line = limited()
    line.paced("." * 2000)
    assert line.found.free


def test_waiting_for_a_slot_does_not_count_nor_does_an_own_cooldown_behind_a_limit() -> None:
    line = Line()
    line.accept(*line.leave(20))
    line.refuse(line.leave(3)[0])
    assert line.found.counts(line.now)
    line = Line()
    line.burst()
    assert not line.found.counts(line.now)
    assert line.found.counts(line.now + 61)
    line.probe(accepted=True)
    assert not line.found.counts(line.now + 61)


def test_where_nothing_was_ever_accepted_all_waiting_counts() -> None:
    line = Line()
    line.burst(accepted=0)
    assert line.found.counts(line.now)
    line.found.abandoned(line.last)
    assert line.found.counts(line.now)


def test_the_reported_quota_is_kept_to_and_forgotten_at_its_end() -> None:
    line = Line()
    line.accept(*line.leave())
    line.found.quota_received(3, 30, in_flight=0, now=line.now)
    assert (line.found.free, line.found.wait(line.now), line.found.until) == (False, 0, 0)
    line.leave(3)
    assert (line.found.wait(line.now), line.found.until, line.found.is_asked) == (30, 30, True)
    line.now = 30.0
    line.leave()
    assert (line.found.free, line.found.is_limited) == (True, False)


def test_the_longer_of_two_waits_counts() -> None:
    line = Line()
    line.refuse(*line.leave())
    line.found.quota_received(0, 30, in_flight=0, now=line.now)
    assert (line.found.wait(line.now), line.found.until, line.found.is_asked) == (30, 30, True)
    line = limited()
    line.found.quota_received(0, 30, in_flight=0, now=line.now)
    assert line.found.wait(line.now) == 30


@pytest.mark.parametrize(("answers", "cooldown"), [(5, 0.5), (20, 0.1), (0, 0.5)])
def test_under_a_limit_that_is_configured_a_429_costs_two_intervals_as_soon_as_the_pace_is_seen(
    answers: int, cooldown: float
) -> None:
    line = Line(is_configured=True)
    for _ in range(answers):
        line.accept(*line.leave())
        line.now += 0.05
    line.refuse(*line.leave())
    assert line.found.wait(line.now) == pytest.approx(cooldown)


def test_under_a_slow_limit_that_is_configured_it_costs_no_more_than_the_first_wait() -> None:
    line = Line(is_configured=True)
    for _ in range(20):
        line.accept(*line.leave())
        line.now += 10
    line.refuse(*line.leave())
    assert line.found.wait(line.now) == 0.5


def test_a_limit_is_kept_to_where_the_policy_has_no_waits() -> None:
    line = Line(first_wait=0, longest_wait=0)
    line.burst()
    line.now = 0.95
    line.found.cooldown.until = line.now
    line.probe(accepted=True)
    assert line.pace == pytest.approx(21.05, rel=0.01)


def test_a_panel_that_refuses_every_other_request_by_chance_brings_nothing_to_a_standstill() -> None:
    random = Random(1)
    line = limited()
    longest = 0.0
    for _ in range(3000):
        wait = line.found.wait(line.now)
        longest = max(longest, wait)
        line.now += wait
        numbers = line.leave()
        (line.accept if random.random() < 0.5 else line.refuse)(*numbers)
    assert round(longest, 9) <= 20


# --- small and odd limits ----------------------------------------------------------------------------------


def rounds(line: Line, counts: list[int]) -> None:
    """One connection: so many requests are accepted, then there is a 429."""
    for count in counts:
        line.accept(*line.leave())  # after a cooldown the probe
        for _ in range(count - 1):
            line.accept(*line.leave())
        line.refuse(*line.leave())
        line.now += line.found.wait(line.now)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([20] * 7, True),
        ([20] * 6, False),
        ([20, 8, 20, 19, 16, 9, 20], True),
        ([20, 7, 20, 19, 16, 9, 20], False),
        ([50, 1, *[20] * 6], False),
        ([50, 1, *[20] * 7], True),
    ],
)
def test_429s_at_regular_intervals_show_a_limit_to_a_single_connection(
    counts: list[int], *, told: bool
) -> None:
    line = Line()
    rounds(line, counts)
    assert line.found.is_limited is told


def test_chance_hardly_ever_looks_regular() -> None:
    random = Random(1)
    found = 0
    for _ in range(200):
        line = Line()
        for _ in range(20):
            rounds(line, [1 + int(random.expovariate(0.1))])
            if line.found.is_limited:
                found += 1
                break
    assert found <= 0.05 * 200


def test_the_regular_intervals_before_a_limit_do_not_count_again() -> None:
    line = Line()
    rounds(line, [20] * 7)
    line.paced("." * 2000)
    assert line.found.free
    rounds(line, [20])
    assert not line.found.is_limited


def bucket_of_a_minute() -> Line:
    """A token bucket, one a second: the burst makes the first pace 60 a second."""
    line = Line()
    line.burst(accepted=60)
    line.probe(accepted=False)
    line.probe(accepted=True)
    assert line.now == 1
    assert line.pace == pytest.approx(0.95 * 60 / 1.02)
    return line


def test_two_429s_too_early_for_the_period_lower_the_pace_to_what_was_accepted_since_the_first() -> None:
    line = bucket_of_a_minute()
    line.now += 0.1
    line.refuse(*line.leave())
    assert line.pace > 50  # one may be an isolated one
    line.now = 2.1
    line.paced("..x")
    accepted = (1 + 2 + 1) / (line.now - 0.1)
    assert line.pace == pytest.approx(0.95 * accepted)
    line.paced("." * 20 + "x")
    assert line.pace == pytest.approx(0.95 * (23 + 1) / (line.now - 0.1), rel=0.1)


def test_whoever_accepts_as_much_as_before_counts_in_windows() -> None:
    line = Line()
    line.burst(accepted=60)
    line.now = 30.1
    line.found.cooldown.until = line.now
    line.probe(accepted=True)
    resumed = line.now
    line.paced("." * 60 + "x")
    pace = line.pace
    assert pace > 1.9  # a full period, so that it is an ordinary 429
    while line.now < 65:
        line.paced("x")
    assert line.pace == pytest.approx(0.95 * 61 / (line.now - resumed), rel=0.1)


def test_an_unconfirmed_pace_is_not_lowered_by_a_probe_that_says_nothing_new() -> None:
    line = limited()
    line.paced("." * 20 + "x")
    pace = line.pace
    line.paced("x")
    assert line.pace == pace


def test_behind_a_limit_the_cooldowns_grow_with_the_silence() -> None:
    line = Line()
    line.burst(accepted=1000)
    probes = 0
    while line.now + line.found.wait(line.now) < 3600:
        line.probe(accepted=False)
        probes += 1
    line.now += line.found.wait(line.now)
    assert line.now == 3600  # an hour after the first one
    assert probes <= 30
    assert not line.found.counts(line.now)
    line.accept(*line.leave())
    assert line.pace == pytest.approx(0.95 * 1000 / 3600, rel=0.001)


@pytest.mark.parametrize(("accepted", "counts"), [(29, True), (30, False)])
def test_an_hour_of_silence_is_expected_only_where_much_was_accepted(accepted: int, *, counts: bool) -> None:
    line = Line()
    line.burst(accepted=accepted)
    assert line.found.counts(line.now + 3599) is counts
    assert line.found.counts(line.now + 3601)


def test_a_cooldown_that_the_panel_asks_for_makes_the_pace_rise_slowly() -> None:
    def at(asked: float | None) -> float:
        line = Line()
        line.accept(*line.leave(20))
        line.now = 0.1
        line.refuse(*line.leave(10), asked=asked)
        line.now = 1.1
        line.accept(*line.leave())
        line.paced("." * 100)
        return line.pace

    assert at(None) == pytest.approx(20 / 1.02, rel=0.01)
    assert at(1) < 0.98 * 20 / 1.02


def test_a_burst_that_fell_into_two_windows_is_counted_again() -> None:
    line = Line()
    line.burst(accepted=40)
    line.now = 1.0
    line.found.cooldown.until = line.now
    line.probe(accepted=True)
    assert line.pace == pytest.approx(0.95 * 40 / 1.02)
    line.now = 1.05
    line.paced("." * 21 + "x")
    assert line.pace == pytest.approx(0.95 * 23 / 1.02)


def test_what_a_web_server_lets_through_is_the_first_pace_and_is_doubted_like_any_other() -> None:
    limit = AdaptiveLimit(first_wait=0.5, longest_wait=20, patience=60)
    limit.overloaded(10.0, 1.0, 5.0)
    assert limit.is_limited
    assert limit.cubic is not None
    assert limit.cubic.pace == 10.0
    for now in (6.0, 6.1, 6.2):
        limit.overloaded(100.0, 1.0, now)
    assert limit.cubic is not None
    assert limit.cubic.pace < 10.0
