"""Single values in their less likely places: a catalogue, the number of an order."""

import json
from typing import Any

import pytest

from agencia_async import DefaultOrder, ReplyError
from agencia_async._protocol import calls
from agencia_async._protocol.calls import Call, RetryMode
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher

ADD = calls.add(DefaultOrder(service=1, link="https://example.com/", quantity=100))
ROW = {"service": 1, "rate": "0.90"}


def read(call: Call[Any], content: object) -> Any:  # noqa: ANN401 - of any call
    return decipher(call.reader, Reply(200, {}, json.dumps(content).encode()), Refusals())


@pytest.mark.parametrize("field", ["data", "result", "response", "order", "orders"])
def test_the_number_of_an_order_in_each_place(field: str) -> None:
    assert read(ADD, {"status": "success", field: 77}) == 77


def test_a_catalogue_without_any_service_is_refused_with_the_fault_of_the_first() -> None:
    with pytest.raises(ReplyError, match=r"^missing field in the reply: service: "):
        read(calls.SERVICES, [{"rate": "0.90"}, {"service": 2, "rate": "dear"}])


@pytest.mark.parametrize("beside", ["text", 5, None, {"name": "of no price"}])
def test_what_stands_beside_no_list_of_services_is_no_catalogue(beside: object) -> None:
    assert [one.service for one in read(calls.SERVICES, {"info": beside, "data": [ROW]})] == [1]


def test_a_list_of_other_things_is_no_catalogue() -> None:
    with pytest.raises(ReplyError):
        read(calls.SERVICES, ["a", "b"])
    content = {"info": "x", "tags": ["a", "b"], "all": [ROW]}
    assert [one.service for one in read(calls.SERVICES, content)] == [1]


@pytest.mark.parametrize("envelope", ["data", "services", "of any name"])
def test_a_catalogue_by_id_in_an_envelope(envelope: str) -> None:
    content = {"status": "success", envelope: {"7": {"rate": "0.90"}, "8": {"rate": "1"}}}
    assert [one.service for one in read(calls.SERVICES, content)] == [7, 8]


def test_an_order_may_be_repeated_where_the_panel_knows_it_again() -> None:
    order = DefaultOrder(service=1, link="https://example.com/", quantity=100)
    again = calls.add(order, {"request_id": "r1"})
    assert (again.retry_mode, ADD.retry_mode) == (RetryMode.IDEMPOTENT, RetryMode.NEVER)
    assert again.form == ADD.form.replace("action=add", "action=add&request_id=r1")


def test_all_numbers_of_an_order_that_a_panel_makes_several_of() -> None:
    every = calls.add_all(DefaultOrder(service=1, link="https://example.com/", quantity=100), None)
    assert read(every, {"orders": [5, "6", {"error": "Not enough funds"}, None, 5]}) == (5, 6)
    assert read(every, {"order": 7}) == (7,)
