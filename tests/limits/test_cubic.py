import pytest

from agencia_async._limits.cubic import CubicPace


def use(cubic: CubicPace, now: float, seconds: float) -> float:
    """Send as fast as the curve allows for so long; the time then."""
    end = now + seconds
    while now < end:
        now += cubic.wait(now)
        cubic.sent(now)
    return now


def test_requests_leave_at_even_intervals() -> None:
    cubic = CubicPace(20, 1, now=5)
    assert cubic.wait(5) == 0
    cubic.sent(5)
    assert cubic.wait(5) == pytest.approx(0.05)
    assert cubic.wait(5.05) == 0


def test_one_that_is_late_is_caught_up_with_by_a_few_milliseconds() -> None:
    cubic = CubicPace(20, 1, now=0)
    cubic.sent(0)
    cubic.sent(0.053)
    assert cubic.wait(0.053) == pytest.approx(0.047, abs=1e-3)
    cubic.sent(9)
    assert cubic.wait(9) == pytest.approx(0.045, abs=1e-3)


@pytest.mark.parametrize(("window", "seconds"), [(1, 8), (30, 120)])
def test_without_a_ceiling_the_pace_doubles(window: float, seconds: float) -> None:
    cubic = CubicPace(20, window, now=0)
    assert cubic.is_near
    use(cubic, 0, seconds)
    assert cubic.pace == pytest.approx(40, rel=0.01)


def test_the_pace_grows_to_the_ceiling_stays_about_it_and_then_grows_ever_faster() -> None:
    cubic = CubicPace(20, 0, now=0)
    cubic.lower(0, cooldown=0.1)
    paces, now = [cubic.pace], 0.0
    for _ in range(5):
        now = use(cubic, now, 5)
        paces.append(cubic.pace)
    assert paces == pytest.approx([19.0, 19.88, 20.0, 20.5, 24.0, 33.5], rel=0.01)


def test_a_429_is_near_in_the_upper_half_only() -> None:
    cubic = CubicPace(20, 0, now=0)
    cubic.lower(0, cooldown=0.1)
    assert not cubic.is_near
    use(cubic, 0, 2.2)
    assert cubic.is_near


def test_the_pace_does_not_grow_while_nobody_uses_it() -> None:
    cubic = CubicPace(20, 1, now=0)
    for now in range(1, 100):
        cubic.sent(now)
    assert cubic.pace == 20


def test_a_limit_is_gone_when_much_more_is_accepted() -> None:
    cubic = CubicPace(20, 0, now=0)
    now = use(cubic, 0, 12)
    gone = [cubic.is_gone]
    now = use(cubic, now, 2)
    gone.append(cubic.is_gone)
    cubic.lower(now, cooldown=0.1)
    gone.append(cubic.is_gone)
    use(cubic, now, 26)
    assert [*gone, cubic.is_gone] == [False, True, False, True]


@pytest.mark.parametrize(
    ("pace", "window", "cooldown", "seconds"),
    [(20, 1, 0.1, 10), (20, 1, 2, 60), (20, 60, 0.1, 300), (1, 1, 1, 52.6)],
)
def test_what_costs_much_is_tried_seldom(pace: float, window: float, cooldown: float, seconds: float) -> None:
    cubic = CubicPace(pace, window, now=0)
    cubic.lower(0, cooldown)
    use(cubic, 0, seconds)
    assert cubic.pace == pytest.approx(pace, rel=0.002)


def test_what_is_rate_limited_is_the_mean_of_a_window() -> None:
    cubic = CubicPace(20, 2, now=0)
    now = use(cubic, 0, 8)
    assert cubic.pace == pytest.approx(40, rel=0.01)
    cubic.lower(now, cooldown=0.1)
    assert cubic.pace == pytest.approx(0.95 * 20 * 2 ** (7 / 8), rel=0.01)
    assert cubic.lowered == now


@pytest.mark.parametrize(("accepted", "pace"), [(10, 9.5), (1, 5.7), (30, 19)])
def test_what_was_accepted_counts_but_no_fall_is_too_deep(accepted: float, pace: float) -> None:
    cubic = CubicPace(20, 1, now=0)
    cubic.lower(0, 0.1, accepted)
    assert cubic.pace == pytest.approx(pace)


def test_a_known_limit_is_the_ceiling_but_not_confirmed() -> None:
    cubic = CubicPace(50, 1, now=0)
    cubic.limit_to(20, 3, cooldown=0.1)
    assert (cubic.pace, cubic.is_confirmed, cubic.is_near, cubic.lowered) == (19, False, False, 3)
    use(cubic, 3, 10)
    assert cubic.pace == pytest.approx(20, rel=0.01)
    cubic.lower(13, cooldown=0.1)
    assert cubic.is_confirmed


def test_the_pace_comes_to_no_standstill() -> None:
    cubic = CubicPace(20, 1, now=0, slowest=0.05)
    for now in range(20):
        cubic.lower(now, 0.1, 0.0)
    assert cubic.pace == 0.05
    assert CubicPace(0.01, 1, now=0, slowest=0.05).pace == 0.05
