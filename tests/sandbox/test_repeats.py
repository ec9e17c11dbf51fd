from collections.abc import Callable
from decimal import Decimal

import pytest

from agencia_async.sandbox import DIALECTS, Panel
from agencia_async.sandbox.faults import FAULTS
from agencia_async.sandbox.repeats import Repeats

from .scene import LINK, Clock, ask, form, rows

FIELDS = {"service": 1, "link": LINK, "quantity": 1000, "request_id": "a"}
REUSED = {"error": "request_id was used for another order"}
ACTING = [name for name, fault in FAULTS.items() if fault.acts]


@pytest.fixture
def knowing(clock: Clock) -> Panel:
    """A panel that recognises a repeated add."""
    return Panel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0), idempotency_field="request_id")


def test_a_repeat_gets_the_first_answer_and_buys_nothing(knowing: Panel) -> None:
    assert [ask(knowing, "add", **FIELDS) for _ in range(3)] == [{"order": 23501}] * 3
    assert knowing.balance == Decimal("999.1")
    assert [(entry.order, entry.fields["request_id"]) for entry in knowing.ledger] == [(23501, "a")]
    assert [request.action for request in knowing.requests] == ["add"] * 3
    assert knowing.idempotency_field == "request_id"


def test_another_value_is_another_order(knowing: Panel) -> None:
    told = [ask(knowing, "add", **FIELDS | {"request_id": value})["order"] for value in ("a", "b", "A")]
    assert told == [23501, 23502, 23503]
    assert len(knowing.ledger) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": 999},
        {"link": f"{LINK}/2"},
        {"service": 2},
        {"service": 99},
        {"quantity": "x"},
        {"runs": 2, "interval": 1},
    ],
)
def test_the_value_of_an_order_does_for_no_other(knowing: Panel, other: dict[str, object]) -> None:
    ask(knowing, "add", **FIELDS)
    assert ask(knowing, "add", **FIELDS | other) == REUSED
    assert ask(knowing, "add", **FIELDS) == {"order": 23501}
    assert len(knowing.ledger) == 1


def test_blanks_around_values_make_no_other_order(knowing: Panel) -> None:
    ask(knowing, "add", **FIELDS)
    assert ask(knowing, "add", **FIELDS | {"request_id": " a ", "quantity": " 1000"}) == {"order": 23501}


@pytest.mark.parametrize("without", [{}, {"request_id": ""}, {"request_id": "  "}, {"Request_id": "a"}])
def test_without_a_value_every_add_is_an_order(knowing: Panel, without: dict[str, str]) -> None:
    fields = {name: value for name, value in FIELDS.items() if name != "request_id"} | without
    assert [ask(knowing, "add", **fields)["order"] for _ in range(2)] == [23501, 23502]


def test_a_panel_without_such_a_field_knows_no_retry(panel: Panel) -> None:
    assert [ask(panel, "add", **FIELDS)["order"] for _ in range(2)] == [23501, 23502]
    assert panel.idempotency_field is None


def test_a_refused_add_leaves_its_value_free(knowing: Panel) -> None:
    assert "error" in ask(knowing, "add", **FIELDS | {"quantity": 1})
    assert "error" in ask(knowing, "add", **FIELDS | {"service": 99})
    assert ask(knowing, "add", **FIELDS) == {"order": 23501}


def test_a_value_is_remembered_from_the_order_that_the_funds_allow() -> None:
    panel = Panel(balance=Decimal("0.9"), idempotency_field="request_id")
    assert ask(panel, "add", **FIELDS | {"quantity": 1001})["error"].startswith("Not enough funds")
    assert [ask(panel, "add", **FIELDS) for _ in range(2)] == [{"order": 23501}] * 2
    assert panel.balance == 0


def withdrawn(panel: Panel) -> None:
    panel.disable_service(1)


def repriced(panel: Panel) -> None:
    panel.change_price(1, Decimal(10_000))


def canceled(panel: Panel) -> None:
    rows(panel, "cancel", orders=23501)


@pytest.mark.parametrize("change", [withdrawn, repriced, canceled])
def test_whatever_has_changed_since_the_first_answer_stands(
    knowing: Panel, clock: Clock, change: Callable[[Panel], None]
) -> None:
    ask(knowing, "add", **FIELDS)
    change(knowing)
    clock.now += 1e9
    assert ask(knowing, "add", **FIELDS) == {"order": 23501}


@pytest.mark.parametrize(
    ("fields", "charge"),
    [
        ({"service": 1, "link": LINK, "quantity": 50, "runs": 3, "interval": 1}, "0.135"),
        ({"service": 16, "username": "ann", "min": 20, "max": 20, "delay": 0, "posts": 2}, "0.048"),
    ],
)
def test_a_series_is_not_placed_twice_either(knowing: Panel, fields: dict[str, object], charge: str) -> None:
    assert [ask(knowing, "add", **fields, request_id="a") for _ in range(2)] == [{"order": 23501}] * 2
    assert [entry.charge for entry in knowing.ledger] == [Decimal(charge)]


def test_a_repeat_draws_nothing_so_what_follows_is_the_same(clock: Clock) -> None:
    told: list[object] = []
    for times in (1, 3):
        panel = Panel(clock=clock, idempotency_field="request_id")
        orders = [ask(panel, "add", **FIELDS) for _ in range(times)]
        other = ask(panel, "add", **FIELDS | {"request_id": "b"})["order"]
        told.append((orders[-1], other, panel.expected_status(other)))
    assert told[0] == told[1]


def test_the_field_concerns_add_alone(knowing: Panel) -> None:
    ask(knowing, "add", **FIELDS)
    asked = [ask(knowing, "status", order=23501, request_id="a") for _ in range(2)]
    assert asked[0] == asked[1] == knowing.expected_status(23501)
    cancelled = [rows(knowing, "cancel", orders=23501, request_id="a")[0]["cancel"] for _ in range(2)]
    assert cancelled == [1, {"error": "Cancellation already requested"}]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_carried_out_is_remembered_whatever_became_of_the_answer(knowing: Panel, fault: str) -> None:
    knowing.faults.script(fault, None)
    knowing.answer(form("add", **FIELDS))
    assert len(knowing.ledger) == (fault in ACTING)
    assert knowing.answer(form("add", **FIELDS)).reply.body == b'{"order":23501}'
    assert len(knowing.ledger) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_repeat_is_told_as_the_first_was_in_every_dialect(dialect: str, clock: Clock) -> None:
    panel = Panel(clock=clock, idempotency_field="request_id", dialect=dialect)
    first, again = (panel.handle(form("add", **FIELDS)) for _ in range(2))
    assert first == again
    reused = panel.handle(form("add", **FIELDS | {"quantity": 50}))
    assert reused.status == (422 if dialect == "statuses" else 200)
    assert b"request_id" in reused.body
    assert len(panel.ledger) == 1


@pytest.mark.parametrize("name", ["", "key", "action", "service", "link", "quantity", "username", "expiry"])
def test_a_field_of_the_protocol_can_tell_no_retry(name: str) -> None:
    with pytest.raises(ValueError, match=f"idempotency_field must not be a field of the API, got '{name}'"):
        Panel(idempotency_field=name)


def test_what_fails_is_not_remembered() -> None:
    repeats = Repeats("request_id")

    def fail() -> int:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        repeats.once({"request_id": "a"}, fail)
    assert repeats.once({"request_id": "a"}, lambda: 7) == 7
