"""Orders checked against the catalogue and the journal before the first of them is sent. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final

from agencia_async import (
    Catalogue,
    CommentRepliesOrder,
    ConfigurationError,
    CustomCommentsOrder,
    MentionsCustomListOrder,
    Order,
    RawOrder,
    Service,
    SubscriptionsOrder,
)
from agencia_async.cli.input.csv_text import REPLACED, short
from agencia_async.cli.input.order_file import EXTRA, OrderList, OrderRow

if TYPE_CHECKING:
    from agencia_async.journal import JournalEntry

_LONGEST: Final = 200  # characters of a reference, as a journal has it
_DIGITS: Final = 200  # enough for an exact sum


class RowError(Exception):
    """A row that cannot be placed, and the cell that is at fault, where it is a single one."""

    def __init__(self, text: str, column: str = "") -> None:
        super().__init__(text)
        self.column = column


@dataclass(frozen=True)
class Wrong:
    """A row that cannot be placed.

    Attributes:
        reference: the order's, as far as it has one.
        where: the line and the column, as a message tells them.
        fault: what is wrong.
    """

    reference: str
    where: str
    fault: str


@dataclass
class Plan:
    """What is to become of the orders of a file; each is in one of these.

    Attributes:
        orders: those to be sent, by reference.
        placed: those that are placed already.
        unknown: those of which nobody knows whether they are.
        wrong: those that cannot be placed.
        total: what those to be sent cost together, as far as that can be told.
        untold: how many there are whose cost cannot be told.
    """

    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    placed: "list[JournalEntry]" = field(default_factory=list["JournalEntry"])
    unknown: "list[JournalEntry]" = field(default_factory=list["JournalEntry"])
    wrong: list[Wrong] = field(default_factory=list[Wrong])
    total: Decimal = Decimal(0)
    untold: int = 0

    @property
    def count(self) -> int:
        """How many orders there are."""
        return len(self.orders) + len(self.placed) + len(self.unknown) + len(self.wrong)


def vetted(orders: OrderList, catalogue: Catalogue, entries: "Mapping[str, JournalEntry]") -> Plan:
    """The plan for the orders of a file.

    Args:
        orders: the file's.
        catalogue: what the panel sells.
        entries: what the journal holds under the references of the file.
    """
    plan = Plan()
    lines: dict[str, int] = {}
    for row in orders.rows:
        try:
            _check_cells(row)
            _check_reference(row.reference, lines)
            lines[row.reference] = row.line
            _add(plan, row, catalogue, entries.get(row.reference))
        except RowError as error:
            column = f", column {error.column}" if error.column else ""
            where = f"{orders.name}, line {row.line}{column}"
            plan.wrong.append(Wrong(row.reference, where, str(error)))
    _reckon(plan, catalogue)
    return plan


def _add(plan: Plan, row: OrderRow, catalogue: Catalogue, entry: "JournalEntry | None") -> None:
    """Add a row to the plan.

    Raises:
        RowError: it cannot be placed.
    """
    if entry is not None and entry.state.value in {"placed", "unknown"}:
        if not _is_same(row, entry):  # whatever the catalogue says today
            raise _another(entry)
        (plan.placed if entry.state.value == "placed" else plan.unknown).append(entry)
        return
    order = _ordered(row, catalogue)
    if entry is not None and entry.order.form() != order.form():
        raise _another(entry)
    plan.orders[row.reference] = order


def _check_cells(row: OrderRow) -> None:
    if row.surplus:
        raise RowError(f"{short(row.surplus)} stands in a cell that has no heading")
    named = {"reference": row.reference, "service": row.service, **row.fields}
    named |= {EXTRA + name: text for name, text in row.extra.items()}
    for column, text in named.items():
        if REPLACED in text:
            raise RowError(f"{short(text)} is no text in UTF-8", column)


def _check_reference(reference: str, lines: Mapping[str, int]) -> None:
    column = "reference"
    if not reference:
        raise RowError("the reference is empty", column)
    if not reference.isprintable():
        raise RowError(f"{short(reference)} holds a line break or a control character", column)
    if len(reference) > _LONGEST:
        raise RowError(f"a reference has at most {_LONGEST} characters, not {len(reference)}", column)
    if reference in lines:
        raise RowError(f"{short(reference)} stands on line {lines[reference]} already", column)


def _ordered(row: OrderRow, catalogue: Catalogue) -> Order:
    """The order that a row describes.

    Raises:
        RowError: the panel does not sell it.
    """
    if not row.service:
        raise RowError("the service is empty", "service")
    if row.service not in catalogue:
        raise RowError(f"service {short(row.service)} is not in the catalogue", "service")
    service = catalogue[row.service]
    try:
        order = Order.from_text(service, row.fields, row.extra)
    except ConfigurationError as error:
        column = str(error).partition(" ")[0].strip("'")  # such errors begin with the field's name
        raise RowError(str(error), column if column in row.fields else "") from None
    try:
        catalogue.check(order)
    except ConfigurationError as error:
        dripped = service.dripfeed is False and "runs" in row.fields
        raise RowError(str(error), "runs" if dripped else _counted(order, service)) from None
    return order


def _counted(order: Order, service: Service) -> str:
    """The column that tells how many are wanted."""
    if isinstance(order, CustomCommentsOrder | CommentRepliesOrder):
        return "comments"
    if isinstance(order, MentionsCustomListOrder):
        return "usernames"
    if isinstance(order, SubscriptionsOrder):
        return "min" if order.min < service.min else "max"
    return "quantity"


def _is_same(row: OrderRow, entry: "JournalEntry") -> bool:
    """Does a row describe the order of an entry?"""
    kind = "" if isinstance(entry.order, RawOrder) else type(entry.order).__name__.removesuffix("Order")
    then = Service(service=row.service, type=kind, rate=Decimal(0))  # as it was sold then
    try:
        return Order.from_text(then, row.fields, row.extra).form() == entry.order.form()
    except ConfigurationError:
        return False


def _another(entry: "JournalEntry") -> RowError:
    return RowError(
        f"{short(entry.reference)} stands for another order in the journal, which is {entry.state.value}; "
        "a new order needs a new reference",
        "reference",
    )


def _reckon(plan: Plan, catalogue: Catalogue) -> None:
    """Add up what the orders to be sent cost."""
    with localcontext(prec=_DIGITS):
        for order in plan.orders.values():
            try:
                plan.total += catalogue.cost(order)
            except ConfigurationError:
                plan.untold += 1
