"""Rows that are read a column at a time mean what they mean when they are read one by one."""

import json
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from agencia_async import NotFoundError, OrderStatus
from agencia_async._protocol import actions
from agencia_async._protocol.columns import Columns
from agencia_async._protocol.envelope import canonical, canonical_names
from agencia_async._protocol.outcomes import Values
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from agencia_async.errors import AgenciaError, ReplyError
from tests.support.rounds import rounds

ROW = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
IDS = [str(number) for number in range(23501, 23511)]
ONE_BY_ONE = evolve(actions.STATUS, fast_path=None, columns=None)


def read(body: bytes, action: actions.Action[OrderStatus] = actions.STATUS) -> Any:  # noqa: ANN401 - by id
    return decipher(action.batch(IDS).reader, Reply(200, {}, body), Refusals())


def comparable(outcomes: dict[str, Any]) -> dict[str, Any]:
    """The outcomes with errors by what they say, and amounts by their digits."""
    return {
        wire_id: (type(found), str(found))
        if isinstance(found, AgenciaError)
        else (found, str(found.charge), [*found.extra])
        for wire_id, found in outcomes.items()
    }


def batch(*rows: object) -> bytes:
    return json.dumps(dict(zip(IDS, rows, strict=True))).encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"link": "https://example.com"},
        {"link": "", "provider": {"id": 5}, "tags": []},
        {"remains": ""},
        {"remains": None, "start_count": "Unknown", "currency": ""},
        {"charge": "1,234.50", "start_count": "771.0"},
        {"charge": "$0.90"},
        {"charge": "1.2.3"},
        {"charge": ""},
        {"charge": 12, "remains": 3},
        {"charge": 0.10},
        {"charge": "9" * 33, "remains": "9" * 33},
        {"charge": "9" * 70, "remains": "9" * 70},
        {"charge": "٣", "remains": "٣"},
        {"remains": "-5"},
        {"remains": "007"},
        {"status": 5},
        {"runs": "3", "orders": ["1", "2"], "expiry": "01/02/2027", "posts": 7},
        {"Start_Counter": "7", "order_status": "Pending", "START_COUNT": 9},
        {"order_id": 23501, "order": 5, "extra": "x"},
        {"status": "success", "success": True, "message": "OK"},
        {"status": "error", "error": None},
    ],
    ids=str,
)
def test_every_row_of_a_batch_may_have_other_fields_and_is_read_at_once(changed: dict[str, object]) -> None:
    body = batch(*[{**ROW, **changed}] * len(IDS))
    found = read(body)
    assert isinstance(found, Values)
    assert comparable(found) == comparable(read(body, ONE_BY_ONE))


def test_rows_come_in_any_order_with_fields_in_any_order() -> None:
    rows = [ROW, dict(reversed(ROW.items())), {**ROW, "link": "x"}, {"note": "y", **ROW}] * 3
    body = json.dumps(dict(zip(reversed(IDS), rows, strict=False))).encode()
    found = read(body)
    assert [*found] == IDS
    assert comparable(found) == comparable(read(body, ONE_BY_ONE))


def test_a_wrong_id_costs_the_others_nothing() -> None:
    rows = [{**ROW, "link": "x"}] * len(IDS)
    body = batch(*rows[:3], {"error": "Incorrect order ID"}, *rows[4:])
    found = read(body)
    assert isinstance(found[IDS[3]], NotFoundError)
    assert [found[wire_id].remains for wire_id in IDS if wire_id != IDS[3]] == [157] * 9


def test_the_rows_that_are_not_whole_are_left() -> None:
    rows = {
        "1": {"status": "Not found"},
        "2": {"charge": "1"},
        "3": "Incorrect order ID",
        "4": {"status": {"error": "no"}, "charge": "1"},
        "5": {**ROW, "link": "x"},
    }
    assert Columns(OrderStatus).read(rows) == {
        "5": OrderStatus(
            charge=Decimal("0.27819"),
            start_count=3572,
            status="Partial",
            remains=157,
            currency="USD",
            extra={"link": "x"},
        )
    }
    assert Columns(OrderStatus).read({}) == {}


NAMES = [
    *ROW,
    *("Status", "start_counter", "Order_Status", "REMAINS", "orders", "runs", "posts", "expiry", "extra"),
    *("link", "order", "order_id", "id", "error", "message", "success", "data"),
]
VALUES = st.one_of(
    st.sampled_from(
        ["", "0", "157", "0.5", "1,234.5", "USD", "Pending", "fail", "Unknown", "x", "$1", "-3", " 4 "]
    ),
    st.none(),
    st.booleans(),
    st.integers(-5, 10**40),
    st.decimals(0, 10, places=3).map(float),
    st.just([]),
    st.just({"error": "Incorrect order ID"}),
)
ROWS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)


@settings(max_examples=rounds(100, nightly=3000), deadline=None)
@given(st.lists(st.one_of(ROWS.map(lambda row: {**ROW, **row}), ROWS), min_size=len(IDS), max_size=len(IDS)))
def test_whatever_the_rows_are_they_mean_the_same(rows: list[dict[str, object]]) -> None:
    body = batch(*rows)
    assert comparable(read(body)) == comparable(read(body, ONE_BY_ONE))


def test_names_that_are_the_same_in_the_protocol_keep_their_values() -> None:
    row = canonical({"Order_ID": 1, "order": 2, "orderId": 3, "Note": 4})
    assert row == {"Order_ID": 1, "order": 2, "orderId": 3, "Note": 4}
    assert canonical({"order_id": 1, "orderId": 2}) == {"order": 1, "orderId": 2}
    assert canonical({"order_id": 1, "Error": "x"}).as_sent("order") == {"Error": "x"}
    assert canonical({"order_id": 1, "Error": "x"}).without("order").as_sent() == {"Error": "x"}


def test_long_names_are_not_remembered() -> None:
    assert canonical_names(["Order", "x" * 600]) == ("order", "x" * 600)
    assert canonical_names([f"Field {number}" for number in range(30)])[29] == "Field 29"


def test_a_reply_without_any_of_the_ids_is_none() -> None:
    with pytest.raises(ReplyError):
        read(b'{"time": 5}')
