from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agencia_async.sandbox import Panel
from agencia_async.sandbox.account import Account
from agencia_async.sandbox.catalogue import catalogue
from agencia_async.sandbox.ids import Id
from agencia_async.sandbox.orders import PlacedOrder
from agencia_async.sandbox.reply import RefusedError
from agencia_async.sandbox.rules import Purchase
from tests.support.rounds import rounds

from .scene import LINK, Clock, ask, rows

SERVICES = catalogue(Random(1))
FOLLOWERS = SERVICES[0]


class Fate(Random):
    """Draws the middle of every span, and the same chance for every outcome."""

    def __init__(self, chance: float) -> None:
        super().__init__(1)
        self.chance = chance

    def random(self) -> float:
        return self.chance


def account(chance: float = 0.5, balance: str = "10") -> Account:
    return Account(Decimal(balance), "USD", Fate(chance), (5.0, 5.0), (20.0, 20.0))


def bought(units: int) -> Purchase:
    return Purchase("single", units, units)


def refusal_of(account: Account, ask: str, number: Id, now: float) -> str:
    with pytest.raises(RefusedError) as caught:
        getattr(account, ask)(str(number), now)
    return caught.value.text


def test_an_order_is_paid_when_it_is_placed() -> None:
    books = account()
    order = books.place(FOLLOWERS, bought(1000), 0.0)
    assert (order.number, books.balance) == (23501, Decimal("9.10000"))
    assert books.order("23501", 0.0) is order


def test_without_funds_nothing_is_placed() -> None:
    books = account(balance="0.89999")
    with pytest.raises(RefusedError, match="Not enough funds on balance"):
        books.place(FOLLOWERS, bought(1000), 0.0)
    assert (books.balance, books.orders) == (Decimal("0.89999"), {})


@pytest.mark.parametrize(
    ("chance", "units", "state"),
    [(0.0, 1000, "Canceled"), (0.05, 1000, "Partial"), (0.05, 1, "Completed"), (0.5, 1000, "Completed")],
)
def test_chance_decides_how_an_order_ends(chance: float, units: int, state: str) -> None:
    books = account(chance)
    order = books.place(FOLLOWERS, bought(units), 0.0)
    assert order.state(25.0) == state


def test_what_was_not_delivered_is_paid_back_once() -> None:
    books = account(chance=0.0)
    books.place(FOLLOWERS, bought(1000), 0.0)
    books.settle(24.9)
    assert books.balance == Decimal("9.1")
    for _ in range(2):
        books.settle(25.0)
        assert books.balance == Decimal(10)


def test_the_statement_explains_the_balance() -> None:
    books = account(chance=0.0)
    books.place(FOLLOWERS, bought(1000), 1.0)
    books.place(FOLLOWERS, Purchase("drip-feed", 100, 100, (0.0, 60.0)), 2.0)
    books.settle(30.0)
    books.set_state("23501", "Canceled", 31.0)  # which it is already
    books.set_state("23501", "Completed", 32.0)
    assert [(entry.time, entry.order, entry.amount, entry.balance) for entry in books.statement] == [
        (1.0, 23501, Decimal("-0.9"), Decimal("9.1")),
        (2.0, 23502, Decimal("-0.18"), Decimal("8.92")),
        (30.0, 23501, Decimal("0.9"), Decimal("9.82")),
        (30.0, 23503, Decimal("0.09"), Decimal("9.91")),
        (32.0, 23501, Decimal("-0.9"), Decimal("9.01")),
    ]
    assert 10 + sum(entry.amount for entry in books.statement) == books.balance


def test_a_cancellation_pays_back_what_is_left_after_a_while() -> None:
    books = account()
    order = books.place(FOLLOWERS, bought(1000), 0.0)
    assert books.request_cancel(str(order.number), 10.0) is order
    books.settle(14.9)
    assert (order.state(14.9), books.balance) == ("In progress", Decimal("9.1"))
    books.settle(15.0)
    assert (order.state(15.0), books.balance) == ("Partial", Decimal("9.55"))
    books.settle(25.0)
    assert books.balance == Decimal("9.55")


def test_an_order_that_would_be_refunded_is_refunded_once_when_it_is_cancelled_too() -> None:
    books = account(chance=0.0)
    order = books.place(FOLLOWERS, bought(1000), 0.0)
    books.request_cancel(str(order.number), 0.0)
    books.settle(100.0)
    assert books.balance == Decimal(10)


def test_cancelling_is_refused_where_it_cannot_be() -> None:
    books = account()
    without = books.place(SERVICES[3], bought(1), 0.0)
    done = books.place(FOLLOWERS, bought(100), 0.0)
    running = books.place(FOLLOWERS, bought(100), 20.0)
    books.request_cancel(str(running.number), 26.0)
    assert refusal_of(books, "request_cancel", without.number, 1) == "Cancel is disabled for this service"
    assert refusal_of(books, "request_cancel", done.number, 26) == "Order cannot be canceled"
    assert refusal_of(books, "request_cancel", running.number, 26) == "Cancellation already requested"
    assert refusal_of(books, "request_cancel", 1, 26) == "Incorrect order ID"


