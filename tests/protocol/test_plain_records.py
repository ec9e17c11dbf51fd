"""A record, as plain data, and again a record."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import OrderState, OrderStatus, RefillState, RefillStatus, ReplyError
from agencia_async._plain.record import Record
from agencia_async._protocol.plain_records import record_of
from agencia_async._protocol.records import reader
from agencia_async.models import Extra


def sent(record: Record) -> dict[str, Any]:
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
RECORDS = [STATUS, OrderStatus(status="?"), RefillStatus(status="Rejected", extra=Extra({"a": 1}))]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_is_the_same_again(record: Record) -> None:
    again = record_of(type(record), sent(record))
    assert (again, type(again)) == (record, type(record))
    assert again.to_dict() == record.to_dict()


def test_what_is_derived_is_derived_again() -> None:
    assert record_of(OrderStatus, sent(STATUS)).state is OrderState.IN_PROGRESS
    assert record_of(RefillStatus, sent(RECORDS[2])).state is RefillState.REJECTED


def test_money_is_exact_and_extra_is_read_only() -> None:
    again = record_of(OrderStatus, sent(STATUS))
    assert str(again.charge) == str(STATUS.charge)
    assert type(again.extra) is Extra


def test_an_amount_of_extra_stays_text() -> None:
    record = RefillStatus(status="Completed", extra=Extra({"price": Decimal("0.10")}))
    assert record_of(RefillStatus, sent(record)).extra == {"price": "0.10"}


SCALARS = st.none() | st.integers() | st.text() | st.booleans()


@given(st.dictionaries(st.sampled_from(["charge", "remains", "currency", "orders", "x"]), SCALARS))
def test_whatever_is_read_of_a_panel_is_the_same_again(row: dict[str, object]) -> None:
    try:
        record = reader(OrderStatus)({"status": "Partial", **row})
    except ReplyError:
        return
    assert record_of(OrderStatus, sent(record)) == record


@pytest.mark.parametrize("plain", [{}, {"status": "ok", "extra": [1]}])
def test_what_is_no_record_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(ReplyError):
        record_of(OrderStatus, plain)
