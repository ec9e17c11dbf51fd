"""A record, as plain data, and again a record."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import OrderState, OrderStatus, RefillState, RefillStatus, ReplyError
from agencia_async._protocol.plain_records import FAULTS, status_of
from agencia_async._protocol.records import reader
from agencia_async.models import Extra
from agencia_async.states import OwnWord


def sent(record: OrderStatus | RefillStatus) -> dict[str, Any]:
    """The plain data of a record, at the other end of a wire."""
    told: dict[str, Any] = json.loads(json.dumps(record.to_dict()))
    return told


STATUS = OrderStatus(
    charge=Decimal("0E-7"),
    start_count=3,
    status="In progress",
    remains=0,
    currency="USD",
    orders=(1, "a"),
    runs=2,
    posts=1,
    expiry="2030-01-01",
    extra=Extra({"x": [{"y": 1}], "when": None}),
)
RECORDS: list[OrderStatus | RefillStatus] = [
    STATUS,
    OrderStatus(status="?"),
    RefillStatus(status="Rejected", extra=Extra({"a": 1})),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_is_the_same_again(record: OrderStatus | RefillStatus) -> None:
    again = status_of(type(record), sent(record))
    assert (again, type(again)) == (record, type(record))
    assert again.to_dict() == record.to_dict()


def test_what_is_derived_is_derived_again() -> None:
    assert status_of(OrderStatus, sent(STATUS)).state is OrderState.IN_PROGRESS
    assert status_of(RefillStatus, sent(RECORDS[2])).state is RefillState.REJECTED


def test_money_is_exact_and_extra_is_read_only() -> None:
    again = status_of(OrderStatus, sent(STATUS))
    assert str(again.charge) == str(STATUS.charge)
    assert type(again.extra) is Extra


def test_an_amount_of_extra_stays_text() -> None:
    record = RefillStatus(status="Completed", extra=Extra({"price": Decimal("0.10")}))
    assert status_of(RefillStatus, sent(record)).extra == {"price": "0.10"}


SCALARS = st.none() | st.integers() | st.text() | st.booleans()


@given(st.dictionaries(st.sampled_from(["charge", "remains", "currency", "orders", "x"]), SCALARS))
def test_whatever_is_read_of_a_panel_is_the_same_again(row: dict[str, object]) -> None:
    try:
        record = reader(OrderStatus)({"status": "Partial", **row})
    except ReplyError:
        return
    assert status_of(OrderStatus, sent(record)) == record


@pytest.mark.parametrize(
    ("plain", "error"),
    [
        ({}, ReplyError),
        ({"status": "ok", "extra": [1]}, ReplyError),
        ({"status": "ok", "charge": "much"}, ArithmeticError),
        ({"status": "ok", "charge": {}}, TypeError),
        (None, AttributeError),
        ("status", AttributeError),
    ],
)
def test_what_is_no_record_is_refused(plain: Any, error: type[Exception]) -> None:  # noqa: ANN401
    with pytest.raises(error) as caught:
        status_of(OrderStatus, plain)
    assert isinstance(caught.value, FAULTS)


@pytest.mark.parametrize("kind", [OrderStatus, RefillStatus])
def test_a_word_of_the_callers_own_means_what_it_meant(kind: type[OrderStatus] | type[RefillStatus]) -> None:
    record = kind(status=OwnWord("Stage 9", OrderState.COMPLETED))
    again = status_of(kind, sent(record))
    assert (again.status, str(again.state), again.is_final) == ("Stage 9", "Completed", True)
    assert again.to_dict() == record.to_dict()


@pytest.mark.parametrize("word", ["Готов", "started", "new"])
def test_a_word_of_a_refill_that_means_something_for_an_order_is_a_word_of_ones_own(word: str) -> None:
    record = RefillStatus(status=OwnWord(word, OrderState.COMPLETED))
    again = status_of(RefillStatus, sent(record))
    assert (again.state, again.is_final) == (RefillState.COMPLETED, True)


def test_a_refill_that_was_rejected_is_no_order_that_failed() -> None:
    assert type(status_of(RefillStatus, sent(RECORDS[2])).status) is str
