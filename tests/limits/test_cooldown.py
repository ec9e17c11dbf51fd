import math

from agencia_async._limits.cooldown import Cooldown


def test_nothing_leaves_until_the_end_and_one_probe_until_it_is_answered() -> None:
    pause = Cooldown(20.0)
    assert (pause.is_on, pause.wait(0)) == (False, 0)
    pause.left(1)
    pause.begin(10, 1, 2, None)
    assert (pause.is_on, pause.asked, pause.wait(10.5)) == (True, False, 1.5)
    assert pause.wait(12) == 0
    pause.left(2)
    assert pause.wait(13) == math.inf
    pause.accepted(1)
    assert pause.wait(13) == math.inf
    pause.accepted(2)
    assert (pause.is_on, pause.wait(13)) == (False, 0)


def test_an_own_pause_doubles_with_each_probe_that_is_refused_up_to_a_bound() -> None:
    pause = Cooldown(5.0)
    now, lengths = 0.0, []
    for number in range(1, 6):
        pause.begin(now, number, 1, None)
        lengths.append(pause.until - now)
        now = pause.until
        pause.left(number + 1)
    assert lengths == [1, 2, 4, 5, 5]
    pause.begin(now, 2, 1, None)
    assert pause.until - now == 1


def test_the_panel_is_obeyed_in_place_of_an_own_pause() -> None:
    pause = Cooldown(20.0)
    pause.begin(0, 1, 2, 7)
    assert (pause.asked, pause.until) == (True, 7)
    pause.begin(10, 1, 2, 0)
    assert (pause.is_on, pause.wait(10)) == (False, 0)


def test_a_later_answer_can_only_make_it_longer() -> None:
    pause = Cooldown(20.0)
    pause.begin(0, 1, 2, None)
    pause.hold(0, 1)
    assert (pause.asked, pause.until) == (False, 2)
    pause.hold(1, 9)
    assert (pause.asked, pause.until) == (True, 10)
    pause.end()
    pause.hold(1, 0)
    assert not pause.is_on


def test_a_probe_without_an_answer_makes_room_for_another() -> None:
    pause = Cooldown(20.0)
    pause.begin(0, 1, 2, None)
    pause.left(2)
    pause.abandoned(1)
    assert pause.wait(2) == math.inf
    pause.abandoned(2)
    assert pause.wait(2) == 0
