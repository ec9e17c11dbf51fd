"""What an order really cost."""

from decimal import Decimal

import pytest

from agencia_async import InvalidInputError, OrderStatus, Settlement

CASES = [
    # status, charge, remains, quantity, paid: delivered, refunded, net
    ("Completed", "0.90", 0, 1000, "0.90", 1000, "0", "0.90"),
    ("Completed", "0.90", None, 1000, None, 1000, "0", "0.90"),
    ("Completed", "0", 0, 1000, "0.90", 1000, "0", "0.90"),
    ("Completed", "0", 0, 1000, None, 1000, None, None),
    ("Completed", "0.70", 0, 1000, "0.90", 1000, "0.20", "0.70"),
    ("Completed", "9.90", -20, 1000, "0.90", 1000, "0", "0.90"),
    ("Partial", "0.90", 250, 1000, "0.90", 750, "0.225", "0.675"),
    ("Partial", "0.675", 250, 1000, "0.90", 750, "0.225", "0.675"),
    ("Partial", "0.90", 1, 3, "0.90", 2, "0.300000", "0.600000"),
    ("Partial", "1", 2, 3, "1", 1, "0.666667", "0.333333"),
    ("Partial", None, 1, 3, "0.12345678", 2, "0.04115226", "0.08230452"),
    ("Partial", "0.90", 250, 1000, None, 750, None, None),
    ("Partial", "0.90", None, 1000, "0.90", None, None, None),
    ("Partial", "0.90", 2000, 1000, "0.90", None, None, None),
    ("Partial", "0.90", 250, None, "0.90", None, None, None),
    ("Canceled", "0.90", 1000, 1000, "0.90", 0, "0.90", "0"),
    ("Canceled", "0", 1000, 1000, "0.90", 0, "0.90", "0"),
    ("Canceled", "0.30", 600, 1000, "0.90", 400, "0.60", "0.30"),
    ("Canceled", "0.90", 1000, 1000, None, 0, None, "0"),
    ("Refunded", "0.90", None, 1000, "0.90", None, "0.90", "0"),
    ("Failed", "0.90", 1000, 1000, "0.90", 0, None, None),
    ("Failed", "0.10", 1000, 1000, "0.90", 0, "0.80", "0.10"),
    ("In progress", "0.90", 400, 1000, "0.90", 600, "0", "0.90"),
    ("Pending", "0", 1000, 1000, None, 0, None, None),
    ("Pending", "0.90", 1000, 1000, None, 0, "0", "0.90"),
    ("Hmm", "0.90", 400, 1000, "0.90", 600, None, None),
]


@pytest.mark.parametrize(
    ("status", "charge", "remains", "quantity", "paid", "delivered", "refunded", "net"), CASES
)
def test_what_an_order_cost(  # noqa: PLR0913, PLR0917 - the columns of the table
    status: str,
    charge: str | None,
    remains: int | None,
    quantity: int | None,
    paid: str | None,
    delivered: int | None,
    refunded: str | None,
    net: str | None,
) -> None:
    order = OrderStatus(status=status, charge=money(charge), remains=remains)
    settled = order.settlement(quantity=quantity, paid=money(paid))
    assert settled == Settlement(delivered=delivered, refunded=money(refunded), net=money(net))


def money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "3", True])
def test_a_quantity_is_a_positive_integer(quantity: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        OrderStatus(status="Partial").settlement(quantity=quantity)  # type: ignore[arg-type]
    assert caught.value.field == "quantity"


@pytest.mark.parametrize("paid", [Decimal(-1), Decimal("NaN"), 1.5, "3"])
def test_what_was_paid_is_an_amount(paid: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        OrderStatus(status="Partial").settlement(paid=paid)  # type: ignore[arg-type]
    assert caught.value.field == "paid"
