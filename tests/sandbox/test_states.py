"""Orders and refills that are brought to a state: what is told of them, and what it costs."""

from decimal import Decimal

import pytest

from agencia_async.sandbox import Panel

from .scene import LINK, Clock, ask, followers, rows

PRICE = Decimal("0.9")


def told(panel: Panel, order: int) -> tuple[str, str, Decimal]:
    status = ask(panel, "status", order=order)
    assert status == panel.expected_status(order)
    assert Decimal(status["charge"]) == panel.charge(order)
    return status["status"], status["remains"], panel.charge(order)


def check_books(panel: Panel) -> None:
    """What was paid and what is left are what there was."""
    assert panel.balance + sum(panel.charge(entry.order) for entry in panel.ledger if entry.charge) == 1000


@pytest.mark.parametrize(
    ("state", "remains", "charge"),
    [
        ("Completed", "0", PRICE),
        ("Partial", "500", PRICE / 2),
        ("Canceled", "1000", Decimal(0)),
        ("Cancelled", "1000", Decimal(0)),
        ("Refunded", "1000", Decimal(0)),
        ("REFUNDED", "1000", Decimal(0)),
        ("Failed", "1000", Decimal(0)),
        ("Expired", "750", PRICE / 4),
        ("Pending", "1000", PRICE),
        ("In progress", "750", PRICE),
        ("Processing", "750", PRICE),
        ("Paused", "750", PRICE),
        ("Refilling", "750", PRICE),
        ("tamamlandı", "750", PRICE),
    ],
)
def test_an_order_is_brought_to_any_state(
    panel: Panel, clock: Clock, state: str, remains: str, charge: Decimal
) -> None:
    order, paused, other = followers(panel), followers(panel), followers(panel)
    clock.now += 10
    assert told(panel, order) == ("In progress", "750", PRICE)
    panel.set_state(paused, "Paused")
    for number in (order, paused):
        panel.set_state(str(number), state)
    for _ in range(2):
        assert told(panel, order) == told(panel, paused) == (state, remains, charge)
        check_books(panel)
        clock.now += 1000
    assert told(panel, other) == ("Completed", "0", PRICE)


def test_a_finished_order_changes_again(panel: Panel, clock: Clock) -> None:
    order = followers(panel)
    clock.now += 25
    assert told(panel, order) == ("Completed", "0", PRICE)
    panel.set_state(order, "Refilling")
    assert told(panel, order) == ("Refilling", "0", PRICE)
    for state, charge in (("Partial", PRICE / 2), ("Refunded", Decimal(0)), ("Completed", PRICE)):
        panel.set_state(order, state)
        assert told(panel, order)[::2] == (state, charge)
        assert panel.balance == 1000 - charge


def test_an_order_that_was_paid_back_is_not_paid_back_again(panel: Panel, clock: Clock) -> None:
    order = followers(panel)
    rows(panel, "cancel", orders=order)
    panel.set_state(order, "Refunded")
    assert panel.balance == 1000
    clock.now += 1000
    assert panel.balance == 1000
    panel.set_state(order, "Canceled")
    assert panel.balance == 1000


def test_what_was_paid_back_by_the_plan_counts(clock: Clock) -> None:
    panel = Panel(clock=clock, seed=1)
    orders = [followers(panel) for _ in range(200)]
    clock.now += 1000
    check_books(panel)
    assert {panel.expected_status(order)["status"] for order in orders} == {
        "Completed",
        "Partial",
        "Canceled",
    }
    for order in orders:
        panel.set_state(order, "Refunded")
    assert panel.balance == 1000


@pytest.mark.parametrize(("state", "cancels"), [("Paused", 1), ("Expired", None), ("Refunded", None)])
def test_only_what_has_not_ended_can_be_cancelled(panel: Panel, state: str, cancels: int | None) -> None:
    order = followers(panel)
    panel.set_state(order, state)
    (row,) = rows(panel, "cancel", orders=order)
    assert row["cancel"] == (cancels or {"error": "Order cannot be canceled"})
    assert told(panel, order)[0] == state


def test_what_was_completed_by_hand_can_be_refilled(panel: Panel) -> None:
    order = followers(panel)
    assert "error" in ask(panel, "refill", order=order)
    panel.set_state(order, "Completed")
    assert ask(panel, "refill", order=order) == {"refill": "1"}


def test_a_package_is_never_half_delivered(panel: Panel) -> None:
    order = ask(panel, "add", service=2, link=LINK)["order"]
    panel.set_state(order, "Partial")
    assert told(panel, order) == ("Partial", "1", Decimal(0))
    check_books(panel)


@pytest.mark.parametrize(
    ("state", "charge"),
    [("Paused", "0.135"), ("Expired", "0.0558"), ("Canceled", "0"), ("Failed", "0"), ("Completed", "0.135")],
)
def test_a_series_is_brought_to_any_state(panel: Panel, clock: Clock, state: str, charge: str) -> None:
    fields = {"service": 1, "link": LINK, "quantity": 50, "runs": 3, "interval": 1}
    series = ask(panel, "add", **fields)["order"]
    clock.now += 70  # the first of its orders is completed, the second one has delivered 12 of 50
    panel.set_state(series, state)
    for _ in range(2):
        status = ask(panel, "status", order=series)
        assert (status["status"], status["runs"]) == (state, "3")
        assert panel.charge(series) == Decimal(charge)
        assert panel.balance == 1000 - Decimal(charge)
        clock.now += 1000
    first, second = (str(panel.expected_status(series + run)["status"]) for run in (1, 2))
    assert first == ("Completed" if state in {"Paused", "Expired"} else state)
    assert second == ("Completed" if state == "Paused" else state)


def test_a_subscription_that_expired_ends(panel: Panel) -> None:
    followed = {"service": 16, "username": "ann", "min": 20, "max": 20, "delay": 0, "posts": 3}
    order = ask(panel, "add", **followed)["order"]
    panel.set_state(order, "Expired")
    assert ask(panel, "status", order=order) == {
        "status": "Expired",
        "expiry": None,
        "posts": "3",
        "orders": [],
    }
    assert panel.balance == 1000
    (row,) = rows(panel, "cancel", orders=order)
    assert row["cancel"] == {"error": "Order cannot be canceled"}


@pytest.mark.parametrize("state", ["Rejected", "Awaiting", "Failed"])
def test_a_refill_is_brought_to_any_state(panel: Panel, clock: Clock, state: str) -> None:
    order = followers(panel)
    clock.now += 25
    refill = ask(panel, "refill", order=order)["refill"]
    panel.set_refill_state(refill, state)
    for _ in range(2):
        assert ask(panel, "refill_status", refill=refill) == {"status": state}
        clock.now += 1000


def test_only_what_there_is_is_set(panel: Panel) -> None:
    for call in (panel.set_state, panel.set_refill_state):
        with pytest.raises(KeyError):
            call(7, "Paused")
    order = followers(panel)
    with pytest.raises(ValueError, match="state must not be blank, got ' '"):
        panel.set_state(order, " ")
    assert told(panel, order) == ("Pending", "1000", PRICE)
