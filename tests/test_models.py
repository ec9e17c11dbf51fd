import copy
import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import cast

import pytest

from agencia_async import (
    AgenciaError,
    AsyncClient,
    BulkItem,
    BulkResult,
    InvalidInputError,
    NotFoundError,
    OrderStatus,
)
from agencia_async._models.extra import Extra
from agencia_async._models.ids import id_text
from agencia_async.sandbox import Panel


@pytest.mark.parametrize("given", [1, 23501, "23501", "ord_01H", "5f-2a", "é"])
def test_an_id_travels_as_its_text(given: int | str) -> None:
    assert id_text(given) == str(given)


class Number:
    """An integer of another library, such as numpy's."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __index__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self._number == other

    def __hash__(self) -> int:
        return hash(self._number)


async def test_an_id_may_be_the_integer_of_another_library(agencia_panel: Panel) -> None:
    known = int(agencia_panel.seed_orders(1)[0])
    async with AsyncClient(agencia_panel.key, base_url=str(agencia_panel.url)) as client:
        result = await client.status_many([cast("int", Number(known)), cast("int", Number(77))])
        assert (await client.status(cast("int", Number(known)))) == result[known] == result[str(known)]
    assert agencia_panel.requests[0].form["orders"] == f"{known},77"
    assert result.failed[77].id == 77
    assert json.loads(json.dumps(result.to_dicts()))[0]["id"] == known
    with pytest.raises(InvalidInputError, match="64 digits"):
        id_text(cast("int", Number(10**64)))


@pytest.mark.parametrize(
    "given", ["", "1,2", " ", "1 2", "1\n", "\t1", "1\x00", "1\u00a0", True, 1.5, None, b"1"]
)
def test_what_would_make_another_request_is_no_id(given: object) -> None:
    with pytest.raises(InvalidInputError, match="id") as caught:
        id_text(given)  # type: ignore[arg-type]
    assert caught.value.field == "id"
    with pytest.raises(InvalidInputError, match="order_id: ") as caught:
        id_text(given, "order_id")  # type: ignore[arg-type]
    assert caught.value.field == "order_id"


CHANGES: list[Callable[[dict[str, object]], object]] = [
    lambda extra: extra.__setitem__("runs", 5),
    lambda extra: extra.__delitem__("runs"),
    lambda extra: extra.__ior__({"runs": 5}),
    lambda extra: extra.clear(),
    lambda extra: extra.pop("runs"),
    lambda extra: extra.popitem(),
    lambda extra: extra.setdefault("posts", 5),
    lambda extra: extra.update(runs=5),
]


def test_extra_is_a_read_only_mapping_of_its_own() -> None:
    fields: dict[str, object] = {"runs": 3}
    extra = Extra(fields)
    fields["runs"] = 4
    assert dict(extra) == {"runs": 3}
    assert (len(extra), extra["runs"], repr(extra)) == (1, 3, "{'runs': 3}")
    for change in CHANGES:
        with pytest.raises(TypeError, match="read-only"):
            change(extra)
    assert extra == {"runs": 3}


@pytest.mark.parametrize("remake", [copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))])
def test_a_record_can_be_copied_pickled_hashed_and_not_changed(remake: object) -> None:
    status = OrderStatus(charge=Decimal("0.27819"), status="Partial", extra=Extra({"runs": ["1"]}))
    assert remake(status) == status  # type: ignore[operator]
    assert len({status, remake(status)}) == 1  # type: ignore[operator]
    with pytest.raises(AttributeError):
        status.status = "Completed"  # type: ignore[misc]


def test_a_bulk_item_is_a_value_or_an_error() -> None:
    good, bad = BulkItem(1, "value"), BulkItem[str](2, error=NotFoundError("Incorrect order ID"))
    assert (good.ok, good.unwrap()) == (True, "value")
    assert not bad.ok
    with pytest.raises(NotFoundError, match="Incorrect order ID"):
        bad.unwrap()
    assert {good, BulkItem(1, "value"), bad} == {good, bad}


def test_a_bulk_result_is_a_sequence_and_a_mapping() -> None:
    error = NotFoundError("Incorrect order ID")
    result = BulkResult([BulkItem(1, "a"), BulkItem("2", error=error), BulkItem("1", "a")])
    assert [item.id for item in result] == [1, "2", "1"]
    assert len(result) == 3
    assert result[1] == result["1"] == "a"
    assert result.ok == {1: "a", "1": "a"}
    assert result.failed == {"2": error}
    assert repr(result) == "<BulkResult: 2 ok, 1 failed>"
    with pytest.raises(NotFoundError):
        result[2]
    with pytest.raises(KeyError):
        result[3]


def test_a_bulk_result_is_asked_for_an_id_as_a_number_or_as_text() -> None:
    error = NotFoundError("Incorrect order ID")
    result = BulkResult([BulkItem(1, "a"), BulkItem("2", error=error), BulkItem[str]("x 1", None)])
    assert [one in result for one in (1, "1", 2, "2", "x 1")] == [True] * 5
    assert [one in result for one in (3, "1,2", "", None, True, 1.0, [1], b"1")] == [False] * 8
    assert [result.get(one) for one in (1, "1", 2, "2", 3, "x 1")] == ["a", "a", None, None, None, None]
    assert [result.get(one, "none") for one in (1, 2, 3, None)] == ["a", "none", "none", "none"]  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        result[None]  # type: ignore[index]


def test_what_succeeded_and_what_failed_are_plain_dicts_that_are_made_once() -> None:
    error = NotFoundError("Incorrect order ID")
    result = BulkResult([BulkItem(1, "a"), BulkItem("2", error=error)])
    assert result.ok is result.ok
    assert result.failed is result.failed
    assert (type(result.ok), type(result.failed)) == (dict, dict)
    result.ok.clear()
    assert (list(result), 1 in result) == ([BulkItem(1, "a"), BulkItem("2", error=error)], True)


def test_failures_are_raised_as_a_group() -> None:
    error = NotFoundError("Incorrect order ID")
    with pytest.raises(ExceptionGroup, match="1 of 2 ids failed") as caught:
        BulkResult([BulkItem(1, "a"), BulkItem(2, error=error)]).raise_for_failures()
    assert caught.value.exceptions == (error,)
    assert isinstance(caught.value.exceptions[0], AgenciaError)
    BulkResult([BulkItem(1, "a")]).raise_for_failures()
