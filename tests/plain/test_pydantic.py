import json
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import Body, FastAPI
from pydantic import BaseModel, TypeAdapter, ValidationError

from agencia_async import (
    AgenciaError,
    BulkItem,
    Change,
    DefaultOrder,
    NotFoundError,
    Order,
    OrderState,
    OrderStatus,
    OutcomeUnknownError,
    RawOrder,
    RefillId,
    ReplyError,
    Service,
)
from tests.plain.test_plain import ENTRY, EVERYTHING, LINK, ORDER, STATUS


@pytest.mark.parametrize("thing", EVERYTHING, ids=lambda thing: type(thing).__name__)
def test_a_value_goes_through_json_and_back(thing: OrderStatus) -> None:
    adapter: TypeAdapter[OrderStatus] = TypeAdapter(type(thing))
    text = adapter.dump_json(thing)
    assert json.loads(text) == thing.to_dict()
    assert adapter.validate_json(text).to_dict() == thing.to_dict()
    assert adapter.validate_python(thing) is thing
    assert adapter.json_schema(mode="serialization")["title"] == type(thing).__name__


def test_an_item_is_one_of_its_kind_of_value() -> None:
    adapter = TypeAdapter(BulkItem[OrderStatus])
    item = adapter.validate_json(adapter.dump_json(BulkItem(1, STATUS)))
    assert item == BulkItem(1, STATUS)
    change = Change(1, STATUS, previous=STATUS, number=2)
    changes = TypeAdapter(Change[OrderStatus])
    assert changes.validate_json(changes.dump_json(change)) == change
    assert json.loads(changes.dump_json(change)) == change.to_dict()
    failed = adapter.validate_python({"id": "x", "error": NotFoundError("unknown").to_dict()})
    assert isinstance(failed.error, NotFoundError)
    with pytest.raises(ValidationError):
        adapter.validate_python({"id": 1, "value": {"charge": "much"}})


class Purchase(BaseModel):
    order: Order
    status: OrderStatus | None = None


def test_a_model_holds_orders_and_records() -> None:
    purchase = Purchase.model_validate(
        {"order": {"type": "Default", "service": 1, "link": LINK, "quantity": "10"}}
    )
    assert purchase.order == ORDER
    shown = Purchase(order=ORDER, status=STATUS).model_dump()
    assert (shown["order"]["type"], shown["status"]["charge"]) == ("DefaultOrder", "0.0000000")
    assert TypeAdapter(Order).validate_python(RawOrder(1, {"x": "y"}).to_dict()) == RawOrder(1, {"x": "y"})


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"type": "DefaultOrder", "service": 1, "link": LINK, "quantity": 0}, "quantity"),
        ({"type": "DefaultOrder", "service": 1, "link": LINK}, "quantity"),
        ({"type": "DefaultOrder", "service": 1, "link": LINK, "quantity": 1, "hashtag": "x"}, "hashtag"),
        ({"type": "Novel", "service": 1}, "type"),
    ],
)
def test_an_order_that_cannot_be_sent_is_a_validation_error(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Purchase.model_validate({"order": given})
    assert caught.value.errors()[-1]["ctx"]["field"] == field


def test_an_error_is_validated_as_what_it_is() -> None:
    error = OutcomeUnknownError("who knows", cause=ReplyError("not JSON"))
    adapter = TypeAdapter(AgenciaError)
    again = adapter.validate_json(adapter.dump_json(error))
    assert isinstance(again, OutcomeUnknownError)
    assert isinstance(again.cause, ReplyError)


def content(described: Mapping[str, Any]) -> object:
    return described["content"]["application/json"]["schema"]


async def test_a_web_application_takes_and_returns_them() -> None:
    app = FastAPI()

    @app.get("/service")
    async def service() -> Service:
        return Service(service=1, name="Followers", rate=Decimal("0.90"))

    @app.post("/orders")
    async def orders(order: Annotated[DefaultOrder, Body()]) -> BulkItem[OrderStatus]:
        assert order == ORDER
        return BulkItem(1, STATUS)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/service")).json()["rate"] == "0.90"
        answer = await client.post("/orders", json={"service": 1, "link": LINK, "quantity": 10})
        assert answer.json() == BulkItem(1, STATUS).to_dict()
        refused = await client.post("/orders", json={"service": 1, "link": LINK, "quantity": 0})
        documented = (await client.get("/openapi.json")).json()

    assert refused.status_code == 422
    assert refused.json()["detail"][0]["msg"] == "quantity must be an integer >= 1, got 0"
    operation = documented["paths"]["/orders"]["post"]
    assert content(operation["requestBody"]) == {"$ref": "#/components/schemas/DefaultOrder"}
    answered = content(operation["responses"]["200"])
    assert answered == {"$ref": "#/components/schemas/BulkItem_OrderStatus_"}
    body = documented["components"]["schemas"]["DefaultOrder"]
    assert body["properties"]["quantity"]["type"] == "integer"
    assert body["required"] == ["service", "link", "quantity"]


def test_a_schema_is_a_component_with_the_states_as_an_enumeration() -> None:
    described = TypeAdapter(list[BulkItem[OrderStatus]]).json_schema(mode="serialization")
    components = described["$defs"]

    assert described["items"] == {"$ref": "#/$defs/BulkItem_OrderStatus_"}
    assert set(components) == {"AgenciaError", "BulkItem_OrderStatus_", "OrderState", "OrderStatus"}
    assert components["OrderStatus"]["properties"]["state"] == {"$ref": "#/$defs/OrderState"}
    assert components["OrderState"]["enum"] == [state.value for state in OrderState]
    assert components["OrderStatus"]["required"] == list(STATUS.to_dict())


def test_items_of_different_values_are_different_components() -> None:
    class Both(BaseModel):
        status: BulkItem[OrderStatus]
        refill: BulkItem[RefillId | None]
        whatever: BulkItem[Literal["x"]]

    components = Both.model_json_schema(mode="serialization")["$defs"]

    kinds = [components[name]["properties"]["value"] for name in sorted(components) if "BulkItem" in name]
    assert len(kinds) == 3
    assert {"$ref": "#/$defs/OrderStatus"} in kinds[1]["anyOf"]


def test_a_state_of_a_later_version_is_read() -> None:
    given = {"status": "Thinking", "state": "Thinking"}

    assert TypeAdapter(OrderStatus).validate_python(given).state is OrderState.UNKNOWN


def test_an_entry_keeps_its_types() -> None:
    adapter = TypeAdapter(type(ENTRY))
    assert adapter.validate_json(adapter.dump_json(ENTRY)) == ENTRY


def test_the_import_loads_no_pydantic() -> None:
    code = "import sys, agencia_async; agencia_async.DefaultOrder; print('pydantic' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert told.stdout == "False\n"
