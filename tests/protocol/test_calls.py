"""Single values in their less likely places: a catalogue, the number of an order."""

import json
from typing import Any

import pytest

from agencia_async import DefaultOrder, ReplyError
from agencia_async._protocol import calls
from agencia_async._protocol.calls import Call
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
    rows = [{"rate": "0.90"}, {"service": 2, "rate": "dear"}]
    with pytest.raises(ReplyError, match="service") as caught:
        read(calls.SERVICES, rows)
    with pytest.raises(ReplyError) as other:
        read(calls.SERVICES, rows[:1])
    assert caught.value.message.partition(": [")[0] == other.value.message.partition(": [")[0]


@pytest.mark.parametrize("beside", ["text", 5, None, {"name": "of no price"}])
def test_what_stands_beside_no_list_of_services_is_no_catalogue(beside: object) -> None:
    assert [one.service for one in read(calls.SERVICES, {"info": beside, "data": [ROW]})] == [1]


def test_a_list_of_other_things_is_no_catalogue() -> None:
    with pytest.raises(ReplyError):
        read(calls.SERVICES, ["a", "b"])
    assert [one.service for one in read(calls.SERVICES, {"tags": ["a", "b"], "services": [ROW]})] == [1]
