"""Rows without a name: in the midst of a batch, and in place of the row of one id."""

import json
from typing import Any

import pytest

from agencia_async import NotAnsweredError, OrderStatus, ReplyError
from agencia_async._protocol.actions import CANCEL, REFILL, REFILL_STATUS, STATUS
from agencia_async._protocol.calls import Call
from agencia_async._protocol.outcomes import Outcomes, Wiped
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher

ROW = {"charge": "1", "start_count": "1", "status": "Completed", "remains": "0", "currency": "USD"}
PAUSED = {"status": "Paused", "posts": 5}


def read(call: Call[Outcomes[Any]], content: object) -> Outcomes[Any]:
    return decipher(call.reader, Reply(200, {}, json.dumps(content).encode()), Refusals())


@pytest.mark.parametrize(
    "content",
    [
        {**PAUSED, "2": ROW},
        {"2": ROW, **PAUSED},
        {"Status": "Active", "2": ROW},
        {"error": "Incorrect order ID", "2": ROW},
        {"start_count": "5", "2": ROW},
    ],
)
def test_a_row_without_a_name_in_a_batch_may_have_wiped_out_others(content: object) -> None:
    answers = read(STATUS.batch(["1", "2"]), content)
    assert isinstance(answers, Wiped)
    assert type(answers["1"]) is NotAnsweredError
    assert isinstance(answers["2"], OrderStatus)


@pytest.mark.parametrize("content", [{"2": ROW}, {"2": ROW, "time": 5}, {}, [], [{"order": 2, **ROW}]])
def test_what_is_only_left_out_is_not_wiped_out(content: object) -> None:
    answers = read(STATUS.batch(["1", "2"]), content)
    assert not isinstance(answers, Wiped)
    assert type(answers["1"]) is NotAnsweredError


def test_what_is_complete_is_not_wiped_out() -> None:
    assert not isinstance(read(STATUS.batch(["1", "2"]), {"1": ROW, "2": ROW, **PAUSED}), Wiped)


@pytest.mark.parametrize("content", [PAUSED, ROW, {"status": "Pending"}])
def test_one_row_without_a_name_answers_no_id_of_a_batch(content: object) -> None:
    answers = read(STATUS.batch(["1", "2"]), content)
    assert isinstance(answers, Wiped)
    assert {type(answer) for answer in answers.values()} == {NotAnsweredError}
    assert isinstance(read(REFILL_STATUS.batch(["1", "2"]), {"status": "Completed"}), Wiped)


@pytest.mark.parametrize("content", [{"status": "success"}, {"note": "hello"}, {"status": True}])
def test_what_is_no_row_is_no_answer(content: object) -> None:
    with pytest.raises(ReplyError):
        read(STATUS.batch(["1", "2"]), content)


@pytest.mark.parametrize("content", [ROW, [ROW]])
def test_a_row_without_a_name_is_not_that_of_a_text_that_may_be_misread(content: object) -> None:
    assert type(read(STATUS.batch(["8b6f"]), content)["8b6f"]) is NotAnsweredError
    assert isinstance(read(STATUS.batch(["x8"]), content)["x8"], OrderStatus)
    assert isinstance(read(STATUS.single("8"), content)["8"], OrderStatus)


def test_unless_it_names_it() -> None:
    assert isinstance(read(STATUS.batch(["8b6f"]), {"order": "8b6f", **ROW})["8b6f"], OrderStatus)
    assert read(REFILL.in_field("order", "8b6f"), {"order": "8b6f", "refill": 9})["8b6f"] == 9


def test_a_write_without_a_name_is_not_believed_either() -> None:
    for call in (REFILL.in_field("order", "8b6f"), REFILL.batch(["8b6f"])):
        answer = read(call, {"refill": 9})["8b6f"]
        assert isinstance(answer, NotAnsweredError)
        assert answer.sent == "maybe"
    assert CANCEL.in_field("order", "5").form == "action=cancel&order=5"
