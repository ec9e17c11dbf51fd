"""Requests and answers, as they travel."""

import json
from decimal import Decimal
from typing import Any

import pytest

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    BulkItem,
    BulkResult,
    ConfigurationError,
    NotAnsweredError,
    NotFoundError,
    OrderStatus,
    RateLimitedError,
    ReplyError,
)
from agencia_async._models.row_errors import is_of_row, mark_as_row
from agencia_async._workers.messages import FORMAT, answer, read_answer, read_request, refusal, request
from agencia_async.errors import of_id

STATUS = OrderStatus(charge=Decimal("0.10"), status="Partial", remains=3)


def sent(message: object) -> Any:  # noqa: ANN401 - JSON
    return json.loads(json.dumps(message))


def test_a_request_names_a_profile_and_ids() -> None:
    asked = sent(request("north", ["1", "a"]))
    assert asked == {"format": 1, "profile": "north", "ids": ["1", "a"]}
    assert read_request(asked) == ("north", ["1", "a"])


@pytest.mark.parametrize("other", [2, None, "1"])
def test_a_request_of_another_version_is_refused(other: object) -> None:
    with pytest.raises(ConfigurationError, match=f"reads format 1 and was asked in format {other}: install"):
        read_request({"format": other, "profile": "north", "ids": []})


def test_an_answer_has_values_and_errors_of_the_ids_as_given() -> None:
    missing = of_id(NotFoundError("Incorrect order ID"), "2")
    told = sent(answer(BulkResult([BulkItem("1", STATUS), BulkItem("2", error=missing)])))
    first, second, third = read_answer(told, [1, "2", 1], ["1", "2", "1"], OrderStatus)
    assert first == third == BulkItem(1, STATUS)
    assert second.error is not None
    assert second.error.to_dict() == missing.to_dict()
    assert (type(second.error), second.error.notes) == (NotFoundError, ("id 2",))


@pytest.mark.parametrize("of_row", [True, False])
def test_what_the_row_of_an_id_reports_is_known_as_such(of_row: bool) -> None:  # noqa: FBT001
    denied = AuthenticationError("Access denied")
    if of_row:
        mark_as_row(denied)
    told = sent(answer(BulkResult([BulkItem("1", error=denied)])))
    (item,) = read_answer(told, ["1"], ["1"], OrderStatus)
    assert item.error is not None
    assert is_of_row(item.error) is of_row


def test_a_refusal_is_the_error_of_each_id() -> None:
    error = RateLimitedError("slow down", retry_after=3.0, http_status=429)
    items = read_answer(sent(refusal(error)), [1, 2], ["1", "2"], OrderStatus)
    errors = [item.error for item in items]
    assert [each.to_dict() for each in errors if each] == [error.to_dict() | {"id": each} for each in (1, 2)]
    assert errors[0] is not errors[1]


def test_a_refusal_of_another_version_keeps_its_words() -> None:
    told = sent(refusal(ConfigurationError("I am newer"))) | {"format": FORMAT + 1}
    (item,) = read_answer(told, [1], ["1"], OrderStatus)
    assert isinstance(item.error, ConfigurationError)
    assert item.error.message == "I am newer"


def test_an_id_that_is_left_out_is_not_answered() -> None:
    told = sent(answer(BulkResult([BulkItem("1", STATUS)])))
    first, second = read_answer(told, [1, 2], ["1", "2"], OrderStatus)
    assert first.ok
    assert isinstance(second.error, NotAnsweredError)
    assert second.error.id == 2


UNREADABLE = [
    (None, ReplyError, "cannot be read: TypeError"),
    ("done", ReplyError, "cannot be read: TypeError"),
    ({}, ReplyError, "cannot be read: KeyError: 'format'"),
    ({"format": 2, "items": []}, ConfigurationError, "answered in format 2, and format 1 is read here"),
    ({"format": 1, "items": 5}, ReplyError, "cannot be read: TypeError"),
    ({"format": 1, "items": [{"id": 1}]}, ReplyError, "cannot be read: KeyError: 'error'"),
    ({"format": 1, "items": [{"id": 1, "error": None, "value": {}}]}, ReplyError, "missing field"),
    ({"format": 1, "items": [{"id": 1, "error": None, "value": None}]}, ReplyError, "AttributeError"),
    ({"format": 1, "error": "no"}, ReplyError, "cannot be read: AttributeError"),
]


@pytest.mark.parametrize(("told", "kind", "words"), UNREADABLE)
def test_an_answer_that_cannot_be_read_is_the_error_of_each_id(
    told: object, kind: type[AgenciaError], words: str
) -> None:
    items = read_answer(told, [1, 2], ["1", "2"], OrderStatus)
    assert [item.id for item in items] == [1, 2]
    for item in items:
        assert type(item.error) is kind
        assert words in item.error.message
