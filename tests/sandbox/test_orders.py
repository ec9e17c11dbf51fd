from decimal import Decimal
from random import Random

import pytest

from agencia_async.sandbox.catalogue import catalogue
from agencia_async.sandbox.orders import PlacedOrder, Refill, Series

SERVICE = catalogue(Random(1))[0]


def planned(delivered: int, *, number: int = 1, created: float = 0.0) -> PlacedOrder:
    """100 units at 0.5, beginning 10 seconds after it was made and ending after 110."""
    return PlacedOrder(
        number, SERVICE, 100, Decimal("0.5"), "USD", created, created + 10, created + 110, 3572, delivered
    )


@pytest.mark.parametrize(
    ("delivered", "now", "state", "remains", "charge"),
    [
        (100, 0, "Pending", "100", "50.0"),
        (100, 9.9, "Pending", "100", "50.0"),
        (100, 10, "In progress", "100", "50.0"),
        (100, 60, "In progress", "50", "50.0"),
        (100, 110, "Completed", "0", "50.0"),
        (43, 60, "In progress", "79", "50.0"),
        (43, 110, "Partial", "57", "21.5"),
        (0, 60, "In progress", "100", "50.0"),
        (0, 110, "Canceled", "100", "0.0"),
    ],
)
def test_an_order_follows_its_plan(delivered: int, now: float, state: str, remains: str, charge: str) -> None:
    order = planned(delivered)
    expected = {
        "charge": charge,
        "start_count": "3572",
        "status": state,
        "remains": remains,
        "currency": "USD",
    }
    assert order.status(now) == expected
    assert order.status(now) == expected
    assert (order.state(now), order.charge(now)) == (state, Decimal(charge))
    assert order.price == Decimal(50)


@pytest.mark.parametrize(
    ("cancel_at", "state", "charge"),
    [(5, "Canceled", "0"), (60, "Partial", "25"), (110, "Completed", "50"), (500, "Completed", "50")],
)
def test_a_cancellation_cuts_it_short_unless_it_comes_too_late(
    cancel_at: float, state: str, charge: str
) -> None:
    order = planned(100)
    order.cancel(cancel_at)
    assert order.state(600) == state
    assert order.charge(600) == Decimal(charge)


def test_an_order_to_come_is_not_born_before_its_time_and_never_after_its_cancellation() -> None:
    order = planned(100, created=50)
    assert not order.is_born(49)
    assert order.is_born(50)
    order.cancel(40)
    assert not order.is_born(60)
    assert order.charge(60) == 0


def series(*, posts: str | None = "2", shape: str = "subscription") -> Series:
    orders = [planned(100, number=2), planned(100, number=3, created=1000)]
    if shape == "subscription":
        return Series(1, SERVICE, "subscription", orders, 0.0, posts, "24/12/2030")
    return Series(1, SERVICE, "drip-feed", orders, 0.0)


def test_a_subscription_tells_the_orders_made_so_far() -> None:
    followed = series()
    assert followed.status(0) == {
        "status": "Active",
        "expiry": "24/12/2030",
        "posts": "2",
        "orders": ["2"],
    }
    assert followed.status(1110)["status"] == "Completed"
    assert followed.status(1110)["orders"] == ["2", "3"]
    assert followed.is_final(1110)


def test_a_subscription_without_end_stays_active() -> None:
    assert series(posts=None).state(1e9) == "Active"


def test_a_drip_feed_tells_its_runs() -> None:
    fed = series(shape="drip-feed")
    assert fed.status(1000) == {"status": "In progress", "runs": "2", "orders": ["2", "3"]}
    assert fed.state(1110) == "Completed"


def test_cancelling_a_series_cancels_what_has_not_ended() -> None:
    fed = series(shape="drip-feed")
    fed.orders[1].cancel(900)
    fed.cancel(500)
    assert fed.state(499) == "In progress"
    assert fed.status(500) == {"status": "Canceled", "runs": "2", "orders": ["2"]}
    assert fed.is_born(0)
    assert (fed.price, fed.charge(5000)) == (Decimal(100), Decimal(50))
    assert [order.cancel_at for order in fed.orders] == [500, 900]


def test_a_cancellation_after_the_end_of_a_series_changes_nothing() -> None:
    fed = series(shape="drip-feed")
    fed.cancel(2000)
    assert fed.state(3000) == "Completed"


def test_a_refill_lives_too() -> None:
    refill = Refill(1, 5.0, 10.0, "Rejected")
    assert [refill.state(now) for now in (0, 5, 10)] == ["Pending", "In progress", "Rejected"]
