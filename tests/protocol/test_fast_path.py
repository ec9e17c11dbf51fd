import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from agencia_async import OrderStatus
from agencia_async._protocol import actions
from agencia_async._protocol.fast_path import order_statuses
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from tests.support.texts import texts_of

ROW = {
    "charge": "0.27819",
    "start_count": "3572",
    "status": "In progress",
    "remains": "157",
    "currency": "USD",
}
IDS = ["23501", "23502"]


def looked_at(wire_ids: list[str], body: bytes) -> Any:  # noqa: ANN401 - the answers by id
    """What those find in a body who look at each value."""
    reader = evolve(actions.STATUS.batch(wire_ids).reader, fast_path=None)
    return decipher(reader, Reply(200, {}, body), Refusals())


def batch(*rows: object) -> bytes:
    return json.dumps(dict(zip(IDS, rows, strict=False)), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "body",
    [
        batch(ROW, ROW),
        json.dumps(dict.fromkeys(IDS, ROW), indent=2).encode(),
        json.dumps(dict.fromkeys(IDS, ROW), separators=(",", ":")).encode(),
        batch({**ROW, "charge": 0.10, "start_count": 0, "remains": None}, ROW),
        batch(ROW | {"charge": None, "status": ""}, ROW | {"status": "état 5"}),
        batch(ROW, ROW).replace(b'"0.27819"', b"0.10"),
    ],
)
def test_a_plain_batch_is_read_fast_path_and_means_the_same(body: bytes) -> None:
    found = order_statuses(IDS, body)
    assert found == looked_at(IDS, body)
    assert [str(row.charge) for row in (found or {}).values()] == [
        str(row.charge) for row in looked_at(IDS, body).values()
    ]
    assert decipher(actions.STATUS.batch(IDS).reader, Reply(200, {}, body), Refusals()) == found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        batch(ROW),
        batch(ROW, ROW)[:-1],
        batch(ROW, ROW) + b"}",
        batch(ROW, {**ROW, "runs": "5"}),
        batch(ROW, {"error": "Incorrect order ID"}),
        batch(ROW, {**ROW, "currency": ""}),
        batch(ROW, {**ROW, "currency": None}),
        batch(ROW, {**ROW, "start_count": ""}),
        batch(ROW, {**ROW, "start_count": "1" * 33}),
        batch(ROW, {**ROW, "start_count": "1,234"}),
        batch(ROW, {**ROW, "start_count": "007"}),
        batch(ROW, {**ROW, "start_count": "-5"}),
        batch(ROW, {**ROW, "charge": "NaN"}),
        batch(ROW, {**ROW, "charge": "1e5"}),
        batch(ROW, {**ROW, "charge": "1_0"}),
        batch(ROW, {**ROW, "charge": "٣"}),
        batch(ROW, {**ROW, "charge": "1.2.3"}),
        batch(ROW, {**ROW, "status": 'a "quoted" word'}),
        batch(ROW, {**ROW, "status": "a},"}),
        batch(ROW, ROW).replace(b"23502", b"x2"),
        batch(ROW, ROW).replace(b"In progress", b"\xff"),
        json.dumps({"1": ROW, "2": ROW}).encode(),
        json.dumps(ROW).encode(),
        json.dumps({"error": ROW}).encode(),
    ],
)
def test_whatever_differs_in_the_least_is_left_to_others(body: bytes) -> None:
    assert order_statuses(IDS, body) is None


WORDS = texts_of("0123456789.,-+eE_ N٣", max_size=6)
NUMBERS = st.one_of(WORDS, st.none(), st.integers(-5, 99), st.floats(0, 9, width=16), st.booleans())


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, WORDS, WORDS), min_size=1, max_size=2))
def test_what_is_read_fast_path_means_what_a_look_at_each_value_finds(rows: list[tuple[object, ...]]) -> None:
    names = ("charge", "start_count", "remains", "status", "currency")
    given = [{name: dict(zip(names, row, strict=True))[name] for name in ROW} for row in rows]
    body, wire_ids = batch(*given), IDS[: len(rows)]
    found = order_statuses(wire_ids, body)
    if found is not None:
        assert repr(found) == repr(looked_at(wire_ids, body))


def test_the_answers_come_in_the_order_of_the_question() -> None:
    assert list(order_statuses(IDS[::-1], batch(ROW, ROW)) or {}) == IDS[::-1]


def test_a_status_read_fast_path_is_a_record_like_any_other() -> None:
    found = order_statuses(IDS, batch(ROW, ROW))
    assert found is not None
    status = found["23501"]
    assert type(status) is OrderStatus
    assert (hash(status), dict(status.extra)) == (hash(found["23502"]), {})
    with pytest.raises(AttributeError):
        status.status = "Completed"  # type: ignore[misc]


def test_only_a_reply_without_a_fault_takes_the_fast_path() -> None:
    body = batch(ROW, ROW)
    reader = evolve(actions.STATUS.batch(IDS).reader, fast_path=lambda _: pytest.fail("fast path"))
    assert decipher(reader, Reply(500, {}, body), Refusals()) == looked_at(IDS, body)
