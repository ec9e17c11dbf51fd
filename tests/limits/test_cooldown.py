import math

from agencia_async._limits.cooldown import Cooldown


def test_nothing_leaves_until_the_end_and_one_probe_until_it_is_answered() -> None:
    cooldown = Cooldown(20.0)
    assert (cooldown.is_on, cooldown.wait(0)) == (False, 0)
    cooldown.sent(1)
    cooldown.begin(10, 1, 2, None)
    assert (cooldown.is_on, cooldown.asked, cooldown.wait(10.5)) == (True, False, 1.5)
    assert cooldown.wait(12) == 0
    cooldown.sent(2)
    assert cooldown.wait(13) == math.inf
    cooldown.accepted(1)
    assert cooldown.wait(13) == math.inf
    cooldown.accepted(2)
    assert (cooldown.is_on, cooldown.wait(13)) == (False, 0)


def test_an_own_cooldown_doubles_with_each_probe_that_is_rate_limited_up_to_a_bound() -> None:
    cooldown = Cooldown(5.0)
    now, lengths = 0.0, []
    for number in range(1, 6):
        cooldown.begin(now, number, 1, None)
        lengths.append(cooldown.until - now)
        now = cooldown.until
        cooldown.sent(number + 1)
    assert lengths == [1, 2, 4, 5, 5]
    cooldown.begin(now, 2, 1, None)
    assert cooldown.until - now == 1


def test_the_panel_is_obeyed_in_place_of_an_own_pause() -> None:
    cooldown = Cooldown(20.0)
    cooldown.begin(0, 1, 2, 7)
    assert (cooldown.asked, cooldown.until) == (True, 7)
    cooldown.begin(10, 1, 2, 0)
    assert (cooldown.is_on, cooldown.wait(10)) == (False, 0)


def test_a_later_answer_can_only_make_it_longer() -> None:
    cooldown = Cooldown(20.0)
    cooldown.begin(0, 1, 2, None)
    cooldown.hold(0, 1)
    assert (cooldown.asked, cooldown.until) == (False, 2)
    cooldown.hold(1, 9)
    assert (cooldown.asked, cooldown.until) == (True, 10)
    cooldown.end()
    cooldown.hold(1, 0)
    assert not cooldown.is_on


def test_a_panel_that_limits_a_probe_again_is_asked_no_more_often_than_an_own_cooldown_says() -> None:
    cooldown = Cooldown(20.0)
    now, ends = 0.0, []
    for number in range(1, 6):
        cooldown.begin(now, number, 0.5, 1)
        ends.append((cooldown.until - now, cooldown.asked))
        now = cooldown.until
        assert not cooldown.is_probe(number + 1)
        cooldown.sent(number + 1)
        assert cooldown.is_probe(number + 1)
    assert ends == [(1, True), (1, True), (2, False), (4, False), (8, False)]


def test_the_bound_of_an_own_cooldown_may_be_another_one() -> None:
    cooldown = Cooldown(5.0)
    cooldown.begin(0, 1, 4, None)
    cooldown.sent(2)
    cooldown.begin(4, 2, 4, None, 6.5)
    assert cooldown.until == 10.5


def test_it_is_shortened_only_if_it_is_the_clients_own() -> None:
    cooldown = Cooldown(20.0)
    cooldown.begin(0, 1, 4, None)
    cooldown.shorten(5)
    assert cooldown.until == 4
    cooldown.shorten(3)
    assert cooldown.until == 3
    cooldown.begin(0, 1, 4, 7)
    cooldown.shorten(3)
    assert cooldown.until == 7


def test_a_probe_without_an_answer_makes_room_for_another() -> None:
    cooldown = Cooldown(20.0)
    cooldown.begin(0, 1, 2, None)
    cooldown.sent(2)
    cooldown.abandoned(1)
    assert cooldown.wait(2) == math.inf
    cooldown.abandoned(2)
    assert cooldown.wait(2) == 0
