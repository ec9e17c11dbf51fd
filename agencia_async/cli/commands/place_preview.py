"""What is shown of a plan before it is sent: the panel, the services, the cost and the balance."""

from collections.abc import Collection, Iterator
from decimal import Decimal, localcontext
from typing import Final

from agencia_async import Balance, Catalogue, ConfigurationError, Id
from agencia_async.cli.commands.place_plan import Plan
from agencia_async.cli.exit import UsageError
from agencia_async.cli.input.order_file import OrderList
from agencia_async.cli.text import one_line, several

SHOWN: Final = 20
_NAME: Final = 60
_CURRENCY: Final = 12
_DIGITS: Final = 200  # enough for an exact sum


def money(amount: Decimal, account: Balance) -> str:
    """An amount in the currency of an account."""
    return f"{amount:f} {one_line(account.currency, _CURRENCY)}".rstrip()


def counts(orders: OrderList, plan: Plan, *, skip_invalid: bool) -> Iterator[str]:
    """How many orders there are, and what becomes of them."""
    facts = [f"{orders.name}: {several(plan.count, 'order')}"]
    facts += [f"{several(orders.comments, '# comment')} skipped"] if orders.comments else []
    facts += [f"ignored columns: {', '.join(map(one_line, orders.ignored))}"] if orders.ignored else []
    yield "; ".join(facts)
    many = {
        "to send" if skip_invalid or not plan.invalid else "valid": len(plan.orders),
        "already placed": len(plan.placed),
        "unknown, not sent": len(plan.unknown),
        f"possible duplicate{'s' * (len(plan.duplicates) > 1)}, skipped": len(plan.duplicates),
        "invalid, skipped" if skip_invalid else "invalid": len(plan.invalid),
    }
    width = max(len(f"{count:,}") for count in many.values())
    for what, count in many.items():
        if count:
            yield f"  {count:>{width},} {what}"
    extra = dict.fromkeys(name for order in plan.orders.values() for name in order.extra)
    if extra:
        yield f"  columns extra.* that are sent to the panel: {', '.join(map(one_line, extra))}"


def costs(plan: Plan, account: Balance, *, skip_invalid: bool) -> Iterator[str]:
    """The cost of the orders to send, and whether the balance is enough."""
    is_partial = plan.invalid and not skip_invalid
    what = f"cost of the {several(len(plan.orders), 'valid order')}" if is_partial else "cost"
    yield f"{what}: {cost(plan, account)}; balance: {money(account.balance, account)}"
    if plan.total > account.balance:
        missing = money(plan.total - account.balance, account)
        yield f"warning: the balance is {missing} too low; some orders will be refused"


def services(plan: Plan, catalogue: Catalogue, account: Balance, panel: str) -> Iterator[str]:
    """Each service of the orders to send, with how many orders, which quantity, and at what price."""
    yield f"panel: {panel}"
    found: dict[Id, list[str]] = {}
    for reference, order in plan.orders.items():
        found.setdefault(catalogue[order.service].service, []).append(reference)
    for service, references in list(found.items())[:SHOWN]:
        orders = [plan.orders[reference] for reference in references]
        quantities = [int(text) for order in orders if (text := order.form().get("quantity", "")).isdecimal()]
        units = f", quantity {sum(quantities):,}" if any(quantities) else ""
        part = _sum(plan, references, catalogue)
        price = "price unknown" if part is None else money(part, account)
        name = one_line(catalogue[service].name, _NAME)
        yield f"  service {service} ({name}): {several(len(orders), 'order')}{units}, {price}"
    if len(found) > SHOWN:
        yield f"  ... and {several(len(found) - SHOWN, 'more service')}"


def question(plan: Plan, account: Balance, panel: str) -> str:
    """The question before the orders are sent."""
    text = f"Place {several(len(plan.orders), 'order')} at {panel} for {cost(plan, account)}?"
    return text if plan.total <= account.balance else f"The balance is too low. {text}"


def cost(plan: Plan, account: Balance) -> str:
    """The total cost of the orders to send."""
    return cost_of(plan, plan.orders, account)


def cost_of(plan: Plan, references: Collection[str], account: Balance) -> str:
    """The cost of some of the orders to send."""
    known = money(plan.cost_of(references), account)
    count = sum(plan.costs[reference] is None for reference in references)
    unpriced = f"the unknown cost of {several(count, 'order')}"
    if not count:
        return known
    return unpriced if count == len(references) else f"{known} plus {unpriced}"


def check_total(plan: Plan, most: Decimal | None, account: Balance) -> None:
    """Check the total cost against the maximum.

    Raises:
        UsageError: it is higher, or unknown.
    """
    if most is not None and (plan.unpriced or plan.total > most):
        limit = money(most, account)
        raise UsageError(f"--max-total is {limit}, the cost is {cost(plan, account)}: nothing was sent")


def _sum(plan: Plan, references: list[str], catalogue: Catalogue) -> Decimal | None:
    """The cost of some orders; None if that of one is unknown."""
    try:
        with localcontext(prec=_DIGITS):
            return sum((catalogue.cost(plan.orders[reference]) for reference in references), Decimal(0))
    except ConfigurationError:
        return None