def test_a_drip_feed_is_paid_at_once_and_cancelled_as_a_whole() -> None:
    books = account()
    fed = books.place(FOLLOWERS, Purchase("drip-feed", 100, 100, (0.0, 60.0, 120.0)), 0.0)
    assert (fed.number, fed.price, books.balance) == (23501, Decimal("0.27"), Decimal("9.73"))
    assert refusal_of(books, "order", 23503, 59.0) == "Incorrect order ID"
    assert isinstance(books.order("23503", 60.0), PlacedOrder)
    books.request_cancel(str(fed.number), 60.0)
    books.settle(1000.0)
    assert fed.state(1000.0) == "Canceled"
    assert (fed.charge(1000.0), books.balance) == (Decimal("0.09"), Decimal("9.91"))


def test_a_refill_needs_a_finished_order_of_a_service_that_refills() -> None:
    books = account()
    package = books.place(SERVICES[1], bought(1), 0.0)
    order = books.place(FOLLOWERS, bought(100), 0.0)
    assert refusal_of(books, "request_refill", package.number, 30) == "Refill is disabled for this service"
    assert refusal_of(books, "request_refill", order.number, 10) == "Order is not completed"
    assert books.request_refill(str(order.number), 30.0).number == 1
    assert refusal_of(books, "request_refill", order.number, 54.9) == "Refill already requested"
    assert books.request_refill(str(order.number), 55.0).number == 2
    assert [books.refill("1").state(now) for now in (30.0, 35.0, 55.0)] == [
        "Pending",
        "In progress",
        "Completed",
    ]
    assert refusal_of(books, "request_refill", 1, 0.0) == "Incorrect order ID"
    with pytest.raises(RefusedError, match="Refill not found"):
        books.refill("3")


def test_a_refill_may_be_rejected() -> None:
    books = account(chance=0.5)
    order = books.place(FOLLOWERS, bought(100), 0.0)
    books.random = Fate(0.0)
    assert books.request_refill(str(order.number), 30.0).outcome == "Rejected"


def test_stock_was_settled_in_the_past_and_is_refunded_in_the_future() -> None:
    books = Account(Decimal(10), "USD", Random(1), (0.0, 5.0), (10.0, 60.0))
    seeded = [books.seed_order(list(SERVICES[:15]), 0.0) for _ in range(500)]
    states = {order.state(0.0) for order in seeded}
    assert states == {"Pending", "In progress", "Completed", "Partial", "Canceled"}
    assert {order.service.type for order in seeded} == {service.type for service in SERVICES[:15]}
    books.settle(0.0)
    assert books.balance == Decimal(10)
    due = [order for order in seeded if not order.is_final(0.0)]
    books.settle(1e6)
    assert books.balance - 10 == sum(order.price - order.charge(1e6) for order in due) > 0


STEPS = st.one_of(
    st.tuples(st.just("add"), st.integers(50, 9000)),
    st.tuples(st.just("drip"), st.integers(50, 500)),
    st.tuples(st.just("follow"), st.integers(20, 100)),
    st.tuples(st.just("refill"), st.integers(0, 12)),
    st.tuples(st.just("cancel"), st.integers(0, 12)),
    st.tuples(st.just("wait"), st.integers(0, 90)),
    st.tuples(st.just("price"), st.integers(0, 3000)),
)


def take(panel: Panel, clock: Clock, step: str, amount: int) -> None:
    match step:
        case "add":
            ask(panel, "add", service=1, link=LINK, quantity=amount)
        case "drip":
            ask(panel, "add", service=1, link=LINK, quantity=amount, runs=3, interval=1)
        case "follow":
            ask(panel, "add", service=16, username="ann", min=20, max=amount, delay=0, posts=2)
        case "wait":
            clock.now += amount
        case "price":
            panel.change_price(1, Decimal(amount).scaleb(-3))
        case _:
            rows(panel, step, orders=23501 + amount)


@settings(max_examples=rounds(60, nightly=2_000))
@given(st.lists(STEPS, max_size=25), st.integers(0, 50))
def test_money_is_neither_made_nor_lost(steps: list[tuple[str, int]], seed: int) -> None:
    clock = Clock()
    panel = Panel(clock=clock, seed=seed, balance=Decimal("25.00001"))
    for step, amount in steps:
        take(panel, clock, step, amount)
        placed = [entry for entry in panel.ledger if entry.action == "add"]
        charges = sum((panel.charge(entry.order) for entry in placed), Decimal(0))
        assert panel.balance + charges == Decimal("25.00001")
        assert panel.balance >= 0
