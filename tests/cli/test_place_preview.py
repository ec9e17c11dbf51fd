from decimal import Decimal

import pytest

from agencia_async import Balance, Catalogue, DefaultOrder, Order, RawOrder, Service, SubscriptionsOrder
from agencia_async.cli.commands.place_plan import Plan
from agencia_async.cli.commands.place_preview import money, services

ACCOUNT = Balance(balance=Decimal(5), currency="USD")


def catalogue(*kinds: str) -> Catalogue:
    return Catalogue(
        Service(service=number, type=kind, name=f"name {number}", rate=Decimal("0.90"))
        for number, kind in enumerate(kinds, 1)
    )


def shown(orders: list[Order], known: Catalogue) -> list[str]:
    plan = Plan({f"A-{number}": order for number, order in enumerate(orders)})
    return [*services(plan, known, ACCOUNT, "a.example")]


def test_a_line_for_each_service() -> None:
    orders: list[Order] = [
        DefaultOrder(service=1, link="x", quantity=1000),
        RawOrder(2, {"link": "x", "quantity": "many"}),
        DefaultOrder(service="1", link="y", quantity=500),
        SubscriptionsOrder(service=3, username="u", min=1, max=2, delay=0),
    ]
    assert shown(orders, catalogue("Default", "Odd", "Subscriptions")) == [
        "panel: a.example",
        "  service 1 (name 1): 2 orders, quantity 1,500, 1.35 USD",
        "  service 2 (name 2): 1 order, price unknown",
        "  service 3 (name 3): 1 order, price unknown",
    ]


def test_many_services_are_not_all_listed() -> None:
    orders: list[Order] = [DefaultOrder(service=number, link="x", quantity=1) for number in range(1, 26)]
    lines = shown(orders, catalogue(*["Default"] * 25))
    assert (len(lines), lines[-1]) == (22, "  ... and 5 more services")


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        ("", "5"),
        ("TRY", "5 TRY"),
        ("\x1b[2J\nPlace it? y\n", "5 ?[2J Plac..."),
        ("US" * 99, "5 USUSUSUSU..."),
    ],
)
def test_a_currency_rewrites_no_question(currency: str, text: str) -> None:
    assert money(Decimal(5), Balance(balance=Decimal(5), currency=currency)) == text
