"""What is learnt of batches: from two signs, and not for ever."""

import logging

import pytest

from agencia_async._calls.batch_support import FULL, BatchSupport, Doubt


def support() -> BatchSupport:
    return BatchSupport("status", 100)


def test_a_size_takes_two_signs() -> None:
    it = support()
    it.sign(40)
    it.sign(50)
    assert it.size == 100
    it.sign(40)
    assert it.size == it.next_size() == 40
    it.sign(60, 2)
    assert it.size == 40


def test_a_larger_batch_that_is_answered_takes_a_sign_back() -> None:
    it = support()
    it.sign(40)
    it.answered(41)
    it.sign(40)
    assert it.size == 100
    it.answered(40)
    it.sign(40)
    assert it.size == 40


def test_the_full_size_is_tried_again_and_less_often_each_time() -> None:
    it = support()
    it.sign(40, 2)
    waited = []
    for _ in range(8):
        count = 0
        while not it.trial():
            assert it.next_size() == 40
            it.sent()
            count += 1
            if count == 40:
                it.sign(40)
        waited.append(count)
    assert waited == [50, 100, 200, 400, 800, 1600, 1600, 1600]


def test_the_next_request_is_of_the_full_size_when_a_trial_is_due() -> None:
    it = support()
    it.sign(40, 2)
    for _ in range(50):
        it.sent()
    assert it.next_size() == 100
    assert it.trial()
    assert it.next_size() == 40
    assert not it.trial()


def test_a_trial_that_succeeds_forgets_what_was_learnt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "agencia_async")
    it = support()
    it.sign(40, 2, cut=True)
    assert it.cut_at == 40
    it.lacks_batches()
    it.lacks_batches()
    assert (it.size, it.no_batches) == (1, True)
    it.answered(100)
    assert (it.size, it.cut_at, it.no_batches) == (100, 100, False)
    assert [record.message for record in caplog.records] == [
        "status: the panel answers at most 40 ids per request",
        "status: the panel has no batches; ids are requested one by one",
        "status: the panel answers larger batches again",
    ]


def test_a_refusal_of_size_says_nothing_of_silence() -> None:
    it = support()
    it.sign(40, 2)
    assert it.cut_at == 100


def test_searches_in_vain_make_the_next_ones_smaller() -> None:
    doubt = Doubt((2, 1), every=3, ease=1)
    looks = []
    for _ in range(10):
        looks.append(doubt.looks())
        if looks[-1]:
            doubt.searched(fruitful=False)
    assert looks == [FULL, 2, 1, 0, 0, 1, 0, 0, 1, 0]
    doubt.eased()
    assert doubt.looks() == 2
    doubt.searched(fruitful=True)
    assert doubt.looks() == FULL
    doubt.eased()
    assert doubt.looks() == FULL


def test_a_text_id_gets_a_few_second_looks() -> None:
    it = support()
    for _ in range(4):
        assert it.second_look()
        it.second_look_failed()
    assert not it.second_look()
    other = support()
    other.answered(2)
    assert not other.second_look()
