"""The actual cost of an order: delivered, refunded, and net of refunds."""

from decimal import Context, Decimal, localcontext

from attrs import frozen

from agencia_async._plain.record import Record
from agencia_async.errors import InvalidInputError
from agencia_async.states import FINAL_ORDERS, OrderState

_DECIMALS = 6
"""Of a share of what was paid, at least."""


@frozen(kw_only=True)
class Settlement(Record):
    """The actual cost of an order, in the account's currency. A field is None if it is not known.

    Attributes:
        delivered: how many of the quantity were delivered.
        refunded: how much of the price was refunded.
        net: the cost net of refunds, never more than the price paid.
    """

    delivered: int | None = None
    refunded: Decimal | None = None
    net: Decimal | None = None


@frozen
class Facts:
    """What is known of an order: its state, charge and remains at the panel, its quantity and price."""

    state: OrderState
    charge: Decimal | None
    remains: int | None
    quantity: int | None
    paid: Decimal | None


def checked_facts(
    state: OrderState, charge: Decimal | None, remains: int | None, quantity: object, paid: object
) -> Facts:
    """The facts, of which the caller's are checked.

    Raises:
        InvalidInputError: a quantity or an amount is not valid.
    """
    if not (quantity is None or (type(quantity) is int and quantity >= 1)):
        raise InvalidInputError(f"quantity must be an integer >= 1, got {quantity!r}", field="quantity")
    if not (paid is None or (isinstance(paid, Decimal) and paid.is_finite() and paid >= 0)):
        raise InvalidInputError(f"paid must be a Decimal >= 0, got {paid!r}", field="paid")
    return Facts(state, charge, remains, quantity, paid)


def settle(facts: Facts) -> Settlement:
    """What an order has really cost, so far."""
    with localcontext(Context(prec=60)):
        delivered = _delivered(facts)
        paid = _paid(facts)
        net = _net(facts, delivered, paid)
        if net is not None and paid is not None:
            net = min(net, paid)
        refunded = None if net is None or paid is None else paid - net
    return Settlement(delivered=delivered, refunded=refunded, net=net)


def _delivered(facts: Facts) -> int | None:
    left = 0 if facts.remains is None and facts.state is OrderState.COMPLETED else facts.remains
    if facts.quantity is None or left is None or left > facts.quantity:
        return None
    return facts.quantity - max(left, 0)


def _paid(facts: Facts) -> Decimal | None:
    """What was paid when it was placed: as told, or the charge, where that cannot be net of a refund."""
    if facts.paid is not None:
        return facts.paid
    is_whole = facts.state is OrderState.COMPLETED or _is_under_way(facts.state)
    return facts.charge or None if is_whole else None


def _is_under_way(state: OrderState) -> bool:
    return state not in FINAL_ORDERS and state is not OrderState.UNKNOWN


def _net(facts: Facts, delivered: int | None, paid: Decimal | None) -> Decimal | None:
    if _is_under_way(facts.state):
        return paid
    if facts.state in {OrderState.CANCELED, OrderState.REFUNDED}:
        return _lower_charge(facts, paid) or Decimal(0)
    if paid is None or facts.state is OrderState.UNKNOWN:
        return None
    lower = _lower_charge(facts, paid)
    if lower is not None:
        return lower
    if facts.state is OrderState.COMPLETED:
        return paid
    return _share(paid, delivered, facts.quantity) if facts.state is OrderState.PARTIAL else None


def _lower_charge(facts: Facts, paid: Decimal | None) -> Decimal | None:
    """The charge, where it is less than what was paid: then the panel tells what is left of it.

    A charge of 0 tells nothing: some panels show it instead of none.
    """
    return facts.charge if paid is not None and facts.charge and facts.charge < paid else None


def _share(paid: Decimal, delivered: int | None, quantity: int | None) -> Decimal | None:
    if delivered is None or not quantity:
        return None
    exponent = paid.as_tuple().exponent
    decimals = max(_DECIMALS, -exponent if isinstance(exponent, int) else 0)
    return (paid * delivered / quantity).quantize(Decimal(1).scaleb(-decimals))
